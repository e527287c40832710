import Foundation
import Groundwork
import MIDI
import Performing
import TestSupport
import Testing

@Suite("Others who take part while the program plays", .serialized)
struct PlayTogetherTests {
  let workshop: Workshop

  /// A workshop with a model, which all tests share.
  private static let shared = Result {
    let workshop = try Workshop()
    let training = try workshop.run(
      ["train", "tunes", "-o", "model", "--steps", "40", "--seed", "7", "--quiet"] + Workshop.quick)
    try #require(training.exitCode == 0, "\(training.errors)")
    // Twelve bars of quarter notes.
    let bars = Array(repeating: "CEGc|cGEC", count: 6).joined(separator: "|")
    try replaceFile(
      at: workshop("long.abc"), with: "X:1\nT:Long\nM:4/4\nL:1/4\nQ:1/4=240\nK:C\n\(bars)|]\n")
    return workshop
  }

  init() throws { workshop = try Self.shared.get() }

  private func start(_ arguments: [String]) throws -> Program.Running {
    try workshop.program.start(
      ["play"] + arguments + ["--reverb", "off", "--sound", "builtin", "--quiet"],
      folder: workshop.folder.path)
  }

  @Test("A file's notes go to a port when they would be heard, and its clock with them")
  func fileGoesToAPort() throws {
    let heard = try Heard(workshop("notes"))
    let running = try start(["long.abc", "--midi", "notes", "--send-clock", "--plain"])
    let run = running.wait()
    _ = heard.wait(5) { $0.commands.last == .stop }
    heard.close()
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains("through notes"), "\(run.output)")
    #expect(heard.commands == [.start, .stop])
    let notes = heard.notes
    #expect(notes.count == 48 && notes.first?.key == 60)
    // Whoever follows the clock is where the notes are.
    var follower = ClockFollower()
    var (errors, tempos): ([Double], [Double]) = ([], [])
    for timed in heard.all {
      follower.receive(timed.message, at: timed.time)
      if case .midi(.noteOn) = timed.message, follower.quarters(at: timed.time) > 6 {
        let place = follower.quarters(at: timed.time)
        errors.append(abs(place - place.rounded()) * 0.25)
        tempos.append(follower.quartersPerMinute ?? 0)
      }
    }
    #expect(errors.count > 30 && errors.sorted()[errors.count / 2] < 0.005, "\(errors)")
    #expect(abs(tempos.sorted()[tempos.count / 2] - 240) < 5)
    // A machine without processor time may let some notes wait.
    let intervals = zip(notes, notes.dropFirst()).map { $1.time.seconds(since: $0.time) }.sorted()
    #expect(intervals.count == 47 && abs(intervals[23] - 0.25) < 0.01)
  }

  @Test("A file is led through OSC: place, tempo and pauses, and what has no meaning is refused")
  func fileIsLed() throws {
    let (remote, heard) = (try Remote(), try Heard(workshop("led")))
    let running = try start(
      ["long.abc", "--midi", "led", "--send-clock", "--plain", "--osc", "\(remote.port)"])
    try #require(remote.waitForMusic())
    remote.send("subscribe")
    #expect(remote.answer("bar") != nil)
    #expect(remote.set("gain", .float(-6)) == .float(-6))
    #expect(remote.set("tempo", .float(120)) == .float(120))
    #expect(remote.ask("tempo-factor") == .float(0.5))
    for (name, value) in [("tempo", OSCArgument.float(5)), ("gain", .float(99)), ("mood", .string("sad"))] {
      remote.send("parameter/\(name)", value)
      #expect(remote.answer("error")?.arguments.first?.text?.contains(name) == true)
    }
    for (request, word) in [("transport/reset", "forget"), ("transport/bar", "needs")] {
      remote.send(request)
      #expect(remote.answer("error")?.arguments.first?.text?.contains(word) == true)
    }
    // What plays a file plays no notes that others send.
    remote.send("note", .int(60), .int(90))
    #expect(remote.answer("error")?.arguments.first?.text?.contains("live") == true)
    remote.send("transport/bar", .int(99))
    #expect(remote.answer("error")?.arguments.first?.text == "there is no bar 99: the last is 12")
    remote.send("transport/bar", .int(11))
    let end = Date() + 20
    var bar: OSCMessage?
    while Date() < end, bar?.arguments.first != .int(11) { bar = remote.answer("bar") }
    #expect(bar?.arguments == [.int(11), .float(4), .float(120)])
    #expect(heard.wait { $0.commands.last == .resume }, "\(heard.commands)")
    remote.send("transport/pause")
    #expect(heard.wait { $0.commands.last == .stop })
    // What was sent before may still be on its way; at this tempo a note begins each half second.
    var count = -1
    let quiet = Date() + 20
    while count != heard.notes.count, Date() < quiet {
      count = heard.notes.count
      usleep(900_000)
    }
    #expect(heard.notes.count == count, "nothing is played in a pause")
    remote.send("transport/start")
    #expect(heard.wait { $0.notes.count > count && $0.notes.last?.key == 60 })
    remote.send("transport/stop")
    let run = running.wait()
    _ = heard.wait(5) { $0.commands.last == .stop }
    heard.close()
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(heard.commands.first == .start && heard.commands.last == .stop)
    #expect(heard.commands.contains(.resume))
  }

  @Test("Where the sound cannot be written any more, the notes of ports are ended, and the clock is stopped")
  func failingSoundEndsAll() throws {
    let heard = try Heard(workshop("ended"))
    try #require(mkfifo(workshop("sound"), 0o600) == 0)
    let running = try start([
      "long.abc", "--raw", "sound", "--paced", "--midi", "ended", "--send-clock", "--plain",
    ])
    let reader = try FileHandle(forReadingFrom: URL(filePath: workshop("sound")))
    var bytes = 0
    while heard.notes.count < 3, let data = try reader.read(upToCount: 4096), !data.isEmpty {
      bytes += data.count
    }
    try reader.close()
    let run = running.wait()
    #expect(run.exitCode == 73 && bytes > 0, "\(run.errors)")
    #expect(heard.wait(10) { $0.commands.last == .stop }, "\(heard.commands)")
    heard.close()
    #expect(heard.commands.first == .start)
    var held = HeldKeys()
    for timed in heard.all { held.follow(timed.message) }
    #expect(heard.notes.count >= 3 && held.isEmpty)
  }

  @Test(
    "Music of a model is led through OSC: parameters, pauses, its end, and subscribers are told of notes and bars"
  )
  func modelIsLed() throws {
    let (remote, heard) = (try Remote(), try Heard(workshop("composed")))
    let running = try start(
      [
        "model", "--midi", "composed", "--send-clock", "--osc", "\(remote.port)", "--bars", "4", "--seed",
        "3",
      ])
    try #require(remote.waitForMusic())
    remote.send("subscribe")
    #expect(remote.answer("note") != nil)
    #expect(remote.set("temperature", .float(0.5)) == .float(0.5))
    #expect(remote.set("density", .float(2)) == .float(2))
    #expect(remote.set("transposition", .int(-3)) == .float(-3))
    #expect(remote.set("key", .string("D dorian"))?.text?.contains("dorian") == true)
    #expect(remote.set("key", .string("any")) == .string("any"))
    #expect(remote.set("voices", .int(2)) == .float(2))
    #expect(remote.set("voices", .int(0)) == .float(0))
    // While nothing plays no other piece begins, whose tempo would be another one.
    remote.send("transport/pause")
    #expect(heard.wait { $0.commands.last == .stop })
    // As it was asked for, and not as it is heard for another bar.
    let tempo = try #require(remote.ask("tempo")?.number)
    #expect(remote.set("tempo", .float(Float(tempo) + 10)) == .float(Float(tempo) + 10))
    #expect(remote.set("tempo", .float(Float(tempo) - 5)) == .float(Float(tempo) - 5))
    #expect(remote.set("tempo-factor", .int(1))?.number == 1)
    #expect(abs((remote.ask("tempo")?.number ?? 0) - tempo) < 0.01)
    #expect(remote.set("instruments", .string("violin, 48")) == .string("40,48"))
    #expect(remote.set("instruments", .string("as composed")) == .string("as composed"))
    #expect(remote.set("tempo-factor", .float(1.5)) == .float(1.5))
    #expect(remote.set("gain", .float(-3)) == .float(-3))
    for (name, value) in [
      ("temperature", OSCArgument.float(9)), ("key", .string("H")), ("instruments", .string("drums")),
      ("volume", .int(3)), ("voices", .float(2.5)), ("transposition", .float(0.5)),
    ] {
      remote.send("parameter/\(name)", value)
      #expect(remote.answer("error") != nil, "\(name)")
    }
    for request in ["transport/reset", "transport/bar"] {
      remote.send(request, .int(1))
      #expect(remote.answer("error") != nil)
    }
    for (address, word) in [("note", "live"), ("transport/rewind", "there is no"), ("tune", "there is no")] {
      remote.send(address, .int(60), .int(90))
      #expect(remote.answer("error")?.arguments.first?.text?.contains(word) == true, "\(address)")
    }
    remote.send("transport/resume")
    #expect(heard.wait(20) { $0.commands.last == .resume }, "\(heard.commands)")
    #expect(remote.answer("bar")?.arguments.count == 3)
    remote.send("transport/stop")
    let run = running.wait()
    _ = heard.wait(5) { $0.commands.last == .stop }
    heard.close()
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains("2 OSC messages could not be read"), "\(run.output)")
    #expect(heard.commands.last == .stop)
    #expect(heard.notes.count > 4)
  }

  @Test("A live performance plays what OSC brings, is asked and led by it, and refuses what cannot be")
  func livePlaysWhatComes() throws {
    let remote = try Remote()
    let running = try workshop.program.start(
      [
        "live", "model", "--osc", "\(remote.port)", "--no-sound", "--record", "osc.mid", "--tempo", "240",
        "--bars", "1", "--seed", "3", "--json",
      ], folder: workshop.folder.path)
    let end = Date() + 60
    var isThere = false
    while !isThere, Date() < end {
      remote.send("ping")
      isThere = remote.client.receive(timeoutSeconds: 0.2) != nil
    }
    #expect(remote.set("temperature", .float(0.5)) == .float(0.5))
    #expect(remote.set("bars", .int(2)) == .float(2))
    #expect(remote.set("bars", .int(0)) == .float(0))
    #expect(remote.set("pause", .float(1.5)) == .float(1.5))
    for (name, value) in [
      ("bars", OSCArgument.float(1.5)), ("pause", .float(99)), ("temperature", .string("hot")),
      ("key", .int(1)),
    ] {
      remote.send("parameter/\(name)", value)
      #expect(remote.answer("error")?.arguments.first?.text?.contains(name) == true, "\(name)")
    }
    remote.send("transport/bar", .int(3))
    #expect(remote.answer("error") != nil)
    for key in [60, 62, 64] {
      remote.send("note", .int(Int32(key)), .int(80))
      usleep(200_000)
      remote.send("note/off", .int(Int32(key)))
    }
    usleep(500_000)
    remote.send("transport/stop")
    let run = running.wait()
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(try run.json()["heardNotes"] as? Int == 3)
    #expect(workshop.has("osc.mid"))
  }

  @Test("An accompaniment sends its clock, which starts with the player")
  func accompanimentSendsItsClock() throws {
    let heard = try Heard(workshop("band"))
    let running = try workshop.program.start(
      [
        "live", "model", "--in", "keys", "--out", "band", "--no-sound", "--accompany", "--tempo", "240",
        "--send-clock", "--until-end", "--quiet",
      ], folder: workshop.folder.path)
    let deadline = Date() + 60
    while Date() < deadline, !FileManager.default.fileExists(atPath: workshop("keys")) { usleep(20_000) }
    let keys = try FileHandle(forWritingTo: URL(filePath: workshop("keys")))
    try keys.write(contentsOf: Data([0x90, 60, 80, 0x90, 64, 80, 0x90, 67, 80]))
    #expect(heard.wait { $0.all.count { $0.message == .clock } > 288 })
    try keys.close()
    let run = running.wait()
    _ = heard.wait(5) { $0.commands.last == .stop }
    heard.close()
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(heard.commands == [.start, .stop])
    var follower = ClockFollower()
    var tempos: [Double] = []
    for timed in heard.all {
      follower.receive(timed.message, at: timed.time)
      if follower.clockCount > 144 { tempos.append(follower.quartersPerMinute ?? 0) }
    }
    #expect(abs(tempos.sorted()[tempos.count / 2] - 240) < 5)
  }

  @Test("What cannot be is refused, with what to do")
  func refusals() throws {
    try replaceFile(at: workshop("no-port"), with: "text")
    for (arguments, code, word) in [
      (["play", "long.abc", "--send-clock"], 64, "--midi"),
      (["play", "long.abc", "--osc", "0"], 64, "65535"),
      (["play", "tone.wav", "--midi", "x"], 64, "sound file"),
      (["play", "long.abc", "--midi", "-", "--json"], 64, "standard output"),
      (["play", "long.abc", "--midi", "no-port"], 73, "FIFO"),
      (["play", "long.abc", "--midi", "/dev/snd/midiC31D0"], 66, "MIDI device"),
      (["live", "model", "--send-clock"], 64, "--accompany"),
      (["live", "model", "--send-clock", "--accompany", "--in", "x"], 64, "--out"),
    ] {
      let run = try workshop.run(arguments)
      #expect(
        run.exitCode == code && run.errors.contains(word), "\(arguments): \(run.exitCode) \(run.errors)")
    }
  }

  @Test(
    "Without a sequencer, the program says what works without it",
    .enabled(
      if: !FileManager.default.fileExists(atPath: "/dev/snd/seq"), "skipped: there is an ALSA sequencer"))
  func missingSequencer() throws {
    for arguments in [
      ["play", "long.abc", "--midi", "alsa"], ["play", "model", "--midi", "alsa:Synth", "--seed", "1"],
      ["live", "model", "--in", "alsa"],
    ] {
      let run = try workshop.run(arguments)
      #expect(run.exitCode == 66, "\(arguments): \(run.errors)")
      #expect(run.errors.contains("there is no ALSA sequencer here") && run.errors.contains("FIFO"))
    }
  }
}
