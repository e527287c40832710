import Audio
internal import Foundation
import Groundwork
import Music
import SoundFonts
import TestSupport
import Testing

@testable import Synthesis

@Suite("The same samples") struct DeterminismTests {
  /// Twelve parts with all kinds of events.
  private var piece: Score {
    var random = RepeatableGenerator(seed: 3)
    var piece = Score(ticksPerQuarter: 500)
    for channel in 0..<6 {
      var track = Track(program: channel * 20, isDrum: channel == 5, channel: channel == 5 ? 9 : channel)
      for index in 0..<30 {
        track.notes.append(
          Note(
            onset: index * 40 + channel, duration: Int.random(in: 10..<300, using: &random),
            pitch: Int.random(in: 36..<84, using: &random), velocity: Int.random(in: 30..<127, using: &random)
          ))
        let controller = [1, 7, 10, 11, 64, 66, 68, 91, 93].randomElement(using: &random) ?? 1
        track.controlChanges.append(
          ControlChange(
            tick: index * 37, controller: controller, value: Int.random(in: 0..<128, using: &random)))
        track.pitchBends.append(
          PitchBend(tick: index * 41, value: Int.random(in: -8192..<8192, using: &random)))
      }
      track.otherEvents = [
        OpaqueEvent(tick: 333, type: 0xF0, payload: [0x7F, 0x7F, 0x04, 0x01, 0, UInt8(90 + channel)])
      ]
      piece.tracks.append(track)
    }
    return piece
  }

  private func recording(_ bank: some SoundBank, threads: Int, block: Int, voices: Int = 24) -> Recording {
    let options = RenderOptions(sampleRate: 16_000, maximumVoices: voices, threadCount: threads)
    return Recording(ScoreRenderer(score: piece, bank: bank, options: options), blockFrames: block)
  }

  @Test("Built-in instruments do not depend on blocks or threads")
  func instruments() throws {
    let library = try Shipped.library.get()
    let one = recording(library, threads: 1, block: 4096)
    for (threads, block) in [(1, 37), (2, 1000), (3, 4096)] {
      let other = recording(library, threads: threads, block: block)
      #expect(one.left == other.left && one.right == other.right, "\(threads) threads, blocks of \(block)")
    }
  }

  @Test("SoundFonts do not depend on blocks or threads")
  func soundFonts() throws {
    let bank = try TestBank((54, 1), (15, 300), (16, 400), (5, 20), (8, 9000), (38, -2000)).read()
    let one = recording(bank, threads: 1, block: 4096)
    #expect(one.peak > 0.01)
    for (threads, block) in [(1, 64), (2, 999), (4, 4096)] {
      let other = recording(bank, threads: threads, block: block)
      #expect(one.left == other.left && one.right == other.right, "\(threads) threads, blocks of \(block)")
    }
  }

  @Test(
    "A file does not depend on threads, nor do those of its parts",
    arguments: [LevelTarget.asMixed, .measured])
  func files(level: LevelTarget) throws {
    let folder = try TemporaryFolder()
    let bank = try TestBank((54, 1), (15, 300), (16, 400)).read()
    var options = RenderOptions(sampleRate: 16_000, maximumVoices: 24, isLimited: false)
    var expected: (mix: [UInt8], parts: [[UInt8]])?
    for threads in [1, 2, 4] {
      options.threadCount = threads
      options.separatesParts = false
      var mix = ScoreRenderer(score: piece, bank: bank, options: options)
      let path = folder.file("mix.wav")
      let written = try #require(
        try Mastering.write(&mix, to: path, level: level, threadCount: threads))
      options.separatesParts = true
      let parts = ScoreRenderer(score: piece, bank: bank, options: options)
      let paths = parts.parts.indices.map { folder.file("\($0).wav") }
      _ = try Mastering.writeParts(
        parts, to: paths, frameCount: written.sound.frameCount, gain: written.gain, encoding: .float,
        tags: paths.map { _ in SoundTags() })
      let files = (mix: try readFile(path), parts: try paths.map { try readFile($0) })
      #expect(files.mix.count > 10_000 && files.parts.count == 6)
      #expect(
        expected.map { $0.mix == files.mix && $0.parts == files.parts } ?? true, "\(threads) threads")
      expected = expected ?? files
    }
  }

  @Test("What is rendered in one go is what is rendered in blocks") func restAndBlocks() throws {
    let bank = try TestBank((54, 1)).read()
    for threads in [1, 3] {
      let options = RenderOptions(sampleRate: 16_000, maximumVoices: 24, threadCount: threads)
      let blocks = Recording(ScoreRenderer(score: piece, bank: bank, options: options))
      let renderer = ScoreRenderer(score: piece, bank: bank, options: options)
      // The beginning by itself, so that a part of a quantum is left.
      var block = [Float](repeating: 0, count: 2 * 777)
      var room = block.mutableSpan
      let first = renderer.render(into: &room)
      var samples = Array(block[..<(2 * first)])
      renderer.renderRest { portion in
        samples += portion.withUnsafeBufferPointer { Array($0) }
        return true
      }
      #expect(samples.count == 2 * blocks.left.count)
      #expect(zip(blocks.left, stride(from: 0, to: samples.count, by: 2)).allSatisfy { $0 == samples[$1] })
    }
  }

  @Test("A stolen region fades instead of clicking")
  func stealing() throws {
    let bank = try TestBank((54, 1)).read()
    let notes = (0..<12).map { Note(onset: 25 * $0, duration: 400, pitch: 45 + $0, velocity: 90) }
    var options = RenderOptions(sampleRate: 44_100, reverb: .off)
    options.maximumVoices = 3
    let recording = Recording(ScoreRenderer(score: score(notes), bank: bank, options: options))
    let jump = zip(recording.left.dropFirst(), recording.left).map { abs($0 - $1) }.max() ?? 1
    // Sines of 200 Hz move by 2π·200/44100 of their amplitude in a frame; fades add little.
    #expect(jump < 0.12 * recording.peak, "\(jump) of \(recording.peak)")
  }

  @Test("An empty score is silent and ends")
  func empty() throws {
    let recording = Recording(
      ScoreRenderer(score: Score(ticksPerQuarter: 480), library: try Shipped.library.get()))
    #expect(recording.peak < 1e-6 && recording.left.count < 44_100)
  }
}
