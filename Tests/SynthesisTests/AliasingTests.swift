internal import Arithmetic
internal import Foundation
import Music
import Testing

@testable import Synthesis

@Suite struct AliasingTests {
  static let programs = Shipped.testsAll ? Array(0..<128) : Array(stride(from: 0, to: 128, by: 5)) + [16, 87]
  private static let size = 8192

  @Test("High notes have nothing above −70 dB that is no harmonic", arguments: programs)
  func aliasing(program: Int) throws {
    let instrument = try #require(try Shipped.library.get().instrument(program: program))
    // What is no harmonic by intention is left out: noises, free partials, and whatever moves.
    var still = instrument
    still.layers = instrument.layers.compactMap(Self.still)
    guard instrument.isPitched, !still.layers.isEmpty else { return }
    still.programs = [program]
    let library = InstrumentLibrary(instruments: [still])
    // What all of its frequencies are multiples of.
    let ratio = Self.commonRatio(still.layers.map { Double($0.ratio) })
    for key in [84, 93, 103] {
      let recording = try Recording(
        score(program: program, [Note(onset: 0, duration: 900, pitch: key, velocity: 110)]),
        RenderOptions(sampleRate: 44_100, reverb: .off), library: library)
      let fundamental = ratio * 440 * pow(2, Double(key - 69) / 12)
      let power = Self.spectrum(Array(recording.left[22_050..<22_050 + Self.size]))
      let width = 44_100 / Double(Self.size)
      var (between, tested): (Float, Int) = (0, 0)
      for bin in 5..<power.count {
        let frequency = Double(bin) * width
        let distance = abs(frequency - (frequency / fundamental).rounded() * fundamental)
        // The window's main lobe, and the few cents by which layers are detuned.
        guard distance > 6 * width + 0.002 * frequency else { continue }
        between = max(between, power[bin])
        tested += 1
      }
      #expect(tested > 1000)
      let loudest = power.max() ?? 1
      #expect(10 * log10(between / loudest) < -70, "\(instrument.name), key \(key)")
    }
  }

  private static func still(_ layer: Layer) -> Layer? {
    var layer = layer
    switch layer.source {
    case .noise, .coloredNoise, .modes, .string: return nil
    case .wave, .frequencyModulation: break
    case .tone(var tone):
      tone.flutter = 0
      tone.drift = 0
      tone.bloom = 0
      layer.source = .tone(tone)
    }
    guard layer.tracking == 1, layer.frequency == 0 else { return nil }
    (layer.vibrato, layer.tremolo, layer.unison, layer.pitchSweep) = (.none, .none, .single, .none)
    layer.isRotary = false
    layer.filter = nil
    layer.envelope = .organ
    return layer
  }

  /// The largest ratio that all are multiples of, near enough; 1 where there is none.
  private static func commonRatio(_ ratios: [Double]) -> Double {
    for divisor in 1...12 {
      for base in ratios {
        let unit = base / Double(divisor)
        if ratios.allSatisfy({ abs($0 / unit - ($0 / unit).rounded()) < 0.02 }) { return unit }
      }
    }
    return 1
  }

  /// The power spectrum by a Blackman and Harris window of four terms, whose side lobes are at −92 dB.
  private static func spectrum(_ samples: [Float]) -> [Float] {
    let weighted = samples.enumerated().map { index, sample in
      let turn = 2 * Float.pi * Float(index) / Float(size)
      return sample * (0.35875 - 0.48829 * cos(turn) + 0.14128 * cos(2 * turn) - 0.01168 * cos(3 * turn))
    }
    let transform = RealFFT(size: size)
    var power = [Float](repeating: 0, count: transform.binCount)
    var output = power.mutableSpan
    transform.powerSpectrum(of: weighted.span, into: &output)
    return power
  }
}
