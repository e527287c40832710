internal import Arithmetic

/// The waves of a `Tone`, one for each zone of four semitones, so that the body's resonances stay where they are when the pitch
/// moves, and no harmonic reaches the Nyquist frequency.
///
/// A sample of a wave has four lanes: the tone; two parts of it whose harmonics have random signs and sizes, by which the
/// harmonics wander; and what a soft note differs by.
final class ToneTables: Sendable {
  /// Semitones in a zone.
  static let width = 4
  static let zoneCount = 36

  /// `zoneCount` zones from key 0 on.
  nonisolated(unsafe) let zones: UnsafePointer<ToneZone>
  private nonisolated(unsafe) let zoneMemory: UnsafeMutablePointer<ToneZone>
  private nonisolated(unsafe) let samples: UnsafeMutablePointer<SIMD4<Float>>

  /// - Parameters:
  ///   - tone: What it is.
  ///   - part: The part of a rotary speaker that it is heard from; nil for all of it.
  ///   - sampleRate: Frames a second.
  init(_ tone: Tone, part: RotarySpeaker.Part? = nil, sampleRate: Float) {
    let limits = (0..<Self.zoneCount).map { zone in
      // A semitone of vibrato above the zone's highest key still fits.
      let highest = Synthesis.frequency(ofKey: Float(Self.width * (zone + 1) + 1))
      return max(1, min(tone.count, Int(0.49 * sampleRate / highest)))
    }
    // Reading between samples by straight lines makes images of high harmonics unless periods are long against them.
    let bits = limits.map { $0 > 96 ? 12 : $0 > 40 ? 11 : $0 > 16 ? 10 : 9 }
    let total = bits.reduce(0) { $0 + (1 << $1) + 1 }
    samples = .allocate(capacity: total)
    zoneMemory = .allocate(capacity: Self.zoneCount)
    let transforms = Dictionary(uniqueKeysWithValues: (9...12).map { ($0, InverseTransform(bits: $0)) })
    var start = samples
    for zone in 0..<Self.zoneCount {
      let frequency = Synthesis.frequency(ofKey: Float(Self.width) * (Float(zone) + 0.5) - 0.5)
      guard let transform = transforms[bits[zone]] else { continue }
      let amplitudes = tone.amplitudes(frequency: frequency, limit: limits[zone])
      let shares = amplitudes.indices.map { part?.share(of: Float($0 + 1) * frequency) ?? 1 }
      Self.write(amplitudes, shares, tone, transform, start)
      (zoneMemory + zone).initialize(
        to: ToneZone(samples: UnsafePointer(start), shift: UInt32(32 - bits[zone])))
      start += transform.size + 1
    }
    zones = UnsafePointer(zoneMemory)
  }

  deinit {
    samples.deallocate()
    zoneMemory.deallocate()
  }

  /// The frequencies in hertz between which a zone is read: its lowest one, and the next zone's.
  static func range(ofZone zone: Int) -> (from: Float, to: Float) {
    let low = Float(width * zone) - 0.5
    return (
      zone == 0 ? 0 : Synthesis.frequency(ofKey: low),
      zone == zoneCount - 1 ? .infinity : Synthesis.frequency(ofKey: low + Float(width))
    )
  }

  /// The zone of a frequency in hertz.
  static func zone(of frequency: Float) -> Int {
    let key = 69 + 12 * logarithm2(max(frequency, 1) / 440)
    return min(max(Int((key + 0.5) / Float(width)), 0), zoneCount - 1)
  }

  /// How far a harmonic wanders, as a part of its amplitude. In recordings of bowed and
  /// blown notes the fundamental, which carries the loudness, moves least, and harmonics above the fourth most.
  /// - Parameters:
  ///   - n: Which harmonic, from 1 on.
  ///   - flutter: The tone's, in decibels.
  private static func wander(ofHarmonic n: Int, flutter: Float) -> Float {
    let share = min(1.3, 0.4 + 0.3 * logarithm2(Float(n)))
    // 8.7 dB is what an amplitude changes by at a small change of 1. Beyond 0.95 it could turn over.
    return min(0.95, share * flutter / (8.686 * SlowNoise.pointLevel))
  }

  /// One period of a zone, at a root mean square of ½ where all of each harmonic is heard.
  private static func write(
    _ amplitudes: [Float], _ shares: [Float], _ tone: Tone, _ transform: InverseTransform,
    _ output: UnsafeMutablePointer<SIMD4<Float>>
  ) {
    let size = transform.size
    let scale = 0.5 / rootMeanSquare(amplitudes)
    let soft = amplitudes.enumerated().map {
      $1 * decibels(-tone.softness * logarithm2(Float($0 + 1)))
    }
    let softScale = 0.5 / rootMeanSquare(soft)
    var lanes = (0..<4).map { _ in [Float](repeating: 0, count: size) }
    for index in amplitudes.indices {
      let n = index + 1
      // Signs by Rudin and Shapiro (Rudin 1959), so that the peaks of the harmonics do not fall together.
      let sign: Float = (n & (n >> 1)).nonzeroBitCount.isMultiple(of: 2) ? 1 : -1
      let share = sign * shares[index]
      let amplitude = share * amplitudes[index] * scale
      let angle = 2 * .pi * Float(mixed(UInt64(n)) >> 40) * 0x1p-24
      let wandering = amplitude * wander(ofHarmonic: n, flutter: tone.flutter)
      add(n, amplitude, wandering * cosine(angle), to: 0, &lanes)
      add(n, wandering * sine(angle), share * soft[index] * softScale - amplitude, to: 2, &lanes)
    }
    for pair in [0, 2] {
      var real = lanes[pair]
      var imaginary = lanes[pair + 1]
      real.withUnsafeMutableBufferPointer { real in
        imaginary.withUnsafeMutableBufferPointer { imaginary in
          guard let x = real.baseAddress, let y = imaginary.baseAddress else { return }
          transform.apply(x, y)
        }
      }
      lanes[pair] = real
      lanes[pair + 1] = imaginary
    }
    for index in 0...size {
      let place = index & (size - 1)
      (output + index).initialize(
        to: SIMD4(lanes[0][place], lanes[1][place], lanes[2][place], lanes[3][place]))
    }
  }

  private static func rootMeanSquare(_ amplitudes: [Float]) -> Float {
    max(1e-9, (amplitudes.reduce(0) { $0 + $1 * $1 } / 2).squareRoot())
  }

  /// Adds harmonic n of two waves, both sines, to the spectrum of the complex signal that has them as its parts.
  private static func add(
    _ n: Int, _ first: Float, _ second: Float, to pair: Int, _ lanes: inout [[Float]]
  ) {
    let mirror = lanes[pair].count - n
    lanes[pair][n] += second / 2
    lanes[pair + 1][n] -= first / 2
    lanes[pair][mirror] -= second / 2
    lanes[pair + 1][mirror] += first / 2
  }
}

/// One period of a zone, with its first sample again at its end.
struct ToneZone {
  var samples: UnsafePointer<SIMD4<Float>>
  /// By how many bits a phase of 32 bits is shifted to become an index.
  var shift: UInt32
}

/// The tone of a layer in memory that a voice reads without counting references.
struct TonePatch {
  var zones: UnsafePointer<ToneZone>
  var rate: Float
  var flutters: Bool
  var vibratoFlutter: Float
  var drift: Float
  var bloom: Float
  var bloomTime: Float

  init(_ tone: Tone, _ tables: ToneTables) {
    zones = tables.zones
    rate = tone.rate
    flutters = tone.flutter > 0
    vibratoFlutter = tone.vibratoFlutter
    drift = tone.drift
    bloom = tone.bloom
    bloomTime = tone.bloomTime
  }
}

/// Reads the waves of a `Tone`.
struct ToneOscillator {
  private var phase: UInt32
  private var increment: UInt32?
  /// What the tone's frequency is multiplied by.
  private let ratio: Float

  /// - Parameters:
  ///   - phase: Where in the period it begins, in turns.
  ///   - cents: How far above the tone it is.
  init(phase: Float = 0, cents: Float = 0) {
    self.phase = UInt32(truncatingIfNeeded: Int64(phase * 0x1p32))
    ratio = cents == 0 ? 1 : exponential2(cents / 1200)
  }

  /// Adds `frames` samples; the frequency glides from where it was to `cyclesPerSample`, the weights of the lanes go evenly from `before` to
  /// `after`, and where `from` and `to` are two zones, the one fades into the other.
  mutating func add(
    to output: UnsafeMutablePointer<Float>, _ frames: Int, from: ToneZone, to: ToneZone,
    cyclesPerSample: Float, before: SIMD4<Float>, after: SIMD4<Float>, _ kernels: Kernels
  ) {
    let path = PhasePath(from: increment, to: cyclesPerSample * ratio, frames)
    if from.samples == to.samples {
      to.add(to: output, frames, phase, path, before, after, kernels)
    } else {
      let silence = SIMD4<Float>(repeating: 0)
      from.add(to: output, frames, phase, path, before, silence, kernels)
      to.add(to: output, frames, phase, path, silence, after, kernels)
    }
    phase &+= path.distance
    increment = path.target
  }
}

extension ToneZone {
  @inline(__always)
  fileprivate func add(
    to output: UnsafeMutablePointer<Float>, _ frames: Int, _ phase: UInt32, _ path: PhasePath,
    _ before: SIMD4<Float>, _ after: SIMD4<Float>, _ kernels: Kernels
  ) {
    kernels.addTone(
      samples, shift: shift, phase: phase, step: path.step, glide: path.glide,
      weights: SIMD8(lowHalf: before, highHalf: (after - before) / Float(frames)), to: output, count: frames)
  }
}
