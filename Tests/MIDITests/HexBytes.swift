import Groundwork
import MIDI

/// The bytes of annotated hexadecimal text: two digits a byte, `#` begins a remark.
func hex(_ text: String) -> [UInt8] {
  var bytes: [UInt8] = []
  for line in text.split(whereSeparator: \.isNewline) {
    let digits = line.prefix { $0 != "#" }
    for word in digits.split(whereSeparator: \.isWhitespace) {
      guard word.count == 2, let byte = UInt8(word, radix: 16) else {
        preconditionFailure("\(word) is no byte in hexadecimal")
      }
      bytes.append(byte)
    }
  }
  return bytes
}

/// A chunk of this name with a right length.
func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
  Array(name.utf8) + (0..<4).map { UInt8(truncatingIfNeeded: body.count >> (24 - 8 * $0)) } + body
}

/// A file with a header of six bytes and these tracks in annotated hexadecimal.
func file(
  format: UInt8 = 0, division: String = "00 60", trackCount: Int? = nil, _ tracks: String...
) -> [UInt8] {
  let count = UInt8(trackCount ?? tracks.count)
  return chunk("MThd", [0, format, 0, count] + hex(division)) + tracks.flatMap { chunk("MTrk", hex($0)) }
}

extension MIDIFile {
  /// The messages of a track with their ticks.
  func messages(_ track: Int = 0) -> [TimedMessage] {
    tracks[track].events.map { TimedMessage(tick: $0.tick, message: tracks[track].message(of: $0)) }
  }

  /// The rules that were broken, in order.
  var rules: [MIDIRule] { warnings.compactMap { MIDIRule(rawValue: $0.rule) } }
}

/// A message and when.
struct TimedMessage: Equatable {
  var tick: Int
  var message: MIDIMessage

  init(tick: Int, message: MIDIMessage) {
    self.tick = tick
    self.message = message
  }

  init(_ tick: Int, _ message: MIDIMessage) {
    self.init(tick: tick, message: message)
  }
}

/// What strict reading says of the bytes; nil if it accepts them.
func strictFault(_ bytes: [UInt8]) -> MIDIRule? {
  do {
    _ = try MIDIFile(bytes: bytes, options: MIDIReadingOptions(policy: .strict))
    return nil
  } catch .violation(let diagnostic) {
    return MIDIRule(rawValue: diagnostic.rule)
  } catch {
    return nil
  }
}
