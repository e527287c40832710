/// The standard's rules for the messages of a track; the reader and the writer take every length from here.
///
/// Sources: *MIDI 1.0 Detailed Specification* 4.2, tables I to V; *Standard MIDI Files 1.0* (RP-001) with RP-019 and RP-032.
package enum MessageTable {
  /// A message that begins with a status byte.
  package struct Message: Sendable {
    /// The status byte, with channel 0 for a channel message.
    package var status: UInt8
    /// Its name in the standard.
    package var name: String
    /// How many data bytes follow.
    package var dataCount: Int
  }

  /// A meta event: FF, type, length, payload.
  package struct Meta: Sendable {
    /// The byte after FF.
    package var type: UInt8
    /// Its name in the standard.
    package var name: String
    /// The lengths that the payload may have; nil where any will do.
    package var lengths: ClosedRange<Int>?
  }

  /// The channel messages, the only ones but system-exclusive and meta events that a track may hold.
  package static let channelMessages = [
    Message(status: 0x80, name: "note off", dataCount: 2),
    Message(status: 0x90, name: "note on", dataCount: 2),
    Message(status: 0xA0, name: "key pressure", dataCount: 2),
    Message(status: 0xB0, name: "control change", dataCount: 2),
    Message(status: 0xC0, name: "program change", dataCount: 1),
    Message(status: 0xD0, name: "channel pressure", dataCount: 1),
    Message(status: 0xE0, name: "pitch bend", dataCount: 2),
  ]

  /// The system messages of a MIDI cable, which have no place in a file.
  package static let systemMessages = [
    Message(status: 0xF1, name: "quarter frame", dataCount: 1),
    Message(status: 0xF2, name: "song position", dataCount: 2),
    Message(status: 0xF3, name: "song select", dataCount: 1),
    Message(status: 0xF4, name: "undefined F4", dataCount: 0),
    Message(status: 0xF5, name: "undefined F5", dataCount: 0),
    Message(status: 0xF6, name: "tune request", dataCount: 0),
    Message(status: 0xF8, name: "timing clock", dataCount: 0),
    Message(status: 0xF9, name: "undefined F9", dataCount: 0),
    Message(status: 0xFA, name: "start", dataCount: 0),
    Message(status: 0xFB, name: "continue", dataCount: 0),
    Message(status: 0xFC, name: "stop", dataCount: 0),
    Message(status: 0xFD, name: "undefined FD", dataCount: 0),
    Message(status: 0xFE, name: "active sensing", dataCount: 0),
  ]

  /// The meta events that the standard names.
  package static let metaEvents = [
    Meta(type: 0x00, name: "sequence number", lengths: 0...2),
    Meta(type: 0x01, name: "text", lengths: nil),
    Meta(type: 0x02, name: "copyright", lengths: nil),
    Meta(type: 0x03, name: "track name", lengths: nil),
    Meta(type: 0x04, name: "instrument name", lengths: nil),
    Meta(type: 0x05, name: "lyric", lengths: nil),
    Meta(type: 0x06, name: "marker", lengths: nil),
    Meta(type: 0x07, name: "cue point", lengths: nil),
    Meta(type: 0x08, name: "program name", lengths: nil),
    Meta(type: 0x09, name: "device name", lengths: nil),
    Meta(type: 0x20, name: "channel prefix", lengths: 1...1),
    Meta(type: 0x21, name: "port", lengths: 1...1),
    Meta(type: 0x2F, name: "end of track", lengths: 0...0),
    Meta(type: 0x51, name: "tempo", lengths: 3...3),
    Meta(type: 0x54, name: "SMPTE offset", lengths: 5...5),
    Meta(type: 0x58, name: "time signature", lengths: 4...4),
    Meta(type: 0x59, name: "key signature", lengths: 2...2),
    Meta(type: 0x7F, name: "sequencer-specific", lengths: nil),
  ]

  /// Data bytes after each status byte; 0xFF where the length is written in the message (F0, F7, FF) and below 0x80.
  package static let dataCounts: [UInt8] = {
    var counts = [UInt8](repeating: 0xFF, count: 256)
    for message in channelMessages {
      for channel in 0..<16 { counts[Int(message.status) + channel] = UInt8(message.dataCount) }
    }
    for message in systemMessages { counts[Int(message.status)] = UInt8(message.dataCount) }
    return counts
  }()

  /// Bit n is set where the channel messages of status 0x8n…: those with one data byte only, by status >> 4.
  package static let oneByteMessages: UInt16 = channelMessages.reduce(0) { bits, message in
    message.dataCount == 1 ? bits | 1 << UInt16(message.status >> 4) : bits
  }

  /// The meta event of each type, where the standard names one.
  package static let metaEvent: [Meta?] = {
    var table = [Meta?](repeating: nil, count: 256)
    for meta in metaEvents { table[Int(meta.type)] = meta }
    return table
  }()

  /// The name of the message with this status byte; `type` is looked at for a meta event.
  package static func name(status: UInt8, type: UInt8) -> String {
    switch status {
    case 0x80...0xEF: channelMessages[Int(status >> 4) - 8].name
    case 0xF0: "system exclusive"
    case 0xF7: "escape"
    case 0xFF: metaEvent[Int(type)]?.name ?? "meta"
    default: systemMessages.first { $0.status == status }?.name ?? "data"
    }
  }
}
