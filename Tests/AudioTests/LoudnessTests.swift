import Audio
import Foundation
import TestSupport
import Testing

@testable import Audio

/// Cases of EBU Tech 3341 (minimum requirements for meters in EBU mode), whose tolerance is 0.1 LU, made here.
@Suite("Loudness")
struct LoudnessTests {
  struct Section: Sendable {
    var seconds: Double
    /// The peak of the sine, in dBFS.
    var level: Double
  }

  /// A sine whose level changes, the same in every channel.
  static func sine(
    _ sections: [Section], frequency: Double = 1000, sampleRate: Int = 48_000, channelCount: Int = 2
  ) -> AudioBuffer {
    var samples: [Float] = []
    var frame = 0
    for section in sections {
      let amplitude = pow(10, section.level / 20)
      for _ in 0..<Int(section.seconds * Double(sampleRate)) {
        let value = Float(amplitude * sin(2 * Double.pi * frequency * Double(frame) / Double(sampleRate)))
        for _ in 0..<channelCount { samples.append(value) }
        frame += 1
      }
    }
    return AudioBuffer(sampleRate: sampleRate, channelCount: channelCount, samples: samples)
  }

  struct Case: Sendable {
    var sections: [Section]
    var loudness: Double
  }

  /// Cases 1 to 5, a quarter as long.
  static let cases = [
    Case(sections: [Section(seconds: 5, level: -23)], loudness: -23),
    Case(sections: [Section(seconds: 5, level: -33)], loudness: -33),
    Case(
      sections: [
        Section(seconds: 2.5, level: -36), Section(seconds: 15, level: -23),
        Section(seconds: 2.5, level: -36),
      ], loudness: -23),
    Case(
      sections: [
        Section(seconds: 2.5, level: -72), Section(seconds: 2.5, level: -36),
        Section(seconds: 15, level: -23), Section(seconds: 2.5, level: -36),
        Section(seconds: 2.5, level: -72),
      ], loudness: -23),
    Case(
      sections: [
        Section(seconds: 5, level: -26), Section(seconds: 5.025, level: -20), Section(seconds: 5, level: -26),
      ], loudness: -23),
  ]

  @Test("Sines and their gating are measured as EBU Tech 3341 demands", arguments: cases)
  func conformance(_ example: Case) throws {
    let loudness = try #require(LoudnessMeter.integratedLoudness(of: Self.sine(example.sections)))
    #expect(abs(loudness - example.loudness) <= 0.1)
  }

  @Test(
    "A sine of 997 Hz at full scale in one channel is −3.01 LUFS at any rate",
    arguments: [8000, 11_025, 22_050, 44_100, 48_000, 96_000])
  func rates(sampleRate: Int) throws {
    let sound = Self.sine(
      [Section(seconds: 3, level: -20)], frequency: 997, sampleRate: sampleRate, channelCount: 1)
    let loudness = try #require(LoudnessMeter.integratedLoudness(of: sound))
    // Below the shelf's own frequency the bilinear transform bends the response a little at low rates.
    #expect(abs(loudness - -23.01) <= (sampleRate >= 44_100 ? 0.03 : 0.2), "\(sampleRate) Hz: \(loudness)")
    let stereo = Self.sine([Section(seconds: 3, level: -20)], frequency: 997, sampleRate: sampleRate)
    let both = try #require(LoudnessMeter.integratedLoudness(of: stereo))
    #expect(abs(both - loudness - 3.0103) < 1e-3)
  }

  @Test("At 48 kHz the filters are those that BS.1770 prints")
  func coefficients() {
    let weighting = KWeighting(sampleRate: 48_000)
    let printed: [(Double, Double)] = [
      (weighting.shelf.b0, 1.53512485958697), (weighting.shelf.b1, -2.69169618940638),
      (weighting.shelf.b2, 1.19839281085285), (weighting.shelf.a1, -1.69065929318241),
      (weighting.shelf.a2, 0.73248077421585), (weighting.highPass.b0, 1), (weighting.highPass.b1, -2),
      (weighting.highPass.b2, 1), (weighting.highPass.a1, -1.99004745483398),
      (weighting.highPass.a2, 0.99007225036621),
    ]
    for (value, expected) in printed { #expect(abs(value - expected) < 1e-8) }
  }

  @Test("What is silent, too soft, too short or not a number has no loudness", arguments: [0, 1, 19_199])
  func nothing(frames: Int) {
    let loud = [Float](repeating: 0.5, count: frames)
    #expect(
      LoudnessMeter.integratedLoudness(of: AudioBuffer(sampleRate: 48_000, channelCount: 1, samples: loud))
        == nil)
    for value: Float in [0, .nan, .infinity, 1e-5] {
      let sound = AudioBuffer(
        sampleRate: 48_000, channelCount: 1, samples: [Float](repeating: value, count: 96_000))
      #expect(LoudnessMeter.integratedLoudness(of: sound) == nil)
    }
  }

  @Test("However the sound is cut, the loudness is the same, and meters can be read in between")
  func chunking() throws {
    let sound = Self.sine(
      [Section(seconds: 1, level: -30), Section(seconds: 1, level: -12)], sampleRate: 44_100)
    let whole = LoudnessMeter.integratedLoudness(of: sound)
    for portions in [[1, 2, 441], [4096], [4410], [30_000, 1]] {
      let meter = LoudnessMeter(sampleRate: 44_100, channelCount: 2)
      var (start, turn) = (0, 0)
      let samples = sound.samples.span
      while start < samples.count {
        let end = min(samples.count, start + 2 * portions[turn % portions.count])
        meter.append(samples.extracting(start..<end))
        start = end
        turn += 1
        if turn % 1000 == 0 { _ = meter.integratedLoudness }
      }
      #expect(meter.integratedLoudness == whole, "portions of \(portions)")
    }
  }

  @Test("Surround channels count more, low frequencies' effects not at all, and odd rates are measured")
  func layouts() throws {
    var loudness: [Double?] = []
    for channel in 0..<6 {
      var samples = [Float](repeating: 0, count: 6 * 48_000)
      for frame in 0..<48_000 {
        samples[6 * frame + channel] = Float(0.1 * sin(2 * Double.pi * Double(frame) / 48))
      }
      loudness.append(
        LoudnessMeter.integratedLoudness(
          of: AudioBuffer(sampleRate: 48_000, channelCount: 6, samples: samples)))
    }
    let front = try #require(loudness[0])
    #expect(loudness[1] == front && loudness[2] == front && loudness[3] == nil)
    #expect(abs(try #require(loudness[4]) - front - 10 * log10(1.41)) < 1e-9 && loudness[5] == loudness[4])
    for rate in [1, 7, 50, 1001, 3000] {
      let samples = (0..<2 * rate + 8).map { $0.isMultiple(of: 2) ? Float(0.5) : -0.5 }
      let sound = AudioBuffer(sampleRate: rate, channelCount: 1, samples: samples)
      #expect(LoudnessMeter.integratedLoudness(of: sound)?.isFinite == true, "\(rate) Hz")
    }
  }

  @Test("The loudness of what is written is reported")
  func written() throws {
    let folder = try TemporaryFolder()
    var source = AudioBufferSource(Self.sine([Section(seconds: 2, level: -23)], sampleRate: 44_100))
    let written = try #require(try AudioFile.write(&source, to: folder.file("a.wav")))
    #expect(abs(try #require(written.loudness) - -23) < 0.1)
  }
}
