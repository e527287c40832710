/// One period of a wave at several band limits.
///
/// Level k holds the harmonics up to `limits[k]`, so that a reader that picks the level by its frequency never folds
/// a harmonic back from above the Nyquist frequency; levels lie half an octave apart.
final class Wavetable: Sendable {
  /// Samples in a period.
  static let length = 2048
  static let maximumHarmonics = 512
  /// The highest harmonic of each level.
  private static let limits = [
    1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 362, maximumHarmonics,
  ]

  /// The number of levels that differ.
  let levelCount: Int
  /// `levelCount` periods, each with its first sample again at its end.
  nonisolated(unsafe) let samples: UnsafePointer<Float>
  private nonisolated(unsafe) let storage: UnsafeMutablePointer<Float>

  /// The wave with these amplitudes of harmonics, all sines in phase, at a root mean square of ½.
  init(_ waveform: Waveform) {
    let amplitudes = Self.amplitudes(waveform)
    let needed = Self.limits.firstIndex { $0 >= amplitudes.count } ?? Self.limits.count - 1
    levelCount = needed + 1
    let stride = Self.length + 1
    storage = .allocate(capacity: levelCount * stride)
    samples = UnsafePointer(storage)
    let power = amplitudes.reduce(0) { $0 + $1 * $1 / 2 }
    let scale = 0.5 / power.squareRoot()
    var period = [Float](repeating: 0, count: Self.length)
    var harmonic = 1
    for level in 0..<levelCount {
      while harmonic <= min(Self.limits[level], amplitudes.count) {
        let amplitude = amplitudes[harmonic - 1] * scale
        if amplitude != 0 {
          SineTable.sine.withUnsafeBufferPointer { sine in
            for index in 0..<Self.length {
              period[index] += amplitude * sine[(index &* harmonic) & (Self.length - 1)]
            }
          }
        }
        harmonic += 1
      }
      let start = storage + level * stride
      for index in 0..<Self.length { (start + index).initialize(to: period[index]) }
      (start + Self.length).initialize(to: period[0])
    }
  }

  deinit { storage.deallocate() }

  /// The level with the most harmonics that stay below the Nyquist frequency when the fundamental is
  /// `cyclesPerSample`.
  static func level(cyclesPerSample: Float, levelCount: Int) -> Int {
    var level = levelCount - 1
    while level > 0, Float(limits[level]) * cyclesPerSample > 0.49 { level -= 1 }
    return level
  }

  private static func amplitudes(_ waveform: Waveform) -> [Float] {
    switch waveform {
    case .harmonics(let amplitudes): amplitudes
    case .saw: (1...maximumHarmonics).map { 1 / Float($0) }
    case .triangle:
      (1...maximumHarmonics).map { n in
        n.isMultiple(of: 2) ? 0 : (n % 4 == 1 ? 1 : -1) / Float(n * n)
      }
    case .pulse(let width):
      (1...maximumHarmonics).map { n in
        // With all sines in phase the edges move apart, but the spectrum is the same.
        sine(.pi * Float(n) * width) / Float(n)
      }
    }
  }
}

/// A sine of `Wavetable.length` steps, with its first step again at its end.
enum SineTable {
  static let sine: [Float] = (0...Wavetable.length).map { index in
    Float(Synthesis.sine(2 * Double.pi * Double(index) / Double(Wavetable.length)))
  }
}

/// Reading a table by a phase whose 2³² steps are one turn.
@inline(__always)
func tableValue(_ table: UnsafePointer<Float>, _ phase: UInt32) -> Float {
  let index = Int(phase >> 21)
  let fraction = Float(phase & 0x1F_FFFF) * 0x1p-21
  let value = table[index]
  return value + fraction * (table[index &+ 1] - value)
}

/// How far a phase of 2³² steps a turn moves in a sample. Frequencies stay below half the sample rate.
@inline(__always)
func phaseIncrement(cyclesPerSample: Float) -> UInt32 {
  UInt32(Double(min(max(cyclesPerSample, 0), 0.5)) * 0x1p32)
}
