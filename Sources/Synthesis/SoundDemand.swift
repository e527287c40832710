/// Which sounds messages on the sixteen channels of a cable ask for: programs, and the banks that controllers 0 and 32 have chosen for them, as a
/// `Synthesizer` understands them.
package struct SoundDemand {
  private var channels: [Channel]

  /// The channels of General MIDI: drums on the tenth.
  package init() { channels = ChannelSetup.generalMIDI.map { Channel($0) } }

  /// The sounds that notes on the channels would ask for now.
  package var current: Set<PresetAddress> { Set(channels.map(\.address)) }

  /// Takes a system-exclusive message.
  /// - Parameter message: What follows 0xF0.
  /// - Returns: What it changes; nil for one that means nothing here. After a reset all channels ask for their first sounds.
  package mutating func take(systemExclusive message: [UInt8]) -> ExclusiveEffect? {
    let understood = message.withUnsafeBufferPointer { SystemExclusive($0) }
    guard let understood else { return nil }
    for channel in channels.indices { channels[channel].take(understood) }
    return ExclusiveEffect(message)
  }

  /// Takes a message.
  /// - Parameters:
  ///   - message: The message.
  ///   - channel: Its channel, 0...15.
  /// - Returns: The sound that it asks for: by a note, or by a program that notes will be played with.
  package mutating func take(_ message: ChannelMessage, channel: Int) -> PresetAddress? {
    switch message {
    case .program(let program):
      channels[channel].setProgram(program)
      return channels[channel].address
    case .control(let controller, let value):
      _ = channels[channel].control(controller, value)
      return nil
    case .noteOn(_, let velocity, _): return velocity > 0 ? channels[channel].address : nil
    default: return nil
    }
  }
}
