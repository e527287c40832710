/// What a channel of a synthesizer is told: the channel messages of MIDI 1.0.
public enum ChannelMessage: Sendable, Hashable, BitwiseCopyable {
  /// A key goes down. Keys and velocities are 0...127; a velocity of 0 is a note-off. `note` tells notes of one key apart that
  /// sound at the same time; −1 where nobody needs to.
  case noteOn(key: Int, velocity: Int, note: Int = -1)
  /// A key goes up. With a `note` other than −1 only this one ends, otherwise all of the key.
  case noteOff(key: Int, note: Int = -1)
  /// The pressure on one key, 0...127.
  case keyPressure(key: Int, value: Int)
  /// A controller's value; both 0...127.
  case control(Int, value: Int)
  /// A program, 0...127.
  case program(Int)
  /// The pressure on all keys, 0...127.
  case pressure(Int)
  /// The pitch wheel, −8,192...8,191.
  case bend(Int)
}

/// What a synthesizer is told, and when.
struct TimedEvent: Hashable, BitwiseCopyable {
  enum Action: Hashable, BitwiseCopyable {
    case message(ChannelMessage)
    /// A system-exclusive message, by its place among the bytes that come with the events.
    case systemExclusive(start: Int, count: Int)
    /// All keys and pedals are released: the score is over.
    case end
  }

  /// The frame at which it takes effect.
  var frame: Int
  /// The channel, an index; of no meaning for what is for all of them.
  var channel: Int
  var action: Action
}
