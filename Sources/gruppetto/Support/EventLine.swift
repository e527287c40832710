internal import Foundation
internal import MIDI

/// One event of a MIDI file as a line: byte offset, tick, name, content.
struct EventLine {
  let text: String

  init(_ event: MIDIEvent, in track: MIDITrack) {
    let offset = event.offset.map { String(format: "%08x", $0) } ?? "        "
    text = "  \(offset)  \(event.tick)\t\(event.name)\t\(Self.content(track.message(of: event)))"
  }

  private static func content(_ message: MIDIMessage) -> String {
    switch message {
    case .noteOff(let channel, let key, let velocity), .noteOn(let channel, let key, let velocity):
      "channel \(channel + 1), key \(key), velocity \(velocity)"
    case .keyPressure(let channel, let key, let pressure):
      "channel \(channel + 1), key \(key), pressure \(pressure)"
    case .controlChange(let channel, let controller, let value):
      "channel \(channel + 1), controller \(controller), value \(value)"
    case .programChange(let channel, let program): "channel \(channel + 1), program \(program)"
    case .channelPressure(let channel, let pressure): "channel \(channel + 1), pressure \(pressure)"
    case .pitchBend(let channel, let value): "channel \(channel + 1), bend \(value)"
    case .systemExclusive(let bytes), .escape(let bytes): hexadecimal(bytes)
    case .meta(let meta): content(meta)
    }
  }

  private static func content(_ meta: MIDIMeta) -> String {
    switch meta {
    case .text(_, let bytes): "\"\(Readable.line(MIDIText.decode(bytes)))\""
    case .tempo(let microseconds): "\(microseconds) µs a quarter"
    case .keySignature(let fifths, let isMinor): "\(fifths) fifths, \(isMinor ? "minor" : "major")"
    case .channelPrefix(let number): "channel \(number + 1)"
    case .port(let number): "port \(number)"
    default: hexadecimal(meta.payload)
    }
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.prefix(32).map { String(format: "%02x", $0) }.joined(separator: " ")
      + (bytes.count > 32 ? " …" : "")
  }
}
