import Audio
internal import Foundation
import Groundwork
import Music
import TestSupport
import Testing

@testable import Synthesis

@Suite("Gain, limiter and places") struct MasteringTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Bursts of noise over a soft tone.
  private func drums(gain: Float, seconds: Int = 4, rate: Int = 16_000) -> AudioBuffer {
    var generator = RepeatableGenerator(seed: 11)
    var samples: [Float] = []
    for frame in 0..<seconds * rate {
      let age = Float(frame % (rate / 2)) / Float(rate)
      let burst = exp(-age * 25) * Float.random(in: -1...1, using: &generator)
      let tone = 0.1 * sin(2 * Float.pi * 220 * Float(frame) / Float(rate))
      samples += [gain * (burst + tone), gain * (burst * 0.7 - tone)]
    }
    return AudioBuffer(sampleRate: rate, channelCount: 2, samples: samples)
  }

  private func write(
    _ buffer: AudioBuffer, level: LevelTarget, gain: Double = 0
  ) throws -> (MasteredSound, AudioBuffer) {
    var source = AudioBufferSource(buffer)
    let path = folder.file("a.wav")
    let written = try #require(
      try Mastering.write(&source, to: path, level: level, gain: gain, encoding: .float))
    return (written, try AudioFile.read(path))
  }

  @Test(
    "A loudness that is asked for is reached, with true peaks under the ceiling",
    arguments: [-24.0, -14, -11])
  func loudness(target: Double) throws {
    for gain in [Float(0.02), 3] {
      let (written, file) = try write(drums(gain: gain), level: .loudness(target))
      let measured = try #require(LoudnessMeter.integratedLoudness(of: file))
      #expect(abs(measured - target) < 0.2, "\(measured) LUFS")
      #expect(abs((written.sound.loudness ?? 0) - measured) < 0.01)
      let peaks = TruePeakMeter.peaks(of: file)
      #expect(20 * log10(peaks.truePeak) <= -1, "\(20 * log10(peaks.truePeak)) dBTP")
    }
  }

  @Test("The measured gain is the usual loudness, or less where the limiter would be heard")
  func measured() throws {
    let (soft, _) = try write(drums(gain: 0.1), level: .measured)
    let (loud, _) = try write(drums(gain: 4), level: .measured)
    // The same music at any level becomes the same.
    #expect(abs((soft.sound.loudness ?? 0) - (loud.sound.loudness ?? 0)) < 0.6)
    #expect((soft.sound.loudness ?? 0) < Mastering.usualLoudness + 0.5)
    #expect(loud.strongReductionShare < 0.05)
    let (more, _) = try write(drums(gain: 0.1), level: .measured, gain: -6)
    #expect(abs((more.sound.loudness ?? 0) - (soft.sound.loudness ?? 0) + 6) < 0.5)
    #expect(abs(more.gain - soft.gain + 6) < 1e-9)
  }

  @Test("A mix that needs neither gain nor limiter comes out as it is")
  func unchanged() throws {
    let mix = drums(gain: 0.3)
    let (written, file) = try write(mix, level: .asMixed)
    #expect(written.gain == 0 && written.greatestReduction == 0)
    #expect(file.samples.elementsEqual(mix.samples.prefix(file.samples.count)))
    #expect(file.frameCount > mix.frameCount - 200)
  }

  @Test("Silence at the end is left out, a canceled rendering leaves no file")
  func silenceAndCancellation() throws {
    var buffer = drums(gain: 0.3)
    buffer.append(contentsOf: [Float](repeating: 0, count: 64_000).span)
    let (_, file) = try write(buffer, level: .measured)
    #expect(abs(file.seconds - 4.1) < 0.02, "\(file.seconds)")
    let cancellation = Cancellation()
    cancellation.request()
    var source = AudioBufferSource(buffer)
    #expect(try Mastering.write(&source, to: folder.file("b.wav"), cancellation: cancellation) == nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.wav"])
  }

  @Test("A limiter that looks between samples keeps true peaks under its ceiling")
  func truePeaks() {
    // A quarter of the rate, sampled beside its peaks: 3 dB lie between the samples.
    let count = 8000
    var left = (0..<count).map { 1.2 * sin(Float.pi / 2 * Float($0) + Float.pi / 4) }
    var right = left
    let arena = Arena()
    var plain = Limiter(ceiling: 0.9, sampleRate: 16_000, arena: arena)
    var careful = Limiter(ceiling: 0.9, findsTruePeaks: true, sampleRate: 16_000, arena: arena)
    var (a, b) = (left, right)
    withExtendedLifetime(arena) {
      plain.process(left: &a, right: &b, count)
      careful.process(left: &left, right: &right, count)
    }
    func truePeak(_ samples: [Float]) -> Float {
      let interleaved = samples[2000...].map { $0 }
      return TruePeakMeter.peaks(of: AudioBuffer(sampleRate: 16_000, channelCount: 1, samples: interleaved))
        .truePeak
    }
    #expect(truePeak(a) > 1.1)
    #expect(truePeak(left) < 0.91, "\(truePeak(left))")
    #expect(careful.statistics.leastGain < 0.8 && careful.delay == plain.delay)
  }

  @Test("A limiter passes on what is under its ceiling, after one that was not too")
  func transparency() {
    var generator = RepeatableGenerator(seed: 3)
    let count = 40_000
    var left = (0..<count).map { _ in Float.random(in: -0.5...0.5, using: &generator) }
    left[100] = 2
    let input = left
    var right = left
    let arena = Arena()
    var limiter = Limiter(ceiling: 0.9, sampleRate: 16_000, arena: arena)
    withExtendedLifetime(arena) { limiter.process(left: &left, right: &right, count) }
    #expect(left.allSatisfy { abs($0) <= 0.9 })
    let delay = limiter.delay
    // 120 ms to recover 63 %: after 1.5 s nothing is left of it.
    for frame in 25_000..<count { #expect(left[frame] == input[frame - delay]) }
  }

  // MARK: Places

  private func piece(_ programs: [Int], drums: Bool = false, pan: Bool = false) -> Score {
    let notes = [Note(onset: 0, duration: 100, pitch: 60, velocity: 80)]
    var tracks = programs.enumerated().map { Track(program: $1, channel: $0, notes: notes) }
    if drums { tracks.append(Track(isDrum: true, channel: 9, notes: notes)) }
    if pan { tracks[0].controlChanges = [ControlChange(tick: 0, controller: 10, value: 64)] }
    return Score(ticksPerQuarter: 480, tracks: tracks)
  }

  private func pans(_ score: Score) -> [Int] {
    StereoPlacement.placed(score).tracks.map { $0.controlChanges.first { $0.controller == 10 }?.value ?? 64 }
  }

  @Test("Parts are spread evenly, basses and drums stay in the middle")
  func places() {
    #expect(pans(piece([40])) == [64])
    #expect(pans(piece([0, 0])) == [64, 64], "two hands of one piano")
    #expect(pans(piece([40, 25])) == [48, 80])
    let band = pans(piece([0, 25, 33, 56], drums: true))
    #expect(band[2] == 64 && band[4] == 64)
    #expect(Set(band).count == 3 && band.reduce(0) { $0 + $1 - 64 } == 0)
    let quartet = pans(piece([40, 40, 41, 42]))
    #expect(quartet == quartet.sorted() && Set(quartet).count == 4)
    #expect(pans(piece(Array(repeating: 52, count: 12))).allSatisfy { abs($0 - 64) <= 32 })
  }

  @Test("A score that pans any part is left as it is")
  func ownPans() {
    let score = piece([40, 25, 0], pan: true)
    #expect(StereoPlacement.placed(score) == score)
  }

  @Test("The gain that is estimated for playing is near the one that is measured")
  func estimate() throws {
    let library = try Shipped.library.get()
    var notes: [Note] = []
    for index in 0..<24 {
      notes.append(
        Note(onset: 250 * index, duration: 230, pitch: 55 + index * 5 % 24, velocity: 60 + index % 3 * 20))
    }
    let piece = Score(
      ticksPerQuarter: 500,
      tracks: [Track(program: 0, channel: 0, notes: notes), Track(program: 48, channel: 1, notes: notes)])
    let options = RenderOptions(sampleRate: 22_050, isLimited: false)
    let estimated = Mastering.estimatedGain(of: piece, options: options) {
      ScoreRenderer(score: $0, library: library, options: $1)
    }
    var source = ScoreRenderer(score: piece, library: library, options: options)
    let written = try #require(try Mastering.write(&source, to: folder.file("a.wav")))
    #expect(abs(estimated - written.gain) < 2, "\(estimated) and \(written.gain) dB")
  }
}
