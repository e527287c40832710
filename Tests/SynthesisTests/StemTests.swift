import Audio
internal import Foundation
import Music
import TestSupport
import Testing

@testable import Synthesis

@Suite("Parts by themselves") struct StemTests {
  /// - Parameter silence: Ticks before the tune, in which the others play.
  private func piece(silence: Int = 0) -> Score {
    let tune = (0..<12).map {
      Note(onset: silence + 100 * $0, duration: 90, pitch: 60 + $0 * 7 % 12, velocity: 90)
    }
    let chords = (0..<3).flatMap { bar in
      [48, 52, 55].map { Note(onset: 400 * bar, duration: 380, pitch: $0, velocity: 70) }
    }
    let beat = (0..<12).map {
      Note(onset: 100 * $0, duration: 50, pitch: [36, 42, 38][$0 % 3], velocity: 100)
    }
    return Score(
      ticksPerQuarter: 500,
      tracks: [
        Track(
          name: "Tune", program: 73, channel: 0, notes: tune,
          controlChanges: [(93, 100), (91, 90)].map { ControlChange(tick: 0, controller: $0.0, value: $0.1) }),
        Track(program: 0, channel: 1, notes: chords), Track(isDrum: true, channel: 9, notes: beat),
        Track(name: "Nothing", program: 40, channel: 3),
      ])
  }

  private func samples(
    _ options: RenderOptions, silence: Int = 0
  ) throws -> (samples: [Float], renderer: ScoreRenderer) {
    let renderer = ScoreRenderer(
      score: piece(silence: silence), library: try Shipped.library.get(), options: options)
    var all: [Float] = []
    var block = [Float](repeating: 0, count: renderer.channelCount * 512)
    while true {
      var room = block.mutableSpan
      let frames = renderer.render(into: &room)
      all += block[..<(frames * renderer.channelCount)]
      if frames < 512 { return (all, renderer) }
    }
  }

  @Test("The sum of the parts is the mix before the limiter, effects included")
  func sum() throws {
    var options = RenderOptions(sampleRate: 16_000, reverb: .room, isLimited: false, placesParts: true)
    let mix = try samples(options)
    options.separatesParts = true
    let parts = try samples(options)
    let channels = parts.renderer.channelCount
    #expect(channels == 8)
    #expect(parts.renderer.parts.map(\.name) == ["Tune", "Acoustic Grand Piano", "Drums", "Violin"])
    #expect(parts.renderer.parts.map(\.noteCount) == [12, 9, 12, 0])
    let frames = min(mix.samples.count / 2, parts.samples.count / channels)
    #expect(frames > 16_000)
    var worst: Float = 0
    var powers = [Float](repeating: 0, count: 4)
    for frame in 0..<frames {
      for side in 0..<2 {
        var sum: Float = 0
        for part in 0..<4 {
          let sample = parts.samples[frame * channels + 2 * part + side]
          sum += sample
          powers[part] += sample * sample
        }
        worst = max(worst, abs(sum - mix.samples[2 * frame + side]))
      }
    }
    #expect(worst < 2e-6 * 8, "\(worst)")
    #expect(powers[0] > 0 && powers[1] > 0 && powers[2] > 0 && powers[3] < 1e-9)
  }

  @Test("A part that enters late has the reverb that it has in the mix")
  func lateEntry() throws {
    var options = RenderOptions(sampleRate: 16_000, reverb: .room, isLimited: false)
    let mix = try samples(options, silence: 4000).samples
    options.separatesParts = true
    let (parts, renderer) = try samples(options, silence: 4000)
    let lanes = renderer.channelCount
    var worst: Float = 0
    for frame in 0..<min(mix.count / 2, parts.count / lanes) {
      for side in 0..<2 {
        let sum = stride(from: side, to: lanes, by: 2).reduce(Float(0)) { $0 + parts[lanes * frame + $1] }
        worst = max(worst, abs(sum - mix[2 * frame + side]))
      }
    }
    #expect(worst < 2e-5, "\(worst)")
  }

  @Test("Threads change nothing about separated parts")
  func threads() throws {
    let one = RenderOptions(sampleRate: 16_000, reverb: .room, separatesParts: true)
    var two = one
    two.threadCount = 3
    #expect(try samples(one).samples == samples(two).samples)
  }

  @Test("Files of parts have the mix's gain and length, and sum to the mix")
  func files() throws {
    let folder = try TemporaryFolder()
    let library = try Shipped.library.get()
    var options = RenderOptions(sampleRate: 16_000, reverb: .room, isLimited: false)
    var mix = ScoreRenderer(score: piece(), library: library, options: options)
    let written = try #require(
      try Mastering.write(&mix, to: folder.file("mix.wav"), level: .loudness(-30), encoding: .float))
    options.separatesParts = true
    let source = ScoreRenderer(score: piece(), library: library, options: options)
    let names = ["a.wav", "b.wav", "c.wav"].map { folder.file($0) }
    let parts = try #require(
      try Mastering.writeParts(
        source, to: names + [nil], frameCount: written.sound.frameCount, gain: written.gain, encoding: .float,
        tags: Array(repeating: SoundTags(title: "A part"), count: 4)))
    #expect(parts.map(\.path) == names)
    let sounds = try names.map { try AudioFile.read($0) }
    let whole = try AudioFile.read(folder.file("mix.wav"))
    #expect(written.greatestReduction == 0)
    for index in whole.samples.indices {
      let sum = sounds[0].samples[index] + sounds[1].samples[index] + sounds[2].samples[index]
      #expect(abs(sum - whole.samples[index]) < 1e-5)
    }
    #expect(sounds.allSatisfy { $0.frameCount == whole.frameCount })
    #expect(try AudioFileReader(path: names[0]).tags.title == "A part")
  }
}
