import Foundation
import Groundwork
import MIDI
import Music
import Notation
import TestSupport
import Testing

/// `gruppetto live`, with a FIFO in the place of a keyboard.
@Suite(.serialized) struct LiveCommandTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
    let training = try workshop.run(
      ["train", "tunes", "-o", "model", "--steps", "40", "--seed", "7", "--quiet"] + Workshop.quick)
    try #require(training.exitCode == 0, "\(training.errors)")
  }

  /// Plays a scale of quarter notes at 240 a minute into a FIFO, a key at a time.
  private func play(_ pitches: [Int], into path: String) throws {
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    let start = Date()
    for (index, pitch) in pitches.enumerated() {
      Thread.sleep(until: start + 0.25 * Double(index))
      try file.write(contentsOf: Data([0x90, UInt8(pitch), 80]))
      Thread.sleep(until: start + 0.25 * Double(index) + 0.2)
      try file.write(contentsOf: Data([0x80, UInt8(pitch), 0]))
    }
    try file.close()
  }

  private func waitForFIFO(_ path: String) {
    let deadline = Date() + 30
    while Date() < deadline, !FileManager.default.fileExists(atPath: path) {
      Thread.sleep(forTimeInterval: 0.02)
    }
  }

  @Test("A tune that is played into a FIFO is answered in its bars, and both are recorded")
  func aTuneIsAnswered() throws {
    let keys = workshop.folder.file("keys")
    let running = try workshop.program.start(
      [
        "live", "model", "--in", "keys", "--no-sound", "--record", "both.mid", "--until-end", "--tempo",
        "240", "--seed",
        "3", "--json", "--learn", "--save-style", "played.style",
      ], folder: workshop.folder.path)
    waitForFIFO(keys)
    try play([60, 62, 64, 65, 67, 65, 64, 62], into: keys)
    let run = running.wait()
    #expect(run.exitCode == 0, "\(run.errors)")
    let report = try run.json()
    #expect(report["heardNotes"] as? Int == 8 && report["answers"] as? Int == 1)
    #expect(report["mode"] as? String == "answer" && report["seed"] as? Int == 3)
    #expect(report["answerLatency"] is [String: Any] && report["learnedPhrases"] as? Int == 1)
    let both = try Score(midi: MIDIFile(bytes: workshop.bytes("both.mid")))
    let heard = try #require(both.tracks.first { $0.name == "player" })
    // A track for each channel.
    let answer = both.tracks.filter { $0.name != "player" }.flatMap(\.notes)
    #expect(heard.notes.map(\.pitch) == [60, 62, 64, 65, 67, 65, 64, 62])
    #expect(answer.count == report["playedNotes"] as? Int)
    #expect(answer.allSatisfy { $0.onset >= heard.lastNoteEnd })
    let info = try workshop.run(["style", "info", "played.style"])
    #expect(info.exitCode == 0 && info.output.contains("1 piece"), "\(info.errors)")
  }

  @Test("Ctrl-C ends it with 130, and all notes are ended first")
  func ctrlCEndsIt() throws {
    let keys = workshop.folder.file("keys")
    let running = try workshop.program.start(
      ["live", "model", "--in", "keys", "--no-sound", "--out", "answers", "--accompany", "--tempo", "120"],
      folder: workshop.folder.path)
    waitForFIFO(workshop.folder.file("answers"))
    // Without waiting for a writer, who waits for a reader.
    let descriptor = open(workshop.folder.file("answers"), O_RDONLY | O_NONBLOCK)
    try #require(descriptor >= 0)
    let answers = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    let file = try FileHandle(forWritingTo: URL(filePath: keys))
    try file.write(contentsOf: Data([0x90, 60, 80, 0x90, 64, 80, 0x90, 67, 80]))
    Thread.sleep(forTimeInterval: 1)
    running.signal(SIGINT)
    let run = running.wait()
    #expect(run.exitCode == 130, "\(run.errors)")
    let bytes = [UInt8](try answers.readToEnd() ?? Data())
    var down: Set<Int> = []
    var place = 0
    // Every message is written with its status byte.
    while place + 1 < bytes.count {
      let (status, key) = (bytes[place], Int(bytes[place + 1]))
      let channel = Int(status & 15)
      if status & 0xF0 == 0x90, bytes[place + 2] > 0 { down.insert(channel << 7 | key) }
      if status & 0xF0 == 0x80 || (status & 0xF0 == 0x90 && bytes[place + 2] == 0) {
        down.remove(channel << 7 | key)
      }
      place += status & 0xE0 == 0xC0 ? 2 : 3
    }
    #expect(!bytes.isEmpty && down.isEmpty)
  }

  @Test(
    "Whatever ends it, a FIFO that was made is gone", arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
  func fifosAreRemoved(signal: Int32) throws {
    let running = try workshop.program.start(
      ["live", "model", "--in", "keys", "--out", "answers", "--no-sound"], folder: workshop.folder.path)
    #expect(running.waitForErrors("Listening to"))
    #expect(workshop.has("keys") && workshop.has("answers"))
    running.signal(signal)
    let run = running.wait()
    #expect(run.exitCode == (signal == SIGQUIT ? -SIGQUIT : 130), "\(run.exitCode) \(run.errors)")
    #expect(!workshop.has("keys") && !workshop.has("answers"))
  }

  @Test("What contradicts itself is refused before anything is opened")
  func contradictionsAreRefused() throws {
    for options in [
      ["--answer", "--accompany"], ["--pause", "0"], ["--turns", "2", "--pause", "2"], ["--tempo", "10"],
      ["--tempo", "100", "--clock"], ["--save-style", "a.style"], ["--accompany", "--learn"],
      ["--record", "a.wav"], ["--parts", "bass"], ["--accompany", "--parts", "tuba"], ["--latency", "1"],
      ["--time-signature", "4"], ["--upbeat", "4"], ["--instrument", "128"], ["--osc", "0"],
      ["--in", "-", "--in", "-"], ["--json", "--out", "-"], ["--rate", "8000"],
    ] {
      let run = try workshop.run(["live", "model"] + options)
      #expect(run.exitCode == 64, "\(options): \(run.errors)")
    }
    // A model that is not there is told before all else.
    for options in [["--in", "-"], ["--no-sound", "--in", "-"], ["--json", "--out", "-"]] {
      let missing = try workshop.run(["live", "nothing"] + options)
      #expect(missing.exitCode == 66 && missing.errors.contains("nothing"), "\(missing.errors)")
    }
    for options in [
      ["--no-sound", "--raw", "x"], ["--raw", "-", "--out", "-"], ["--raw", "x", "--device", "null"],
    ] {
      let run = try workshop.run(["live", "model", "--in", "-"] + options)
      #expect(run.exitCode == 64, "\(options): \(run.errors)")
    }
  }

  @Test(
    "A recording that cannot be written is told before any music, and none is claimed where nothing was played"
  )
  func recordingsAreCheckedFirst() throws {
    for path in ["nowhere/a.mid", "tunes/full.mid"] {
      if path == "tunes/full.mid" {
        try FileManager.default.createSymbolicLink(
          atPath: workshop(path), withDestinationPath: "/dev/full")
      }
      let run = try workshop.run(
        ["live", "model", "--in", "-", "--no-sound", "--record", path], input: Data([0x90, 60, 80]))
      #expect(run.exitCode == 73, "\(path): \(run.exitCode) \(run.errors)")
    }
    let silent = try workshop.run(
      ["live", "model", "--in", "-", "--no-sound", "--until-end", "--record", "none.mid", "--json"])
    #expect(silent.exitCode == 0, "\(silent.errors)")
    #expect(try silent.json()["recording"] == nil && !workshop.has("none.mid"))
    let told = try workshop.run(
      ["live", "model", "--in", "-", "--no-sound", "--until-end", "--record", "none.mid"])
    #expect(told.output.contains("nothing was played, so none.mid was not written"), "\(told.output)")
  }

  @Test("Whatever bytes come in, the recording has no note that hangs")
  func noNoteHangs() throws {
    var generator = RepeatableGenerator(seed: 5)
    let bytes = (0..<4000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let run = try workshop.run(
      ["live", "model", "--in", "-", "--no-sound", "--until-end", "--record", "noise.mid", "--bars", "1"],
      input: Data(bytes))
    #expect(run.exitCode == 0, "\(run.errors)")
    let file = try MIDIFile(bytes: workshop.bytes("noise.mid"))
    for track in file.tracks {
      var down: Set<Int> = []
      for event in track.events {
        switch track.message(of: event) {
        case .noteOn(let channel, let key, let velocity) where velocity > 0: down.insert(channel << 7 | key)
        case .noteOn(let channel, let key, _), .noteOff(let channel, let key, _):
          down.remove(channel << 7 | key)
        default: break
        }
      }
      #expect(down.isEmpty)
    }
    let report = try workshop.run(["inspect", "noise.mid"])
    #expect(!report.output.contains("warning"), "\(report.output)")
  }

  @Test("What both play goes to a pipe as samples, in real time")
  func samplesGoToAPipe() throws {
    let keys = workshop.folder.file("keys")
    let running = try workshop.program.start(
      [
        "live", "model", "--in", "keys", "--raw", "both.raw", "--rate", "8000", "--until-end", "--tempo",
        "240",
        "--seed", "3", "--json", "--quiet",
      ], folder: workshop.folder.path)
    // Until it sounds.
    let deadline = Date() + 60
    while Date() < deadline, ((try? workshop.bytes("both.raw").count) ?? 0) == 0 {
      Thread.sleep(forTimeInterval: 0.05)
    }
    let start = Date()
    try play([60, 62, 64, 65, 67, 65, 64, 62], into: keys)
    let played = Date().timeIntervalSince(start)
    let run = running.wait()
    #expect(run.exitCode == 0, "\(run.errors)")
    let report = try run.json()
    let bytes = try workshop.bytes("both.raw")
    let seconds = Double(bytes.count / 4) / 8000
    // From the beginning to the end of the answer.
    #expect(seconds > played && seconds > (report["seconds"] as? Double ?? 99) - 1)
    let isHeard = bytes.contains { $0 > 32 && $0 < 224 }
    #expect(isHeard && report["heardNotes"] as? Int == 8)
  }

  @Test("A reader of the samples that goes away is told of as such, and not as a device")
  func aReaderThatGoesIsTold() throws {
    for reader in ["true", "head -c 10 > first"] {
      // The reader waits, or has gone, when the samples begin.
      let run = try workshop.shell(
        "(sleep 1; \(workshop.program.path) live model --in - --raw - </dev/null; echo $? > code) | \(reader)"
      )
      #expect(String(decoding: try workshop.bytes("code"), as: UTF8.self) == "73\n", "\(run.errors)")
      #expect(
        run.errors.contains("standard output: cannot be written (nobody reads it any more)"), "\(run.errors)")
    }
  }
}
