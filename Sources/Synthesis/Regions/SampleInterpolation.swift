internal import Arithmetic

/// How a sample is read between its frames.
public enum SampleInterpolation: String, Sendable, Hashable, BitwiseCopyable, CaseIterable {
  /// A straight line between two frames: cheapest, with much aliasing.
  case linear
  /// A polynomial of third order through two frames, with the slopes of their neighbors (Catmull & Rom 1974).
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

  static let placeCount = 256

  /// - Parameters:
  ///   - tapCount: A multiple of 8; all but half of them less one lie behind the place.
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
    var here = row(0)
    for place in 0..<Self.placeCount {
      let next = row(place + 1)
      defer { here = next }
      for tap in 0..<tapCount {
        memory[place * 2 * tapCount + tap] = Float(here[tap])
        memory[(place * 2 + 1) * tapCount + tap] = Float(next[tap]) - Float(here[tap])
      }
    }
    weights = UnsafePointer(memory)
    self.tapCount = tapCount
  }
}

/// Weights of eight frames as polynomials of fifth order of the place between the two in the middle: cheaper than a table, since nothing
/// is looked up (Farrow 1988). A sinc in a window is followed within 0.0001, less than what the window lets through.
struct InterpolationPolynomial: BitwiseCopyable {
  /// For each pair of frames as far before the middle as behind it, the outermost first, the coefficients of the earlier frame's
  /// weight.
  let coefficients: UnsafePointer<Float>

  static let tapCount = 8
  private static let powerCount = 6
  /// How often each coefficient is written, for vectors of as many.
  private static let copyCount = 8

  /// - Parameter weight: The weight of a frame at a distance, in frames, the same before and behind, before the weights of a place are
  ///   scaled to a sum of 1.
  init(arena: Arena, weight: (Double) -> Double) {
    let pairs = Self.tapCount / 2
    var rows = [[Double]](repeating: [Double](repeating: 0, count: Self.powerCount), count: pairs)
    // Interpolation at the zeros of a Chebyshev polynomial: Newton's divided differences.
    let places = (0..<Self.powerCount).map {
      sine(Double.pi * (Double($0) + 0.5 - Double(Self.powerCount) / 2) / Double(Self.powerCount)) / 2
    }
    let weights = places.map { g in
      let row = (0..<Self.tapCount).map { weight(Double($0 - pairs) + 0.5 - g) }
      let sum = row.reduce(0, +)
      return row.map { $0 / sum }
    }
    for pair in 0..<pairs { rows[pair] = Self.polynomial(places, weights.map { $0[pair] }) }
    // The sums of the pairs are the even powers: what they differ by from 1 is taken off the two in the middle.
    for power in stride(from: 0, to: Self.powerCount, by: 2) {
      let sum = rows.reduce(0) { $0 + $1[power] }
      rows[pairs - 1][power] += (power == 0 ? 0.5 : 0) - sum
    }
    let memory = arena.allocate(pairs * Self.powerCount * Self.copyCount, of: Float(0))
    for (index, coefficient) in rows.joined().enumerated() {
      (memory + index * Self.copyCount).update(repeating: Float(coefficient), count: Self.copyCount)
    }
    coefficients = UnsafePointer(memory)
  }

  /// The coefficients of the polynomial through some points, the constant first.
  private static func polynomial(_ places: [Double], _ values: [Double]) -> [Double] {
    var differences = values
    for order in 1..<places.count {
      for index in (order..<places.count).reversed() {
        differences[index] =
          (differences[index] - differences[index - 1]) / (places[index] - places[index - order])
      }
    }
    var result = [Double](repeating: 0, count: places.count)
    for index in places.indices.reversed() {
      // What is there times (g − place), and the next difference.
      for power in (1..<places.count).reversed() {
        result[power] = result[power - 1] - places[index] * result[power]
      }
      result[0] = differences[index] - places[index] * result[0]
    }
    return result
  }
}

/// What the sinc's weights are at any speed: the same for every synthesizer, so that they are computed once in a program.
private final class SincWeights: @unchecked Sendable {
  /// One for each range of speeds.
  let tables: UnsafePointer<InterpolationTable>
  let polynomial: InterpolationPolynomial
  /// Keeps the memory; it is not written after `init`.
  private let arena = Arena()

  static let shared = SincWeights()

  /// For speeds up to these the sinc passes what stays below half the output's rate; the widths are in frames of the sample.
  private static let classes: [(speed: Double, taps: Int)] = [(1.5, 16), (2.1, 16), (3, 24), (.infinity, 32)]

  private init() {
    let arena = arena
    let list = Self.classes.map { range in
      let speed = range.speed == .infinity ? 4 : range.speed
      return InterpolationTable(arena: arena, tapCount: range.taps) {
        Self.kaiserSinc($0, halfWidth: Double(range.taps) / 2, cutoff: 1.06 / speed)
      }
    }
    polynomial = InterpolationPolynomial(arena: arena) {
      Self.kaiserSinc($0, halfWidth: Double(InterpolationPolynomial.tapCount) / 2, cutoff: 1)
    }
    let tables = arena.allocate(list.count, of: list[0])
    for (index, table) in list.enumerated() { tables[index] = table }
    self.tables = UnsafePointer(tables)
  }

  /// The window's shape (Kaiser 1974), and what its middle is scaled by.
  private static let beta = 6.5
  private static let scale = besselI0(beta)

  /// - Parameter cutoff: As a share of half the sample's rate.
  private static func kaiserSinc(_ distance: Double, halfWidth: Double, cutoff: Double) -> Double {
    guard abs(distance) < halfWidth else { return 0 }
    let angle = Double.pi * distance * cutoff
    let sinc = abs(angle) < 1e-9 ? 1 : sine(angle) / angle
    let place = distance / halfWidth
    return sinc * besselI0(beta * (1 - place * place).squareRoot()) / scale
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
}

/// Reads samples at any speed.
struct SampleReading: BitwiseCopyable {
  let kind: SampleInterpolation
  private let tables: UnsafePointer<InterpolationTable>
  private let polynomial: InterpolationPolynomial

  /// The most frames that are weighed.
  static let mostTaps = 32
  /// Frames a sample needs before its first and after its last, so that nothing has to be checked.
  static let margin = mostTaps

  /// Up to this speed all of the sample's frequencies are passed, by the polynomial.
  private static let slowest = 1.02

  init(_ kind: SampleInterpolation) {
    self.kind = kind
    tables = SincWeights.shared.tables
    polynomial = SincWeights.shared.polynomial
  }

  /// The table for a speed above `slowest` in frames of the sample for each frame of the output.
  @inline(__always)
  func table(speed: Double) -> UnsafePointer<InterpolationTable> {
    let index = speed <= 1.5 ? 0 : speed <= 2.1 ? 1 : speed <= 3 ? 2 : 3
    return tables + index
  }

  /// Writes `frames` frames from `position` on, in 2⁻³² frames, and moves it by `step` for each.
  @inline(__always)
  func read(
    _ data: UnsafePointer<Float>, _ position: inout Int64, step: Int64,
    into output: UnsafeMutablePointer<Float>,
    _ frames: Int, _ kernels: Kernels
  ) {
    switch kind {
    case .linear: Self.readLine(data, position, step, output, frames)
    case .cubic: kernels.interpolateCubic(data, from: position, step: step, into: output, count: frames)
    case .sinc where Double(step) * 0x1p-32 <= Self.slowest:
      kernels.interpolatePolynomial(
        data, from: position, step: step, coefficients: polynomial.coefficients, into: output, count: frames)
    case .sinc:
      let table = table(speed: Double(step) * 0x1p-32)
      kernels.interpolate(
        data, from: position, step: step, weights: table.pointee.weights, taps: table.pointee.tapCount,
        into: output,
        count: frames)
    }
    position += step * Int64(frames)
  }

  private static func readLine(
    _ data: UnsafePointer<Float>, _ position: Int64, _ step: Int64, _ output: UnsafeMutablePointer<Float>,
    _ frames: Int
  ) {
    var place = position
    for frame in 0..<frames {
      let sample = data + Int(place >> 32)
      let fraction = Float(UInt32(truncatingIfNeeded: place) >> 8) * 0x1p-24
      output[frame] = sample[0] + fraction * (sample[1] - sample[0])
      place &+= step
    }
  }
}
