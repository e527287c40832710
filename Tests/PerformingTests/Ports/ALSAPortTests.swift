import Foundation
import Groundwork
import MIDI
import Performing
import TestSupport
import Testing

@Suite("MIDI through ALSA")
struct ALSAPortTests {
  /// The sequencer's device, which containers lack.
  static let hasSequencer = FileManager.default.fileExists(atPath: "/dev/snd/seq")

  @Test(
    "Where the kernel has no sequencer, the error names what works without it",
    .enabled(if: !hasSequencer, "skipped: there is a sequencer"))
  func missingSequencerIsSaid() {
    do throws(PortError) {
      _ = try ALSASequencer()
      Issue.record("a client of no sequencer")
    } catch {
      guard case .noSequencer = error else {
        Issue.record(error)
        return
      }
      #expect(
        error.message == """
          there is no ALSA sequencer here (no such file or directory); load it by modprobe snd-seq, or use a raw MIDI device \
          (hw:1,0), a FIFO, OSC or JACK, which work without it
          """)
      for word in ["modprobe snd-seq", "raw MIDI device", "FIFO", "OSC", "JACK"] {
        #expect(error.message.contains(word))
      }
      #expect(error.kind == .missingInput)
    }
  }

  @Test("Messages become events of the sequencer and are found in them again")
  func messagesBecomeEvents() throws {
    let sent: [WireMessage] = [
      .midi(.noteOn(channel: 3, key: 60, velocity: 9)), .midi(.noteOff(channel: 3, key: 60, velocity: 7)),
      .midi(.keyPressure(channel: 1, key: 2, pressure: 3)),
      .midi(.controlChange(channel: 0, controller: 7, value: 100)),
      .midi(.programChange(channel: 15, program: 127)), .midi(.channelPressure(channel: 2, pressure: 1)),
      .midi(.pitchBend(channel: 0, value: -8192)), .midi(.pitchBend(channel: 0, value: 8191)),
      .songPosition(1234), .songSelect(3),
      .quarterFrame(0x35), .tuneRequest, .clock, .start, .resume, .stop, .activeSensing, .reset,
      .midi(.systemExclusive([UInt8](repeating: 3, count: 3000) + [0xF7])),
    ]
    #expect(try throughSequencerEvents(sent) == sent)
  }

  @Test("What only other clients send is understood too: controllers and parameters of 14 bits")
  func largeControllersAreUnderstood() throws {
    func control(_ controller: Int, _ value: Int) -> WireMessage {
      .midi(.controlChange(channel: 3, controller: controller, value: value))
    }
    // SND_SEQ_EVENT_CONTROL14, _REGPARAM and _NONREGPARAM: 1000 is 7 · 128 + 104.
    let volume = try messages(ofSequencerEvent: 14, channel: 3, parameter: 7, value: 1000)
    #expect(volume.messages == [control(7, 7), control(39, 104)] && volume.faultCount == 0)
    let range = try messages(ofSequencerEvent: 16, channel: 3, parameter: 0, value: 1000)
    #expect(Set(range.messages) == [control(101, 0), control(100, 0), control(6, 7), control(38, 104)])
    let own = try messages(ofSequencerEvent: 15, channel: 3, parameter: 129, value: 1000)
    #expect(Set(own.messages) == [control(99, 1), control(98, 1), control(6, 7), control(38, 104)])
  }

  @Test("Events that are no message of a cable are counted and passed over")
  func otherEventsAreCounted() throws {
    // SND_SEQ_EVENT_CLIENT_START and an event of users.
    for type in [60, 90] {
      let result = try messages(ofSequencerEvent: type, channel: 0, parameter: 0, value: 0)
      #expect(result.messages.isEmpty && result.faultCount == 1)
    }
  }

  @Test("A long system-exclusive message goes out in parts that the kernel can hold, and is joined again")
  func longMessagesGoInParts() throws {
    let long = WireMessage.midi(.systemExclusive([UInt8](repeating: 3, count: 3000) + [0xF7]))
    #expect(try sequencerEventCount(of: long) == 12)
    #expect(try sequencerEventCount(of: .clock) == 1)
    #expect(try throughSequencerEvents([long, .clock, long]) == [long, .clock, long])
  }

  @Test("A device that is not there is an error that says what is")
  func missingDeviceIsSaid() {
    for name in ["hw:31,0", "/dev/snd/midiC31D0"] {
      do throws(PortError) {
        _ = try ByteStreamInput(rawDevice: name)
        Issue.record("a device that is not there")
      } catch {
        guard case .noRawDevice(name, _, _) = error else {
          Issue.record(error)
          continue
        }
      }
      #expect(throws: PortError.self) { try ByteStreamOutput(rawDevice: name) }
    }
    #expect(throws: PortError.notAPort(path: "/etc/passwd")) { try ByteStreamInput(rawDevice: "/etc/passwd") }
  }

  @Test("A device file gives and takes messages")
  func deviceFileWorks() throws {
    // A terminal is a device file with another program at its other end.
    let other = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    try #require(other >= 0)
    defer { close(other) }
    // Unlocked (TIOCSPTLCK), and its number asked for (TIOCGPTN).
    var (lock, number): (Int32, Int32) = (0, 0)
    #expect(ioctl(other, 0x4004_5431, &lock) == 0)
    #expect(ioctl(other, 0x8004_5430, &number) == 0)
    var attributes = termios()
    tcgetattr(other, &attributes)
    cfmakeraw(&attributes)
    tcsetattr(other, TCSANOW, &attributes)
    let path = "/dev/pts/\(number)"
    let input = try ByteStreamInput(rawDevice: path)
    let output = try ByteStreamOutput(rawDevice: path)
    send([0x90, 60, 90, 61, 90], to: other)
    #expect(message(try input.next(timeoutSeconds: 5)) == noteOn(60))
    #expect(message(try input.next(timeoutSeconds: 5)) == noteOn(61))
    try output.send(noteOn(1))
    try output.send(noteOn(2))
    var bytes = [UInt8](repeating: 0, count: 16)
    var count = 0
    while count < 5 {
      let size = bytes.withUnsafeMutableBytes { read(other, $0.baseAddress?.advanced(by: count), 16 - count) }
      guard size > 0 else { break }
      count += size
    }
    #expect(bytes.prefix(count) == [0x90, 1, 90, 2, 90])
  }
}
