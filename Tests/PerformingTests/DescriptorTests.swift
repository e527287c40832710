import Audio
import Foundation
import Groundwork
import Synchronization
import Testing

@testable import Performing

@Suite("Descriptors of what cannot be used", .serialized)
struct DescriptorTests {
  @Test("What cannot be used is closed once: descriptors that other threads get meanwhile stay open")
  func eachIsClosedOnce() throws {
    let isDone = Cancellation()
    let losses = Mutex(0)
    let others = try (0..<2).map { _ in
      try PortThread {
        while !isDone.isRequested {
          let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
          if descriptor >= 0, close(descriptor) != 0 { losses.withLock { $0 += 1 } }
        }
      }
    }
    for _ in 0..<5_000 {
      #expect(throws: AudioError.self) {
        _ = try GrowingWAVFile(path: "/dev/full", sampleRate: 8000, channelCount: 2)
      }
      #expect(throws: PortError.self) { _ = try FIFOSource(path: "/dev/null", creates: true) }
    }
    isDone.request()
    for other in others { other.join() }
    #expect(losses.withLock { $0 } == 0)
  }
}
