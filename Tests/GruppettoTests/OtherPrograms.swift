import Foundation
import MIDI
import Performing

/// What comes in through a FIFO from a program that plays.
final class Heard: @unchecked Sendable {
  private let input: ByteStreamInput
  private let thread: Thread
  private let lock = NSLock()
  private var messages: [TimedMessage] = []

  init(_ path: String) throws {
    input = try ByteStreamInput(fifo: path, creates: true)
    let box = Box()
    thread = Thread { box.heard?.listen() }
    box.heard = self
    thread.start()
  }

  private final class Box: @unchecked Sendable {
    weak var heard: Heard?
  }

  private func listen() {
    while let event = try? input.next(timeoutSeconds: 60) {
      switch event {
      case .message(let message): lock.withLock { messages.append(message) }
      case .closed, .ended: return
      case .senderGone, .timedOut: break
      }
    }
  }

  var all: [TimedMessage] { lock.withLock { messages } }
  func close() { input.close() }

  /// The messages about start, stop and place.
  var commands: [WireMessage] {
    all.map(\.message).filter {
      switch $0 {
      case .start, .stop, .resume, .songPosition: true
      default: false
      }
    }
  }

  /// The moments and keys of notes.
  var notes: [(key: Int, time: PerformanceTime)] {
    all.compactMap {
      guard case .midi(.noteOn(_, let key, let velocity)) = $0.message, velocity > 0 else { return nil }
      return (key, $0.time)
    }
  }

  func wait(_ seconds: Double = 60, for holds: (Heard) -> Bool) -> Bool {
    let end = Date() + seconds
    while Date() < end {
      if holds(self) { return true }
      usleep(5000)
    }
    return false
  }
}

/// A program that listens to OSC.
struct Remote {
  let port: Int
  let client: OSCSender

  init() throws {
    let server = try OSCServer(endpoint: OSCEndpoint(port: 0)) { _, _ in .done }
    port = Int(server.endpoint.port)
    server.close()
    client = try OSCSender(to: OSCEndpoint(port: UInt16(port)))
  }

  func send(_ address: String, _ arguments: OSCArgument...) {
    client.send(.message(OSCMessage("/gruppetto/" + address, arguments)))
  }

  /// What is answered by one of these addresses; what is played may come between.
  func answer(_ addresses: String...) -> OSCMessage? {
    let end = Date() + 5
    while Date() < end {
      guard case .message(let message)? = client.receive(timeoutSeconds: 0.5) else { continue }
      if addresses.contains(where: { message.address.hasPrefix("/gruppetto/" + $0) }) { return message }
    }
    return nil
  }

  func ask(_ name: String) -> OSCArgument? {
    send("parameter/\(name)")
    return answer("parameter", "error")?.arguments.first
  }

  /// Sets a parameter; what it is then, or why it was refused.
  func set(_ name: String, _ value: OSCArgument) -> OSCArgument? {
    send("parameter/\(name)", value)
    return ask(name)
  }

  /// Waits until music plays.
  func waitForMusic() -> Bool {
    let end = Date() + 60
    while Date() < end {
      send("parameter/tempo")
      if case .message(let message)? = client.receive(timeoutSeconds: 0.2),
        message.address == "/gruppetto/parameter/tempo", message.arguments.first?.number ?? 0 > 0
      {
        return true
      }
    }
    return false
  }
}
