internal import Synthesis

/// What a synthesizer was told by system-exclusive messages, so that another one can be told it too: no more messages than it takes to say it.
struct SystemMemory {
  private var reset: [UInt8]?
  /// The last of those messages that stand for themselves.
  private var whole: [ExclusiveEffect: [UInt8]] = [:]
  /// In the order of their coming, each with the channels that it still holds for.
  private var octaveTunings: [(channels: UInt16, message: [UInt8])] = []
  private var drumParts: [Int: DrumPart] = [:]
  /// The pitches of tuned keys, by program and key.
  private var pitches: [Int: [Int: [UInt8]]] = [:]

  private struct DrumPart {
    var message: [UInt8]
    /// Whether no program was chosen for the channel since: in XG and General MIDI 2 a program says by its bank whether it is of drums.
    var isLast = true
  }

  /// Follows a message.
  /// - Parameter message: What follows 0xF0.
  /// - Returns: What it changes; nil for a message that means nothing to a synthesizer.
  mutating func follow(_ message: [UInt8]) -> ExclusiveEffect? {
    guard let effect = ExclusiveEffect(message) else { return nil }
    switch effect {
    case .reset:
      // Tuning programs stay, as in an instrument's memory.
      let kept = pitches
      self = SystemMemory()
      pitches = kept
      reset = message
    case .masterVolume, .masterFineTuning, .masterCoarseTuning: whole[effect] = message
    case .drumPart(let channel): drumParts[channel] = DrumPart(message: message)
    case .octaveTuning(let channels):
      for index in octaveTunings.indices { octaveTunings[index].channels &= ~channels }
      octaveTunings.removeAll { $0.channels == 0 }
      octaveTunings.append((channels, message))
    case .keyTunings(let program, let changed):
      pitches[program, default: [:]].merge(changed) { $1 }
    }
    return effect
  }

  /// Follows that a program was chosen for a channel.
  mutating func chooseProgram(channel: Int) { drumParts[channel]?.isLast = false }

  /// The messages that another synthesizer is told before what its channels were told.
  var messages: [[UInt8]] {
    var messages = [reset].compactMap(\.self)
    let order: [ExclusiveEffect] = [.masterVolume, .masterFineTuning, .masterCoarseTuning]
    messages += order.compactMap { whole[$0] }
    messages += octaveTunings.map(\.message)
    for (program, pitches) in pitches.sorted(by: { $0.key < $1.key }) {
      messages += ExclusiveEffect.messages(tuning: program, pitches)
    }
    return messages + drumMessages { !$0.isLast }
  }

  /// The messages that it is told after that.
  var lastMessages: [[UInt8]] { drumMessages { $0.isLast } }

  private func drumMessages(_ isWanted: (DrumPart) -> Bool) -> [[UInt8]] {
    drumParts.filter { isWanted($0.value) }.sorted { $0.key < $1.key }.map(\.value.message)
  }
}
