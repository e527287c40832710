public import MIDI
public import Synthesis

extension MIDIMessage {
  /// The message as a synthesizer's channel takes it; nil for what is for no channel.
  public var forChannel: (channel: Int, message: ChannelMessage)? {
    switch self {
    case .noteOff(let channel, let key, _): (channel, .noteOff(key: key))
    case .noteOn(let channel, let key, let velocity): (channel, .noteOn(key: key, velocity: velocity))
    case .keyPressure(let channel, let key, let pressure): (channel, .keyPressure(key: key, value: pressure))
    case .controlChange(let channel, let controller, let value): (channel, .control(controller, value: value))
    case .programChange(let channel, let program): (channel, .program(program))
    case .channelPressure(let channel, let pressure): (channel, .pressure(pressure))
    case .pitchBend(let channel, let value): (channel, .bend(value))
    case .systemExclusive, .escape, .meta: nil
    }
  }
}

extension ChannelMessage {
  /// The message as it goes over a cable; nil for a channel that a cable does not have.
  public func onWire(channel: Int) -> MIDIMessage? {
    guard (0...15).contains(channel) else { return nil }
    switch self {
    case .noteOn(let key, let velocity, _): return .noteOn(channel: channel, key: key, velocity: velocity)
    case .noteOff(let key, _): return .noteOff(channel: channel, key: key, velocity: 64)
    case .keyPressure(let key, let value): return .keyPressure(channel: channel, key: key, pressure: value)
    case .control(let controller, let value):
      return .controlChange(channel: channel, controller: controller, value: value)
    case .program(let program): return .programChange(channel: channel, program: program)
    case .pressure(let value): return .channelPressure(channel: channel, pressure: value)
    case .bend(let value): return .pitchBend(channel: channel, value: value)
    }
  }
}
