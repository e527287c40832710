public import MIDI

/// A message on a MIDI cable: those of a MIDI file, and the system messages that only a cable has.
///
/// Source: *MIDI 1.0 Detailed Specification* 4.2, tables V and VI.
public enum WireMessage: Sendable, Hashable {
  /// A channel message or a system-exclusive one. Meta events are not for a cable, and are not sent.
  case midi(MIDIMessage)
  /// One of the eight parts of a time code: type and value, 0...127 (F1).
  case quarterFrame(Int)
  /// Where the song stands, in sixteenth notes from its beginning, 0...16,383 (F2).
  case songPosition(Int)
  /// Which song is to be played, 0...127 (F3).
  case songSelect(Int)
  /// Analog synthesizers are asked to tune themselves (F6).
  case tuneRequest
  /// The 24th part of a quarter note (F8).
  case clock
  /// Play from the beginning, at the next clock (FA).
  case start
  /// Play from where the song stands, at the next clock (FB).
  case resume
  /// Stop (FC).
  case stop
  /// Sent at least every 300 ms by a device that says in this way that it is still there (FE).
  case activeSensing
  /// Back to how everything was after switching on (FF).
  case reset

  /// Whether the message may stand between the bytes of others: F8...FF.
  public var isRealTime: Bool {
    switch self {
    case .clock, .start, .resume, .stop, .activeSensing, .reset: true
    case .midi, .quarterFrame, .songPosition, .songSelect, .tuneRequest: false
    }
  }
}

/// A message and the moment that it came in or is to go out.
public struct TimedMessage: Sendable, Hashable {
  /// When.
  public var time: PerformanceTime
  /// What.
  public var message: WireMessage

  /// A message at a moment.
  public init(time: PerformanceTime, message: WireMessage) {
    self.time = time
    self.message = message
  }
}
