import Foundation
import TestSupport
import Testing

/// `--device jack`, with a server on the dummy driver, which plays to nobody in real time.
@Suite(.serialized, .enabled(if: Program.isOnPath("jackd"), "skipped: jackd is not installed"))
struct JACKDeviceTests {
  let workshop: Workshop
  private let name = "gruppetto-\(UInt32.random(in: 0...UInt32.max))"

  init() throws {
    workshop = try Workshop()
    // Sixteen seconds of quarter notes.
    let bars = String(repeating: "CEGE|DFAc|", count: 8)
    try replace("long.abc", "X:1\nT:Long\nM:4/4\nL:1/4\nQ:1/4=240\nK:C\n\(bars)]\n")
  }

  private func replace(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(filePath: workshop(name)))
  }

  private func startServer() throws -> Process {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["jackd", "--no-realtime", "-n", name, "-d", "dummy", "-r", "48000", "-p", "1024"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let deadline = Date() + 20
    while Date() < deadline, try !list().contains("opens") { usleep(100_000) }
    return process
  }

  private func end(_ process: Process) {
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
  }

  private var environment: [String: String] { ["JACK_DEFAULT_SERVER": name] }

  /// The line of JACK in the list of devices.
  private func list(_ arguments: [String] = []) throws -> String {
    let run = try workshop.run(["play", "--list"] + arguments, environment: environment)
    return run.output.split(separator: "\n").first { $0.contains("jack ") }.map(String.init) ?? ""
  }

  @Test("A file, and messages, are played through a server that runs, which is in the list of devices")
  func playing() throws {
    let server = try startServer()
    defer { end(server) }
    #expect(try list().contains("opens"))
    #expect(try list(["--device", "jack"]).contains("would sound"))
    let file = try workshop.run(
      ["play", "short.abc", "--device", "jack", "--reverb", "off", "--json"], environment: environment)
    #expect(file.exitCode == 0, "\(file.errors)")
    let report = try file.json()
    #expect(report["device"] as? String == "jack" && report["seconds"] as? Double ?? 0 > 2)
    let messages = try workshop.run(
      ["play", "-", "--device", "jack", "--reverb", "off", "--json"], environment: environment,
      input: Data([0x90, 60, 80, 60, 0]))
    #expect(messages.exitCode == 0, "\(messages.errors)")
    #expect(try messages.json()["notes"] as? Int == 1)
  }

  /// Waits until somebody plays, where a program tells of that.
  private func waitForClient() {
    let deadline = Date() + 60
    while Date() < deadline {
      let run = try? Program(path: "/usr/bin/env").run(["jack_lsp", "-s", name])
      if run?.exitCode != 0 || run?.output.contains("gruppetto:out_1") == true { return }
      usleep(100_000)
    }
  }

  @Test("A server that ends is told, and gone on with when it is back; where it stays away that is the end")
  func recovering() throws {
    for returns in [true, false] {
      var server = try startServer()
      defer { end(server) }
      let running = try workshop.program.start(
        ["play", "long.abc", "--device", "jack", "--reverb", "off"], environment: environment,
        folder: workshop.folder.path)
      waitForClient()
      Thread.sleep(forTimeInterval: 2)
      end(server)
      if returns { server = try startServer() }
      let run = running.wait()
      #expect(run.errors.contains("the JACK server has ended"), "\(run.errors)")
      #expect(run.errors.contains("server is back") == returns, "\(run.errors)")
      #expect(run.exitCode == (returns ? 0 : 73), "\(run.errors)")
      if !returns { #expect(run.errors.contains("did not come back"), "\(run.errors)") }
    }
  }

  @Test("Messages alone wait for a server that ends, say so, and come again when it is back")
  func messagesRecover() throws {
    let training = try workshop.run(
      ["train", "tunes", "-o", "model", "--steps", "5", "--seed", "7", "--quiet"] + Workshop.quick)
    try #require(training.exitCode == 0, "\(training.errors)")
    var server = try startServer()
    defer { end(server) }
    let running = try workshop.program.start(
      ["live", "model", "--in", "jack", "--no-sound", "--out", "jack"], environment: environment,
      folder: workshop.folder.path)
    func ports() -> String {
      (try? Program(path: "/usr/bin/env").run(["jack_lsp", "-s", name]).output) ?? ""
    }
    func wait(_ condition: () -> Bool) -> Bool {
      let deadline = Date() + 60
      while Date() < deadline {
        if condition() { return true }
        usleep(100_000)
      }
      return false
    }
    #expect(wait { ports().contains(":midi_in") })
    end(server)
    server = try startServer()
    // Whoever asks whether the server runs is a client too, and may have the name at that moment.
    #expect(wait { ports().contains(":midi_in") })
    _ = running.waitForErrors("the JACK server is back")
    running.signal(SIGINT)
    let run = running.wait()
    #expect(run.exitCode == 130, "\(run.errors)")
    #expect(run.errors.contains("the JACK server has ended"), "\(run.errors)")
    #expect(run.errors.contains("the JACK server is back"), "\(run.errors)")
  }

  @Test("Without a server it is said what to do, as for any device that cannot be opened")
  func noServer() throws {
    for arguments in [["play", "short.abc", "--device", "jack"]] {
      let run = try workshop.run(arguments, environment: environment)
      #expect(run.exitCode == 73 && run.errors.contains("JACK"), "\(run.errors)")
    }
    #expect(try list(["--device", "jack"]).contains("does not open"))
    #expect(try list().isEmpty)
  }
}
