internal import MIDI

/// Which keys and pedals a stream of messages holds down, so that they can be released.
public struct HeldKeys: Sendable, Hashable {
  /// One bit for each key of each channel.
  private var keys = [UInt64](repeating: 0, count: 32)
  /// One bit for each channel whose sustain pedal is down.
  private var pedals: UInt16 = 0

  /// None.
  public init() {}

  /// Whether nothing is held.
  public var isEmpty: Bool { pedals == 0 && keys.allSatisfy { $0 == 0 } }

  /// Follows a message.
  /// - Parameter message: what was sent or received.
  public mutating func follow(_ message: WireMessage) {
    switch message {
    case .midi(.noteOn(let channel, let key, let velocity)): set(channel, key, velocity > 0)
    case .midi(.noteOff(let channel, let key, _)): set(channel, key, false)
    case .midi(.controlChange(let channel, 64, let value)):
      let bit = UInt16(1) << UInt16(channel & 15)
      if value >= 64 { pedals |= bit } else { pedals &= ~bit }
    // All sound off, and all notes off in their several forms.
    case .midi(.controlChange(let channel, 120, _)), .midi(.controlChange(let channel, 123...127, _)):
      keys[2 * (channel & 15)] = 0
      keys[2 * (channel & 15) + 1] = 0
    case .reset: self = HeldKeys()
    default: break
    }
  }

  private mutating func set(_ channel: Int, _ key: Int, _ isDown: Bool) {
    let (word, bit) = (2 * (channel & 15) + (key & 127) / 64, UInt64(1) << UInt64(key & 63))
    if isDown { keys[word] |= bit } else { keys[word] &= ~bit }
  }

  /// Messages that release what is held, and forgets it: pedals first, so that the keys' ends are heard.
  public mutating func release() -> [WireMessage] {
    guard !isEmpty else { return [] }
    var messages: [WireMessage] = []
    for channel in 0..<16 where pedals >> UInt16(channel) & 1 == 1 {
      messages.append(.midi(.controlChange(channel: channel, controller: 64, value: 0)))
    }
    for (word, bits) in keys.enumerated() where bits != 0 {
      for bit in 0..<64 where bits >> UInt64(bit) & 1 == 1 {
        messages.append(.midi(.noteOff(channel: word / 2, key: word % 2 * 64 + bit, velocity: 64)))
      }
    }
    self = HeldKeys()
    return messages
  }
}
