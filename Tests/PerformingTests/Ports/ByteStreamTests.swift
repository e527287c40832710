import Groundwork
import MIDI
import Performing
import Synchronization
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A note that goes down.
func noteOn(_ key: Int) -> WireMessage { .midi(.noteOn(channel: 0, key: key, velocity: 90)) }

/// The message of an event.
func message(_ event: InputEvent) -> WireMessage? {
  if case .message(let timed) = event { timed.message } else { nil }
}

/// Whether an event says that the sender has gone.
func isSenderGone(_ event: InputEvent) -> Bool {
  if case .senderGone = event { true } else { false }
}

/// Writes bytes to a descriptor.
func send(_ bytes: [UInt8], to descriptor: Int32) {
  #expect(write(descriptor, bytes, bytes.count) == bytes.count)
}

@Suite("Messages through descriptors and FIFOs")
struct ByteStreamTests {
  /// A pipe of the system.
  private func pipes() -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    return (ends[0], ends[1])
  }

  @Test("A pipe gives messages with the time of their arrival, and ends when its writer closes it")
  func pipeGivesMessages() throws {
    let (reading, writing) = pipes()
    defer { close(reading) }
    let input = try ByteStreamInput(descriptor: reading, name: "pipe")
    let before = PerformanceTime.now
    send([0x90, 60, 90, 61], to: writing)
    let first = try input.next(timeoutSeconds: 5)
    #expect(message(first) == noteOn(60))
    if case .message(let timed) = first {
      #expect(timed.time >= before)
      #expect(timed.time <= .now)
    }
    #expect(try input.next(timeoutSeconds: 0) == .timedOut)
    send([90, 0x40], to: writing)
    #expect(message(try input.next(timeoutSeconds: 5)) == noteOn(61))
    close(writing)
    #expect(isSenderGone(try input.next(timeoutSeconds: 5)))
    #expect(try input.next(timeoutSeconds: 5) == .ended)
    #expect(try input.next(timeoutSeconds: 5) == .ended)
    #expect(input.statistics.messageCount == 2)
  }

  @Test("A wait ends after its time")
  func waitEnds() throws {
    let (reading, writing) = pipes()
    defer {
      close(reading)
      close(writing)
    }
    let input = try ByteStreamInput(descriptor: reading, name: "pipe")
    let before = PerformanceTime.now
    #expect(try input.next(timeoutSeconds: 0.05) == .timedOut)
    #expect(PerformanceTime.now.seconds(since: before) >= 0.05)
  }

  @Test("Closing from another thread wakes the one that waits")
  func closingWakes() async throws {
    let (reading, writing) = pipes()
    defer {
      close(reading)
      close(writing)
    }
    let input = try ByteStreamInput(descriptor: reading, name: "pipe")
    async let event = Task.detached { try input.next(timeoutSeconds: 60) }.value
    try await Task.sleep(for: .milliseconds(50))
    let before = PerformanceTime.now
    input.close()
    #expect(try await event == .closed)
    #expect(PerformanceTime.now.seconds(since: before) < 30)
    #expect(try input.next(timeoutSeconds: 60) == .closed)
  }

  @Test("A FIFO survives its writer's closing it and opening it again")
  func fifoSurvivesItsWriter() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("in")
    let input = try ByteStreamInput(fifo: path, creates: true)
    for round in 0..<5 {
      #expect(try input.next(timeoutSeconds: 0.01) == .timedOut)
      let writing = open(path, O_WRONLY)
      // The half of a message that the first writer leaves is not finished by the next.
      send([0x90, UInt8(round), 90, 0x90, 64], to: writing)
      #expect(message(try input.next(timeoutSeconds: 5)) == noteOn(round))
      close(writing)
      #expect(isSenderGone(try input.next(timeoutSeconds: 5)))
    }
    #expect(input.statistics.messageCount == 5)
    #expect(input.statistics.faultCount == 0)
  }

  @Test("A FIFO without a writer costs no processor time")
  func idleFIFOCostsNothing() throws {
    let folder = try TemporaryFolder()
    let input = try ByteStreamInput(fifo: folder.file("in"), creates: true)
    close(open(folder.file("in"), O_WRONLY))
    var (before, after) = (timespec(), timespec())
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before)
    #expect(try input.next(timeoutSeconds: 0.2) == .timedOut)
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after)
    let seconds = Double(after.tv_sec - before.tv_sec) + Double(after.tv_nsec - before.tv_nsec) / 1e9
    #expect(seconds < 0.05)
  }

  @Test("A sender that stops its active sensing has gone; one that never sensed has not")
  func activeSensingIsWatched() throws {
    let (reading, writing) = pipes()
    defer {
      close(reading)
      close(writing)
    }
    let input = try ByteStreamInput(descriptor: reading, name: "pipe")
    send([0x90, 60, 90], to: writing)
    #expect(message(try input.next(timeoutSeconds: 5)) == noteOn(60))
    #expect(try input.next(timeoutSeconds: 0.4) == .timedOut)
    send([0xFE], to: writing)
    #expect(message(try input.next(timeoutSeconds: 5)) == .activeSensing)
    let before = PerformanceTime.now
    #expect(isSenderGone(try input.next(timeoutSeconds: 5)))
    #expect(PerformanceTime.now.seconds(since: before) > 0.25)
    #expect(try input.next(timeoutSeconds: 0.4) == .timedOut)
  }

  @Test("A FIFO that nobody reads drops and counts; whoever reads gets what is sent from then on")
  func fifoWithoutReaderDrops() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("out")
    let output = try ByteStreamOutput(fifo: path, creates: true)
    for key in 0..<3 { try output.send(noteOn(key)) }
    #expect(output.statistics == .init(messageCount: 0, droppedCount: 3))
    for round in 0..<3 {
      let input = try ByteStreamInput(fifo: path)
      try output.send(noteOn(10 + round))
      #expect(message(try input.next(timeoutSeconds: 5)) == noteOn(10 + round))
    }
    #expect(output.statistics.messageCount == 3)
    try output.send(noteOn(20))
    #expect(output.statistics.droppedCount == 4)
    output.close()
    try output.send(noteOn(21))
    #expect(output.statistics.droppedCount == 4)
  }

  @Test("A reader that takes nothing costs messages and no more than patience")
  func slowReaderCostsMessages() throws {
    let (reading, writing) = pipes()
    defer {
      close(reading)
      close(writing)
    }
    let output = ByteStreamOutput(descriptor: writing, name: "pipe")
    let dump = WireMessage.midi(.systemExclusive([UInt8](repeating: 1, count: 100_000) + [0xF7]))
    let before = PerformanceTime.now
    try output.send(dump)
    #expect(PerformanceTime.now.seconds(since: before) < 10)
    #expect(output.statistics.droppedCount == 1)
  }

  @Test("A pipe whose reader has gone is an error that says so")
  func goneReaderIsAnError() throws {
    let (reading, writing) = pipes()
    defer { close(writing) }
    close(reading)
    let output = ByteStreamOutput(descriptor: writing, name: "the pipe")
    #expect(throws: PortError.readerGone(name: "the pipe")) { try output.send(.clock) }
  }

  @Test("A path without a FIFO, or with something else, is an error that says so")
  func otherPathsAreErrors() throws {
    let folder = try TemporaryFolder()
    let missing = folder.file("missing")
    #expect(throws: PortError.unopenable(name: missing, reason: "no such file or directory")) {
      try ByteStreamInput(fifo: missing)
    }
    #expect(throws: PortError.unwritable(path: missing, reason: "no such file or directory")) {
      try ByteStreamOutput(fifo: missing)
    }
    #expect(throws: PortError.notAPort(path: "/etc/passwd")) { try ByteStreamInput(fifo: "/etc/passwd") }
    #expect(throws: PortError.unwritable(path: "/etc/passwd", reason: "it is no FIFO")) {
      try ByteStreamOutput(fifo: "/etc/passwd")
    }
    let unwritable = PortError.unwritable(path: "x", reason: "")
    #expect(unwritable.kind == .cannotWrite && unwritable.message.contains("mkfifo x"))
    #expect(PortError.notAPort(path: "x").message.contains("mkfifo"))
  }
}
