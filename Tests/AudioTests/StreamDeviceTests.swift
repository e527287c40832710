import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Audio

@Suite("Sound to a pipe in real time")
struct StreamDeviceTests {
  /// What a device has handed on.
  private final class Reader: Sendable {
    let bytes = Mutex<[UInt8]>([])
    /// Whether there is room.
    let isOpen = Atomic<Bool>(true)
    /// What a clock of its own shows.
    let nanoseconds = Atomic<Int64>(0)
    /// Whether anybody has looked at it.
    let isRead = Atomic<Bool>(false)

    func device(sampleRate: Int = 8000, hasOwnClock: Bool = false) -> StreamDevice {
      let request = PCMRequest(
        sampleRate: sampleRate, channelCount: 1, formats: [.float32], latencySeconds: 0.02)
      let clock = { @Sendable [self] in
        defer { isRead.store(true, ordering: .releasing) }
        return hasOwnClock ? nanoseconds.load(ordering: .acquiring) : MonotonicClock.nanoseconds
      }
      return StreamDevice(request, name: "reader", clock: clock) { [self] part in
        guard isOpen.load(ordering: .acquiring) else { return 0 }
        return part.withUnsafeBytes { part in
          bytes.withLock { $0 += Array(part) }
          return part.count
        }
      }
    }

    var samples: [Float] {
      bytes.withLock { bytes in
        bytes.withUnsafeBytes { raw in
          (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
      }
    }
  }

  @Test("Frames go into a pipe as time passes, and a reader that goes away is told")
  func pipes() throws {
    for closes in [false, true] {
      var ends: [Int32] = [-1, -1]
      try #require(pipe(&ends) == 0)
      signal(SIGPIPE, SIG_IGN)
      let request = PCMRequest(
        sampleRate: 8000, channelCount: 1, formats: [.float32], latencySeconds: 0.02)
      let device = StreamDevice(request, name: "a pipe", descriptor: ends[1])
      let session = PlaybackSession(device: device, queueSeconds: 2)
      let samples = (0..<2000).map { Float($0) / 2000 }
      try session.start()
      #expect(session.write(samples.span) == 2000)
      if closes {
        close(ends[0])
        #expect(throws: AudioError.self) { _ = try session.finish() }
        #expect(device.failure == EPIPE)
      } else {
        _ = try session.finish()
        var bytes = [UInt8](repeating: 0, count: 16_000)
        let count = read(ends[0], &bytes, bytes.count)
        #expect(count >= 8000)
        let heard = bytes.withUnsafeBytes { raw in
          (0..<2000).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
        #expect(heard == samples && device.failure == 0)
        close(ends[0])
      }
      close(ends[1])
    }
  }

  @Test("Who would close the descriptor is kept as long as the device")
  func ownerIsKept() {
    final class Owner: Sendable {}
    var owner: Owner? = Owner()
    weak let kept = owner
    var device: StreamDevice? = StreamDevice(
      PCMRequest(sampleRate: 8000, channelCount: 1, formats: [.float32], latencySeconds: 0.02),
      name: "a pipe", descriptor: 1, owner: owner)
    owner = nil
    #expect(kept != nil && device != nil)
    device = nil
    #expect(kept == nil)
  }

  @Test("As much is handed on as time passes, whole and in its order")
  func pace() throws {
    let reader = Reader()
    let session = PlaybackSession(device: reader.device(), queueSeconds: 2)
    let samples = (0..<4000).map { Float($0) / 4000 }
    let start = ContinuousClock.now
    try session.start()
    _ = session.write(samples.span)
    let result = try session.finish()
    // Half a second, of which the device holds a little ahead.
    #expect(ContinuousClock.now - start > .seconds(0.45))
    #expect(result.counts == PlaybackCounts() && reader.samples == samples)
  }

  @Test("A reader that was away is given all that belongs to the time at once, without a gap")
  func catchingUp() throws {
    let reader = Reader()
    func wait(_ condition: () -> Bool) {
      let start = ContinuousClock.now
      while !condition(), ContinuousClock.now - start < .seconds(10) { usleep(1000) }
    }
    let session = PlaybackSession(device: reader.device(hasOwnClock: true), queueSeconds: 2)
    try session.start()
    let samples = (0..<8000).map { Float($0) / 8000 }
    _ = session.write(samples.span)
    // The device is full, and has begun.
    wait { reader.isRead.load(ordering: .acquiring) }
    reader.nanoseconds.store(200_000_000, ordering: .releasing)
    wait { reader.samples.count >= 1600 }
    reader.isOpen.store(false, ordering: .releasing)
    reader.nanoseconds.store(500_000_000, ordering: .releasing)
    usleep(50_000)
    #expect(reader.samples.count <= 1760)
    reader.isOpen.store(true, ordering: .releasing)
    // No time passes any more: all of half a second is handed on, and what the device holds ahead at most.
    wait { reader.samples.count >= 4000 }
    usleep(20_000)
    #expect((4000...4160).contains(reader.samples.count), "\(reader.samples.count)")
    reader.nanoseconds.store(10_000_000_000, ordering: .releasing)
    let result = try session.finish()
    #expect(result.counts == PlaybackCounts() && reader.samples == samples)
  }

  @Test("A reader that has gone is known at once, and is not waited for at the end")
  func gone() throws {
    let request = PCMRequest(sampleRate: 8000, channelCount: 1, formats: [.int16])
    let device = StreamDevice(request, name: "gone") { _ in -Int(EPIPE) }
    let session = PlaybackSession(device: device)
    try session.start()
    _ = session.write([Float](repeating: 0.5, count: 1000).span)
    let start = ContinuousClock.now
    while device.failure == 0, ContinuousClock.now - start < .seconds(10) { usleep(1000) }
    #expect(device.failure == EPIPE)
    session.stop()
    #expect(throws: AudioError.self) { try session.finish() }
    #expect(ContinuousClock.now - start < .seconds(5))
  }
}
