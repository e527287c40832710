import MIDI
import Performing
import TestSupport
import Testing

@Suite("A MIDI file that is streamed as if played")
struct StreamedFileTests {
  /// Notes of one track, each a quarter of a second after the other, with a change of tempo.
  private func file() -> MIDIFile {
    var track = MIDITrack()
    track.append(.meta(.tempo(500_000)), at: 0)
    for index in 0..<40 {
      // From the 20th note on twice as fast.
      if index == 20 { track.append(.meta(.tempo(250_000)), at: index * 240) }
      track.append(.noteOn(channel: 0, key: 40 + index, velocity: 100), at: index * 240)
      track.append(.noteOff(channel: 0, key: 40 + index, velocity: 0), at: index * 240 + 120)
    }
    return MIDIFile(division: .ticksPerQuarter(480), tracks: [track])
  }

  @Test("Another program streams a file through a FIFO: all messages come, in order and in time")
  func fileIsStreamed() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("piece.mid")
    try file().write(to: path)
    let input = try ByteStreamInput(fifo: folder.file("fifo"), creates: true)
    let peer = try Program("port-peer").start(["stream", path, folder.file("fifo"), "4"])
    var received: [TimedMessage] = []
    while received.count < 80, case .message(let timed) = try input.next(timeoutSeconds: 20) {
      received.append(timed)
    }
    #expect(isSenderGone(try input.next(timeoutSeconds: 20)))
    #expect(peer.wait().output == "sent 80 dropped 0\n")
    let notes = received.filter { $0.message.key != nil }
    #expect(notes.compactMap(\.message.key) == Array(40..<80))
    guard let first = notes.first else { return }
    // 250 ms in the file, 62.5 ms at four times the speed, then half of it; a busy machine may be late, never early.
    for (index, note) in notes.enumerated() {
      let expected = 0.0625 * Double(min(index, 20)) + 0.03125 * Double(max(0, index - 20))
      let error = note.time.seconds(since: first.time) - expected
      #expect(abs(error) < 0.5)
    }
  }
}
