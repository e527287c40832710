import Audio
import Foundation
import Groundwork
import MIDI
import Music
import Notation
import TestSupport
import Testing

/// `gruppetto play` with a model: what it plays goes to pipes and files here, so that no sound card is needed.
@Suite(.serialized) struct EndlessPlayingTests {
  let workshop: Workshop

  /// A workshop with a model, which all tests share; what they write has names of their own.
  private static let shared = Result {
    let workshop = try Workshop()
    let training = try workshop.run(
      ["train", "tunes", "-o", "model", "--steps", "40", "--seed", "7", "--quiet"] + Workshop.quick)
    try #require(training.exitCode == 0, "\(training.errors)")
    return workshop
  }

  init() throws { workshop = try Self.shared.get() }

  /// Short sounds at a low rate, for what is rendered by a debug build.
  private static let cheap = ["--rate", "8000", "--reverb", "off", "--seed", "3", "--bars", "4"]

  private func score(_ name: String) throws -> Score {
    let file = try MIDIFile(bytes: workshop.bytes(name))
    #expect(file.damage.isEmpty)
    return try Score(midi: file)
  }

  private func notes(_ score: Score) -> [Note] { score.tracks.flatMap(\.notes).sorted() }

  @Test("The same seed gives the same samples and files, and sound and MIDI files agree")
  func theSameSeedGivesTheSame() throws {
    for name in ["a", "b"] {
      let run = try workshop.run(
        [
          "play", "model", "--raw", "\(name).raw", "--minutes", "0.15", "--record", "\(name).mid", "--record",
          "\(name).wav",
        ]
          + Self.cheap)
      #expect(run.exitCode == 0, "\(run.errors)")
    }
    for ending in ["raw", "mid", "wav"] {
      let isSame = try workshop.bytes("a.\(ending)") == workshop.bytes("b.\(ending)")
      #expect(isSame, "\(ending)")
    }
    let sound = try AudioFile.read(workshop("a.wav"))
    #expect(try workshop.bytes("a.raw").count == 4 * sound.frameCount && sound.sampleRate == 8000)
    let music = try score("a.mid")
    #expect(music.noteCount > 0 && music.seconds >= 9)
    #expect(abs(Double(sound.frameCount) / 8000 - music.seconds) < 12)
  }

  @Test(
    "Killed in the middle, the MIDI file is complete to the last bar, and the WAV file to the last second")
  func killedInTheMiddleTheFilesAreWhole() throws {
    let options = ["play", "model", "--raw", "k.raw", "--paced", "--record", "k.mid", "--record", "k.wav"]
    let running = try workshop.program.start(options + Self.cheap, folder: workshop.folder.path)
    let deadline = Date() + 60
    // Until some seconds are there.
    while Date() < deadline, ((try? workshop.bytes("k.wav").count) ?? 0) < 4 * 8000 * 5 {
      Thread.sleep(forTimeInterval: 0.05)
    }
    running.signal(SIGKILL)
    #expect(running.wait().exitCode == -SIGKILL)
    let raw = try workshop.bytes("k.raw")
    let sound = try AudioFile.read(workshop("k.wav"))
    // What was handed over a tenth of a second at a time, and synchronized each second.
    #expect(sound.frameCount >= raw.count / 4 - Int(1.5 * 8000) && sound.frameCount >= 4 * 8000)
    let heard = (0..<min(raw.count / 2, sound.samples.count)).map { (place: Int) -> Float in
      let word = UInt16(raw[2 * place]) | UInt16(raw[2 * place + 1]) << 8
      return Float(Int16(bitPattern: word)) / 32768
    }
    let isSame = zip(heard, sound.samples).allSatisfy { abs($0 - $1) <= 2.1 / 32768 }
    #expect(isSame)
    // The same music, not killed.
    let run = try workshop.run(
      ["play", "model", "--raw", "/dev/null", "--minutes", "0.5", "--record", "whole.mid", "--quiet"]
        + Self.cheap)
    #expect(run.exitCode == 0, "\(run.errors)")
    // How long notes last that the next bars would have cut short is not compared.
    func onsets(_ notes: [Note]) -> [[Int]] {
      notes.map { [$0.onset, $0.pitch, $0.velocity] }.sorted { $0.lexicographicallyPrecedes($1) }
    }
    let killed = onsets(notes(try score("k.mid"))), whole = onsets(notes(try score("whole.mid")))
    let isBeginning = Array(whole.prefix(killed.count)) == killed
    #expect(killed.count > 4 && isBeginning)
    // It holds all that was heard: bars of it begin until the sound ends.
    #expect(try score("k.mid").seconds >= Double(sound.frameCount) / 8000 - 2.5)
  }

  @Test("Ctrl-C ends with a fade, and keeps the files") func ctrlCKeepsTheFiles() throws {
    let running = try workshop.program.start(
      ["play", "model", "--raw", "/dev/null", "--paced", "--record", "c.mid", "--record", "c.flac"]
        + Self.cheap,
      folder: workshop.folder.path)
    let deadline = Date() + 60
    while Date() < deadline, !workshop.has("c.mid") { Thread.sleep(forTimeInterval: 0.05) }
    Thread.sleep(forTimeInterval: 1)
    running.signal(SIGINT)
    let run = running.wait()
    #expect(run.exitCode == 130, "\(run.errors)")
    #expect(run.errorLines.last?.contains("seed 3") == true, "\(run.errors)")
    #expect(try AudioFile.read(workshop("c.flac")).frameCount > 4000)
    #expect(try score("c.mid").noteCount > 0)
  }

  @Test("A recording that fails is told of, and the music and the other recordings go on")
  func aRecordingThatFailsHarmsNoOther() throws {
    let options =
      "--minutes 0.15 --record \(workshop("whole2.mid")) --raw /dev/null \(Self.cheap.joined(separator: " "))"
    let whole = try workshop.shell("\(workshop.program.path) play \(workshop("model")) \(options)")
    #expect(whole.exitCode == 0, "\(whole.errors)")
    let bytes = try workshop.bytes("whole2.mid")
    // Less than two seconds of sound fit into the largest file that is allowed here.
    let run = try workshop.shell(
      "ulimit -f 32; \(workshop.program.path) play \(workshop("model")) \(options) --record \(workshop("full.wav"))"
    )
    #expect(run.exitCode == 73, "\(run.exitCode) \(run.errors)")
    #expect(run.errors.contains("the music goes on without it"), "\(run.errors)")
    #expect(try workshop.bytes("whole2.mid") == bytes)
  }

  @Test(
    "Ctrl-C ends the waiting for a reader of a pipe, and for one that reads no more",
    arguments: [true, false])
  func ctrlCEndsTheWaitingForAReader(isOpen: Bool) throws {
    let pipe = workshop("pipe-\(isOpen)")
    try #require(mkfifo(pipe, 0o600) == 0)
    let reader = isOpen ? open(pipe, O_RDWR | O_CLOEXEC) : -1
    defer { if isOpen { close(reader) } }
    let running = try workshop.program.start(
      ["play", "model", "--raw", pipe, "--quiet"] + Self.cheap, folder: workshop.folder.path)
    Thread.sleep(forTimeInterval: 3)
    running.signal(SIGINT)
    let start = ContinuousClock.now
    let run = running.wait()
    #expect(run.exitCode == 130 && ContinuousClock.now - start < .seconds(10), "\(run.errors)")
    // A second signal, which nothing waits for, says less.
    #expect(run.errors.contains("seed 3"), "\(run.errors)")
  }

  @Test("Samples go to standard output, and a reader that goes away ends it")
  func samplesGoToStandardOutput() throws {
    let run = try workshop.shell(
      "\(workshop.program.path) play model --raw - --raw-format f32le \(Self.cheap.joined(separator: " ")) --quiet | head -c 64000 | wc -c"
    )
    #expect(run.output.contains("64000"), "\(run.output) \(run.errors)")
    let json = try workshop.run(
      ["play", "model", "--raw", "x.raw", "--minutes", "0.05", "--json", "--quiet"] + Self.cheap)
    let report = try json.json()
    #expect(
      report["bars"] as? Int ?? 0 > 0 && report["seed"] as? Int == 3
        && report["firstSoundMilliseconds"] != nil)
  }

  @Test(
    "It stops at the first bar line after the minutes, and the tail is over when nobody hears it any more")
  func itStopsAfterTheMinutes() throws {
    let run = try workshop.run(
      ["play", "model", "--raw", "m.raw", "--minutes", "0.1", "--record", "m.mid", "--json"] + Self.cheap)
    #expect(run.exitCode == 0, "\(run.errors)")
    let music = try score("m.mid")
    let report = try run.json()
    let bars = report["bars"] as? Int ?? 0
    #expect(music.seconds >= 6 && music.seconds * Double(bars - 1) / Double(bars) < 6.2)
    #expect(report["seconds"] as? Double ?? 99 < music.seconds + 4)
  }

  @Test("A reader of messages that goes away ends the music with a word")
  func aReaderOfMessagesThatGoesEndsIt() throws {
    let run = try workshop.shell(
      "(\(workshop.program.path) play model --midi - --seed 3 --bars 4 --quiet; echo $? > midi.code) | head -c 30 | wc -c"
    )
    #expect(
      run.output.contains("30") && run.errors.contains("cannot be written (nobody reads it any more)"),
      "\(run.errors)")
    #expect(String(decoding: try workshop.bytes("midi.code"), as: UTF8.self) == "73\n")
  }

  @Test("MIDI messages go to standard output when they would be heard")
  func midiGoesToStandardOutput() throws {
    let began = Date()
    let run = try workshop.shell(
      "\(workshop.program.path) play model --midi - --minutes 0.05 --seed 3 --bars 4 --reverb off --quiet > out.bytes"
    )
    #expect(run.exitCode == 0, "\(run.errors)")
    let bytes = try workshop.bytes("out.bytes")
    let ons = bytes.indices.filter { bytes[$0] & 0xF0 == 0x90 && $0 + 2 < bytes.count && bytes[$0 + 2] > 0 }
    #expect(!ons.isEmpty && Date().timeIntervalSince(began) > 2)
  }

  @Test("Options that mean nothing are refused with what to do")
  func optionsThatMeanNothingAreRefused() throws {
    for (arguments, words) in [
      (["play", "model", "--piece", "2"], "for a file"),
      (["play", "short.abc", "--bars", "4"], "of a model"),
      (["play", "model", "--record", "a.txt", "--raw", "/dev/null"], "neither MIDI nor sound"),
      (["play", "model", "--raw", "-", "--json"], "standard output"),
      (["play", "model", "--raw", "-", "--midi", "-"], "standard output"),
      (["play", "model", "--paced"], "--raw"),
      (["play", "model", "--raw", "x", "--midi", "y"], "add --paced"),
      (["play", "model", "--free", "all"], "key, tempo or ensemble"),
      (["play", "model", "--raw", "x", "--device", "null"], "drop --device"),
      (["play", "tunes", "--raw", "x"], "model"),
    ] {
      let run = try workshop.run(arguments)
      #expect([64, 65, 66].contains(run.exitCode), "\(arguments): \(run.exitCode) \(run.errors)")
      #expect(run.errors.contains(words), "\(arguments): \(run.errors)")
    }
  }
}
