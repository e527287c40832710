/// How a sample is read between its frames.
public enum SampleInterpolation: String, Sendable, Hashable, BitwiseCopyable, CaseIterable {
  /// A straight line between two frames: cheapest, with much aliasing.
  case linear
  /// A polynomial of third order through four frames (Lagrange's or Hermite's do alike; this is Catmull and Rom's).
  case cubic
  /// A windowed sinc over eight frames, over more where a higher pitch would fold frequencies back: the best.
  case sinc
}

/// Weights of neighboring frames for places between two frames: for each of 256 places as many weights as there are taps, and
/// what they change by until the next place.
struct InterpolationTable: BitwiseCopyable {
  /// For each place `tapCount` weights and `tapCount` differences, in this order.
  let weights: UnsafePointer<Float>
  let tapCount: Int
  /// How many frames before the place are weighed.
  let lead: Int

  static let placeCount = 256

  /// - Parameters:
  ///   - tapCount: 2, 4, or a multiple of 8.
  ///   - weight: The weight of a frame at a distance, in frames, before each place's weights are scaled to a sum of 1. That they are is what
  ///     keeps a slow wave free of a whistle at the sample's rate.
  init(arena: Arena, tapCount: Int, weight: (Double) -> Double) {
    let memory = arena.allocate(Self.placeCount * tapCount * 2, of: Float(0))
    let lead = tapCount / 2 - 1
    func row(_ place: Int) -> [Double] {
      let fraction = Double(place) / Double(Self.placeCount)
      let row = (0..<tapCount).map { weight(Double($0 - lead) - fraction) }
      let sum = row.reduce(0, +)
      return row.map { $0 / sum }
    }
    for place in 0..<Self.placeCount {
      let here = row(place)
      let next = row(place + 1)
      for tap in 0..<tapCount {
        memory[place * 2 * tapCount + tap] = Float(here[tap])
        memory[(place * 2 + 1) * tapCount + tap] = Float(next[tap]) - Float(here[tap])
      }
    }
    weights = UnsafePointer(memory)
    self.tapCount = tapCount
    self.lead = lead
  }
}

/// Reads samples at any speed.
struct SampleReading: BitwiseCopyable {
  let kind: SampleInterpolation
  private let tables: UnsafeMutablePointer<InterpolationTable>

  /// The most frames that are weighed.
  static let mostTaps = 32
  /// Frames a sample needs before its first and after its last, so that nothing has to be checked.
  static let margin = mostTaps

  /// For speeds up to these the sinc passes what stays below half the output's rate; the widths are in frames of the sample.
  private static let classes: [(speed: Double, taps: Int)] = [
    (1.02, 8), (1.5, 16), (2.1, 16), (3, 24), (.infinity, 32),
  ]

  init(_ kind: SampleInterpolation, arena: Arena) {
    self.kind = kind
    switch kind {
    case .linear:
      tables = arena.allocate(
        1, of: InterpolationTable(arena: arena, tapCount: 2) { max(0, 1 - abs($0)) })
    case .cubic:
      tables = arena.allocate(1, of: InterpolationTable(arena: arena, tapCount: 4, weight: Self.catmullRom))
    case .sinc:
      let list = Self.classes.map { range in
        let speed = range.speed == .infinity ? 4 : range.speed
        return InterpolationTable(arena: arena, tapCount: range.taps) {
          Self.kaiserSinc($0, halfWidth: Double(range.taps) / 2, cutoff: speed <= 1.02 ? 1 : 1.06 / speed)
        }
      }
      tables = arena.allocate(list.count, of: list[0])
      for (index, table) in list.enumerated() { tables[index] = table }
    }
  }

  private static func catmullRom(_ distance: Double) -> Double {
    let x = abs(distance)
    if x < 1 { return 1 - 2.5 * x * x + 1.5 * x * x * x }
    return x < 2 ? 2 - 4 * x + 2.5 * x * x - 0.5 * x * x * x : 0
  }

  /// - Parameter cutoff: As a share of half the sample's rate.
  private static func kaiserSinc(_ distance: Double, halfWidth: Double, cutoff: Double) -> Double {
    guard abs(distance) < halfWidth else { return 0 }
    let angle = Double.pi * distance * cutoff
    let sinc = abs(angle) < 1e-9 ? 1 : sine(angle) / angle
    let place = distance / halfWidth
    let beta = 6.5
    return sinc * besselI0(beta * (1 - place * place).squareRoot()) / besselI0(beta)
  }

  /// The modified Bessel function of order 0, by its power series.
  private static func besselI0(_ x: Double) -> Double {
    var sum = 1.0
    var term = 1.0
    for k in 1...40 {
      term *= (x / (2 * Double(k))) * (x / (2 * Double(k)))
      sum += term
    }
    return sum
  }

  /// The table for a speed in frames of the sample for each frame of the output.
  @inline(__always)
  func table(speed: Double) -> UnsafePointer<InterpolationTable> {
    guard kind == .sinc else { return UnsafePointer(tables) }
    let index = speed <= 1.02 ? 0 : speed <= 1.5 ? 1 : speed <= 2.1 ? 2 : speed <= 3 ? 3 : 4
    return UnsafePointer(tables + index)
  }

  /// Writes `frames` frames from `position` on, in 2⁻³² frames, and moves it by `step` for each.
  func read(
    _ data: UnsafePointer<Float>, _ position: inout Int64, step: Int64, into output: UnsafeMutablePointer<Float>,
    _ frames: Int
  ) {
    let table = table(speed: Double(step) * 0x1p-32).pointee
    switch table.tapCount {
    case 2: Self.readTwo(data, &position, step, output, frames)
    case 4: Self.readFour(data, &position, step, output, frames, table.weights)
    case 8: Self.readEight(data, &position, step, output, frames, table.weights)
    default: Self.readMany(data, &position, step, output, frames, table)
    }
  }

  private static func readTwo(
    _ data: UnsafePointer<Float>, _ position: inout Int64, _ step: Int64, _ output: UnsafeMutablePointer<Float>,
    _ frames: Int
  ) {
    var place = position
    for frame in 0..<frames {
      let sample = data + Int(place >> 32)
      let fraction = Float(UInt32(truncatingIfNeeded: place) >> 8) * 0x1p-24
      output[frame] = sample[0] + fraction * (sample[1] - sample[0])
      place &+= step
    }
    position = place
  }

  private static func readFour(
    _ data: UnsafePointer<Float>, _ position: inout Int64, _ step: Int64, _ output: UnsafeMutablePointer<Float>,
    _ frames: Int, _ weights: UnsafePointer<Float>
  ) {
    var place = position
    for frame in 0..<frames {
      let sample = vector4(data + Int(place >> 32) - 1)
      let row = weights + Int(UInt32(truncatingIfNeeded: place) >> 24) &* 8
      let fraction = Float(UInt32(truncatingIfNeeded: place) & 0xFF_FFFF) * 0x1p-24
      let product = sample * (vector4(row) + fraction * vector4(row + 4))
      let halves = product.lowHalf + product.highHalf
      output[frame] = halves.x + halves.y
      place &+= step
    }
    position = place
  }

  private static func readEight(
    _ data: UnsafePointer<Float>, _ position: inout Int64, _ step: Int64, _ output: UnsafeMutablePointer<Float>,
    _ frames: Int, _ weights: UnsafePointer<Float>
  ) {
    var place = position
    for frame in 0..<frames {
      let sample = data + Int(place >> 32) - 3
      let row = weights + Int(UInt32(truncatingIfNeeded: place) >> 24) &* 16
      let fraction = Float(UInt32(truncatingIfNeeded: place) & 0xFF_FFFF) * 0x1p-24
      let low = vector4(sample) * (vector4(row) + fraction * vector4(row + 8))
      let high = vector4(sample + 4) * (vector4(row + 4) + fraction * vector4(row + 12))
      let sum = low + high
      let halves = sum.lowHalf + sum.highHalf
      output[frame] = halves.x + halves.y
      place &+= step
    }
    position = place
  }

  private static func readMany(
    _ data: UnsafePointer<Float>, _ position: inout Int64, _ step: Int64, _ output: UnsafeMutablePointer<Float>,
    _ frames: Int, _ table: InterpolationTable
  ) {
    let taps = table.tapCount
    var place = position
    for frame in 0..<frames {
      let sample = data + Int(place >> 32) - table.lead
      let row = table.weights + Int(UInt32(truncatingIfNeeded: place) >> 24) &* 2 &* taps
      let fraction = Float(UInt32(truncatingIfNeeded: place) & 0xFF_FFFF) * 0x1p-24
      var sum = SIMD4<Float>(repeating: 0)
      var tap = 0
      while tap < taps {
        sum += vector4(sample + tap) * (vector4(row + tap) + fraction * vector4(row + taps + tap))
        tap &+= 4
      }
      let halves = sum.lowHalf + sum.highHalf
      output[frame] = halves.x + halves.y
      place &+= step
    }
    position = place
  }

  @inline(__always)
  private static func vector4(_ place: UnsafePointer<Float>) -> SIMD4<Float> {
    UnsafeRawPointer(place).loadUnaligned(as: SIMD4<Float>.self)
  }
}
