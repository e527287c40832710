import Audio
import Foundation
import MIDI
import Music
import Notation
import Synthesis
import TestSupport
import Testing

@testable import Performing

@Suite("Keeping what was played")
struct RecordingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func read(_ name: String) throws -> Score {
    let file = try MIDIFile(bytes: [UInt8](Data(contentsOf: URL(filePath: folder.file(name)))))
    #expect(file.damage.isEmpty)
    return try Score(midi: file)
  }

  @Test("The MIDI file has all bars, and their tempos, instruments and places")
  func theMIDIFileHasAllBars() throws {
    let recording = try MIDIRecording(path: folder.file("a.mid"), sampleRate: 8000)
    let engine = PerformanceEngine(
      bank: Small.Bank(),
      settings: EngineSettings(
        render: RenderOptions(sampleRate: 8000, reverb: .off), initialGain: 0, barsAhead: 16,
        waitsForBars: true))
    engine.add(recording)
    for number in 0..<3 {
      var bar = Small.bar(number, pitches: [60 + number, 64, 67, 72], program: number < 2 ? 73 : 40)
      bar.parts[0].pan = 40
      // A note that ends in the next bar.
      bar.notes[3].note.duration = 960
      if number == 1 { bar.timeSignature = TimeSignature(2, 2) }
      if number == 2 { bar.tempos[0].microsecondsPerQuarter = 500_000 }
      engine.add(bar)
    }
    engine.finish()
    var block = [Float](repeating: 0, count: 2 * 512)
    while true {
      var room = block.mutableSpan
      if engine.render(into: &room) < 512 { break }
    }
    try recording.finish()
    let score = try read("a.mid")
    let notes = score.tracks.flatMap(\.notes).sorted()
    #expect(notes.map(\.pitch) == [60, 64, 67, 72, 61, 64, 67, 72, 62, 64, 67, 72])
    #expect(notes.map(\.onset) == (0..<12).map { 480 * $0 })
    #expect(notes[3].duration == 960 && notes[0].duration == 400)
    #expect(score.tempos.map(\.microsecondsPerQuarter) == [250_000, 500_000])
    #expect(score.timeSignatures.map(\.timeSignature) == [.common, TimeSignature(2, 2), .common])
    let track = try #require(score.tracks.first { !$0.notes.isEmpty })
    #expect(track.name == "tune" && track.program == 73)
    #expect(track.programChanges.map(\.program) == [40])
    #expect(track.controlChanges.map(\.value) == [40])
  }

  @Test("The MIDI file is whole after each bar, with the ends of notes that are yet to come")
  func theMIDIFileIsWholeAfterEachBar() throws {
    var transcript = Transcript()
    for number in 0..<20 {
      // Keys that are struck again while they are held would end.
      var bar = Small.bar(number, pitches: [60, 64, 67, 84 + number])
      bar.notes[3].note.duration = 3000
      transcript.begin(bar, atSecond: Double(number))
      let file = try MIDIFile(bytes: transcript.file.encoded())
      #expect(file.damage.isEmpty)
      let score = try Score(midi: file)
      #expect(score.noteCount == 4 * (number + 1))
      #expect(score.tracks.flatMap(\.notes).filter { $0.duration == 3000 }.count == number + 1)
    }
  }

  @Test("Messages are kept where they were heard in the bar")
  func messagesAreKept() throws {
    var transcript = Transcript()
    transcript.begin(Small.bar(0), atSecond: 1)
    transcript.add(.noteOn(key: 80, velocity: 70), channel: 2, atSecond: 1.25)
    transcript.add(.noteOff(key: 80), channel: 2, atSecond: 1.5)
    transcript.begin(Small.bar(1), atSecond: 2)
    let score = try Score(midi: MIDIFile(bytes: transcript.file.encoded()))
    let note = try #require(score.tracks.flatMap(\.notes).first { $0.pitch == 80 })
    #expect(note.onset == 480 && note.duration == 480 && note.velocity == 70)
  }

  @Test("A growing WAV file can be read at each moment, to the last second")
  func aGrowingWAVFileCanBeRead() throws {
    let path = folder.file("a.wav")
    let file = try GrowingWAVFile(path: path, sampleRate: 8000, channelCount: 2)
    #expect(try AudioFile.read(path).frameCount == 0)
    var generator = RepeatableGenerator(seed: 1)
    var all: [Float] = []
    for _ in 0..<35 {
      let samples = (0..<2 * 800).map { _ in Float.random(in: -0.9...0.9, using: &generator) }
      all += samples
      try file.append(samples)
      let frames = try AudioFile.read(path).frameCount
      #expect(frames > all.count / 2 - 8000 && frames <= all.count / 2)
    }
    try file.finish()
    let sound = try AudioFile.read(path)
    #expect(sound.frameCount == all.count / 2 && sound.sampleRate == 8000 && sound.channelCount == 2)
    #expect(zip(sound.samples, all).allSatisfy { abs($0 - $1) < 2.6 / 32768 })
  }

  @Test(
    "Where no sound came there is no file, and one that could not be written further has what it says it has")
  func unusableFilesAreNotLeft() throws {
    for name in ["none.wav", "none.flac"] {
      let recording = try SoundRecording(path: folder.file(name), sampleRate: 8000)
      try recording.finish()
      #expect(recording.keptSeconds == 0 && !FileManager.default.fileExists(atPath: folder.file(name)))
    }
    let path = folder.file("cut.wav")
    let file = try GrowingWAVFile(path: path, sampleRate: 8000, channelCount: 2)
    try file.append([Float](repeating: 0.5, count: 2 * 12_000))
    // As after an error of the disk.
    file.giveUp()
    #expect(file.keptFrames == 12_000)
    #expect(try AudioFile.read(path).frameCount == 12_000)
    let empty = try GrowingWAVFile(path: folder.file("empty.wav"), sampleRate: 8000, channelCount: 2)
    empty.giveUp()
    #expect(!FileManager.default.fileExists(atPath: folder.file("empty.wav")))
  }

  @Test("A recording without sound removes its own file only: no link to it, and nothing in its place")
  func othersFilesAreLeft() throws {
    let (link, target) = (folder.file("link.wav"), folder.file("target.wav"))
    try Data().write(to: URL(filePath: target))
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
    try GrowingWAVFile(path: link, sampleRate: 8000, channelCount: 2).finish()
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
    #expect(FileManager.default.fileExists(atPath: target))
    let path = folder.file("replaced.wav")
    let file = try GrowingWAVFile(path: path, sampleRate: 8000, channelCount: 2)
    try FileManager.default.removeItem(atPath: path)
    try Data([1, 2, 3]).write(to: URL(filePath: path))
    try file.finish()
    #expect(try Data(contentsOf: URL(filePath: path)) == Data([1, 2, 3]))
  }

  @Test("Sound is kept as it was rendered, in each format", arguments: ["a.wav", "a.flac"])
  func soundIsKept(name: String) throws {
    let path = folder.file(name)
    let recording = try SoundRecording(path: path, sampleRate: 8000)
    var samples: [Float] = []
    for number in 0..<50 {
      let block = (0..<2 * 333).map { Float($0 % 100 + number) / 200 }
      recording.didRender(block.span)
      samples += block
    }
    try recording.finish()
    let sound = try AudioFile.read(path)
    #expect(sound.frameCount == samples.count / 2)
    #expect(zip(sound.samples, samples).allSatisfy { abs($0 - $1) < 2.6 / 32768 })
  }

  @Test("A key that is struck while it is held begins anew, and is one note where two begin together")
  func aHeldKeyIsStruckAgain() throws {
    let recording = try MIDIRecording(path: folder.file("b.mid"), sampleRate: 8000)
    var bar = Small.bar(0, pitches: [60, 60, 64, 64])
    bar.notes[0].note.duration = 960
    bar.notes[3].note.onset = 960
    bar.notes[3].note.duration = 900
    recording.willPlay(bar, atFrame: 0)
    try recording.finish()
    let notes = try read("b.mid").tracks.flatMap(\.notes).sorted()
    #expect(
      notes.map { [$0.onset, $0.duration, $0.pitch] } == [[0, 480, 60], [480, 400, 60], [960, 900, 64]])
  }

  @Test("Tracks of parts with the same name have names of their own, from which the part is still known")
  func tracksHaveNamesOfTheirOwn() throws {
    var transcript = Transcript()
    for number in 0..<2 {
      var bar = Small.bar(number)
      bar.parts = [
        PerformedPart(name: "Melody", channel: 0, program: 0),
        PerformedPart(name: "Melody", channel: 3, program: 40),
        PerformedPart(name: "Melody", channel: 5, program: 41),
      ]
      for index in bar.notes.indices { bar.notes[index].part = index % 3 }
      transcript.begin(bar, atSecond: Double(number))
    }
    let score = try ScoreReader.read(bytes: transcript.file.encoded(), name: "a.mid").scores[0]
    #expect(score.tracks.map(\.name).filter { !$0.isEmpty } == ["Melody", "Melody 2", "Melody 3"])
    #expect(score.tracks.filter { $0.role == .melody }.count == 3)
  }

  @Test("A recording whose place is a device is refused before anything is played")
  func devicesAreRefused() {
    #expect(throws: PerformanceError.self) { _ = try MIDIRecording(path: "/dev/full", sampleRate: 8000) }
  }

  @Test("A folder that is not there is told before anything is played")
  func aMissingFolderIsTold() throws {
    #expect(throws: PerformanceError.self) {
      _ = try MIDIRecording(path: folder.file("nowhere/a.mid"), sampleRate: 8000)
    }
    #expect(throws: PerformanceError.self) {
      _ = try SoundRecording(path: folder.file("nowhere/a.wav"), sampleRate: 8000)
    }
    #expect(throws: PerformanceError.self) {
      _ = try SoundRecording(path: folder.file("a.txt"), sampleRate: 8000)
    }
  }
}
