import Audio
import Foundation
import Groundwork
import TestSupport
import Testing

@Suite("Playing files")
struct PlayTests {
  let workshop: Workshop

  init() throws { workshop = try Workshop() }

  private func writeSound(_ name: String, sampleRate: Int = 44_100, seconds: Double = 0.2) throws {
    let samples = (0..<Int(seconds * Double(sampleRate))).map { Float(0.3 * sin(Double($0) / 20)) }
    try AudioFile.write(
      AudioBuffer(sampleRate: sampleRate, channelCount: 1, samples: samples), to: workshop(name))
  }

  @Test("Music and sound files are played one after another, and each is reported")
  func severalFiles() throws {
    try writeSound("a.wav")
    try writeSound("b.wav", sampleRate: 22_050, seconds: 0.5)
    let run = try workshop.run(["play", "a.wav", "short.abc", "b.wav", "--device", "null", "--json"])
    #expect(run.exitCode == 0, "\(run.errors)")
    let report = try run.json()
    let files = report["files"] as? [[String: Any]] ?? []
    #expect(files.compactMap { $0["file"] as? String } == ["a.wav", "short.abc", "b.wav"])
    let seconds = files.compactMap { $0["seconds"] as? Double }
    #expect(abs(seconds[0] - 0.2) < 1e-3 && seconds[1] > 2 && abs(seconds[2] - 0.5) < 1e-3)
    #expect(report["file"] == nil && abs((report["seconds"] as? Double ?? 0) - seconds.reduce(0, +)) < 1e-6)
    let one = try workshop.run(["play", "a.wav", "--device", "null"])
    #expect(one.output == "a.wav: played 0:00 through null\n" && !one.errors.contains("\u{1B}"))
  }

  @Test("What is heard of music is what is rendered")
  func sameAsRendered() throws {
    #expect(
      try workshop.run(["render", "short.abc", "-o", "a.wav", "--bits", "float", "--normalize", "off"])
        .exitCode == 0)
    let played = try workshop.run(
      ["play", "short.abc", "--device", "file:'\(workshop("a.raw"))',raw", "--quiet"])
    #expect(played.exitCode == 0, "\(played.errors)")
    let rendered = try AudioFile.read(workshop("a.wav"))
    let heard = try workshop.bytes("a.raw").withUnsafeBytes { raw in
      (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
    #expect(abs(heard.count - rendered.samples.count) < 44_100)
    // The levels are set in different ways; the music is the same.
    func share(_ sound: [Float]) -> (Double, Double) {
      let count = min(heard.count, rendered.samples.count)
      let energy = sound[..<count].reduce(0.0) { $0 + Double($1 * $1) }
      let product = zip(heard, rendered.samples).reduce(0.0) { $0 + Double($1.0 * $1.1) }
      return (energy, product)
    }
    let (first, product) = share(heard)
    let (second, _) = share(rendered.samples)
    #expect(product / (first * second).squareRoot() > 0.98)
  }

  @Test("The devices are listed with the one that would sound")
  func list() throws {
    let run = try workshop.run(["play", "--list", "--device", "null", "--json"])
    #expect(run.exitCode == 0, "\(run.errors)")
    let devices = try run.json()["devices"] as? [[String: Any]] ?? []
    let chosen = devices.filter { $0["isChosen"] as? Bool == true }
    #expect(
      chosen.count == 1 && chosen[0]["name"] as? String == "null" && chosen[0]["opens"] as? Bool == true)
    let text = try workshop.run(["play", "--list", "--device", "null"]).output
    #expect(text.contains("*  null") && text.contains("would sound"))
  }

  @Test("Options that do not fit are refused with a word")
  func refusals() throws {
    try writeSound("a.wav")
    for (arguments, word) in [
      (["a.wav", "--latency", "2"], "5 to 1000"), (["-", "-"], "once"),
      (["short.abc", "short.abc", "--piece", "1"], "one file"), (["a.wav", "--reverb", "room"], "--reverb"),
      (["tunes", "a.wav"], "alone"),
    ] {
      let run = try workshop.run(["play", "--device", "null"] + arguments)
      #expect(run.exitCode == 64 && run.errors.contains(word), "\(run.errors)")
    }
    #expect(try workshop.run(["play", "none.mid", "--device", "null"]).exitCode == 66)
  }

  @Test(
    "Keys pause, step, change the tempo and quit, and the terminal is as it was",
    .enabled(if: Program.isOnPath("setsid"), "skipped: needs setsid"), arguments: [true, false])
  func keys(quits: Bool) throws {
    try replaceFile(
      at: workshop("slow.abc"), with: "X:1\nT:Slow\nM:4/4\nL:1/4\nQ:1/4=60\nK:C\nCEGc|cGEC|CEGc|cGEC|]\n")
    let pace = try PacedPipe(workshop("pipe"))
    let terminal = try Terminal()
    let before = terminal.settings
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/setsid")
    process.arguments = [
      "-c", "-w", workshop.program.path, "play", workshop("slow.abc"), "--reverb", "off", "--device",
      "file:'\(workshop("pipe"))',raw",
    ]
    process.environment = ProcessInfo.processInfo.environment.merging(["GRUPPETTO_SOUND": "builtin"]) { $1 }
    process.standardInput = terminal.end
    process.standardOutput = terminal.end
    process.standardError = terminal.end
    try process.run()
    #expect(terminal.wait(for: "beat"))
    #expect(terminal.settings.c_lflag & tcflag_t(ICANON) == 0, "the keyboard is read key by key")
    terminal.type(" ")
    #expect(terminal.wait(for: "paused"))
    terminal.type(" \u{1B}[C")
    #expect(terminal.wait(for: "bar 2/") || terminal.wait(for: "bar 3/"))
    terminal.type("++")
    #expect(terminal.wait(for: "tempo 110 %"))
    terminal.type(quits ? "q" : "\u{3}")
    let start = ContinuousClock.now
    while process.isRunning, ContinuousClock.now - start < .seconds(20) { usleep(10_000) }
    pace.end()
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
    #expect(process.terminationStatus == (quits ? 0 : 130), "\(terminal.text.suffix(300))")
    let after = terminal.settings
    #expect(after.c_lflag == before.c_lflag && after.c_iflag == before.c_iflag)
  }
}

extension PlayTests {
  @Test(
    "Ctrl-C ends endless music that is paused, and Ctrl-\\ leaves the terminal as it was",
    .enabled(if: Program.isOnPath("setsid"), "skipped: needs setsid"), arguments: [true, false])
  func endsWhilePaused(quits: Bool) throws {
    let training = try workshop.run(
      ["train", "tunes", "-o", "model", "--steps", "40", "--seed", "7", "--quiet"] + Workshop.quick)
    try #require(training.exitCode == 0, "\(training.errors)")
    let pace = try PacedPipe(workshop("pipe"))
    let terminal = try Terminal()
    let before = terminal.settings
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/setsid")
    process.arguments = [
      "-c", "-w", workshop.program.path, "play", workshop("model"), "--reverb", "off", "--bars", "4",
      "--record",
      workshop("kept.flac"), "--device", "file:'\(workshop("pipe"))',raw",
    ]
    process.environment = ProcessInfo.processInfo.environment.merging(["GRUPPETTO_SOUND": "builtin"]) { $1 }
    process.standardInput = terminal.end
    process.standardOutput = terminal.end
    process.standardError = terminal.end
    try process.run()
    #expect(terminal.wait(for: "piece 1"))
    terminal.type(" ")
    #expect(terminal.wait(for: "paused"))
    usleep(500_000)
    terminal.type(quits ? "\u{1C}" : "\u{3}")
    let start = ContinuousClock.now
    while process.isRunning, ContinuousClock.now - start < .seconds(20) { usleep(10_000) }
    #expect(!process.isRunning)
    pace.end()
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
    #expect(quits || process.terminationStatus == 130, "\(terminal.text.suffix(300))")
    #expect(quits || workshop.has("kept.flac"), "what was played is kept")
    let after = terminal.settings
    #expect(after.c_lflag == before.c_lflag && after.c_iflag == before.c_iflag)
  }
}

/// A pipe that is read at about the pace of stereo sound in 32 bits.
private final class PacedPipe: @unchecked Sendable {
  private let thread: Thread

  init(_ path: String) throws {
    try #require(mkfifo(path, 0o600) == 0)
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    try #require(descriptor >= 0)
    thread = Thread {
      var block = [UInt8](repeating: 0, count: 8 * 441)
      while !Thread.current.isCancelled {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        if poll(&request, 1, 50) == 1 { _ = read(descriptor, &block, block.count) }
        usleep(10_000)
      }
      close(descriptor)
    }
    thread.start()
  }

  func end() { thread.cancel() }
}

/// A pseudoterminal.
private final class Terminal {
  private let controller: Int32
  let end: FileHandle
  private(set) var text = ""
  private var searched = 0

  init() throws {
    controller = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    try #require(controller >= 0)
    var lock: Int32 = 0
    var number: Int32 = 0
    // TIOCSPTLCK and TIOCGPTN of Linux.
    try #require(ioctl(controller, 0x4004_5431, &lock) == 0 && ioctl(controller, 0x8004_5430, &number) == 0)
    let descriptor = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    try #require(descriptor >= 0)
    end = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  deinit { close(controller) }

  var settings: termios {
    var settings = termios()
    tcgetattr(end.fileDescriptor, &settings)
    return settings
  }

  func type(_ keys: String) {
    _ = Array(keys.utf8).withUnsafeBytes { write(controller, $0.baseAddress, $0.count) }
  }

  /// Waits until a text has appeared after the one that was waited for last.
  func wait(for word: String) -> Bool {
    let start = ContinuousClock.now
    while ContinuousClock.now - start < .seconds(60) {
      var request = pollfd(fd: controller, events: Int16(POLLIN), revents: 0)
      if poll(&request, 1, 50) == 1 {
        var block = [UInt8](repeating: 0, count: 4096)
        let count = read(controller, &block, block.count)
        if count > 0 { text += String(decoding: block[..<count], as: UTF8.self) }
      }
      if text.dropFirst(searched).contains(word) {
        searched = text.count
        return true
      }
    }
    return false
  }
}
