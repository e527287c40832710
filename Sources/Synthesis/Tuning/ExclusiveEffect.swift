/// What a system-exclusive message changes in a synthesizer, for those who keep the state of one that is yet to be made.
package enum ExclusiveEffect: Sendable, Hashable {
  /// Everything but the tuning programs is as at the beginning.
  case reset
  /// The keys of a channel become drums, or notes again.
  case drumPart(channel: Int)
  /// The volume of all.
  case masterVolume
  /// The tuning of all, in its two halves.
  case masterFineTuning
  case masterCoarseTuning
  /// The twelve notes of the octave, on the channels whose bits are set.
  case octaveTuning(channels: UInt16)
  /// Keys of a tuning program, each with its pitch in three bytes.
  case keyTunings(program: Int, pitches: [Int: [UInt8]])

  /// nil for a message that a synthesizer does not understand.
  /// - Parameter message: What follows 0xF0, with or without the final 0xF7.
  package init?(_ message: [UInt8]) {
    let effect = message.withUnsafeBufferPointer { bytes in
      SystemExclusive(bytes).map { Self.effect(of: $0, bytes) }
    }
    guard let effect else { return nil }
    self = effect
  }

  private static func effect(
    of message: SystemExclusive, _ bytes: UnsafeBufferPointer<UInt8>
  ) -> ExclusiveEffect {
    switch message {
    case .reset: return .reset
    case .drumPart(let channel, _): return .drumPart(channel: channel)
    case .masterVolume: return .masterVolume
    case .masterFineTuning: return .masterFineTuning
    case .masterCoarseTuning: return .masterCoarseTuning
    case .octaveTuning(let channels, _): return .octaveTuning(channels: channels)
    case .keyTunings(let program, let start, let count):
      var pitches: [Int: [UInt8]] = [:]
      for index in 0..<count {
        let place = start + 4 * index
        add(pitch(bytes, place + 1), to: &pitches, ofKey: Int(bytes[place] & 127))
      }
      return .keyTunings(program: program, pitches: pitches)
    case .allTunings(let program, let start):
      var pitches: [Int: [UInt8]] = [:]
      for key in 0..<128 { add(pitch(bytes, start + 3 * key), to: &pitches, ofKey: key) }
      return .keyTunings(program: program, pitches: pitches)
    }
  }

  private static func pitch(_ bytes: UnsafeBufferPointer<UInt8>, _ place: Int) -> [UInt8] {
    [bytes[place] & 127, bytes[place + 1] & 127, bytes[place + 2] & 127]
  }

  /// 7F 7F 7F leaves a key as it is.
  private static func add(_ pitch: [UInt8], to pitches: inout [Int: [UInt8]], ofKey key: Int) {
    if pitch != [0x7F, 0x7F, 0x7F] { pitches[key] = pitch }
  }

  /// The message that tunes keys of a program: what follows 0xF0 (MIDI Tuning Standard, single note tuning change).
  /// - Parameters:
  ///   - program: The tuning program, 0...127.
  ///   - pitches: For each key its pitch in three bytes.
  /// - Returns: As many messages as it takes, for a message has at most 127 keys.
  package static func messages(tuning program: Int, _ pitches: [Int: [UInt8]]) -> [[UInt8]] {
    let keys = pitches.keys.sorted()
    var messages: [[UInt8]] = []
    for first in stride(from: 0, to: keys.count, by: 127) {
      let part = keys[first..<min(first + 127, keys.count)]
      var message: [UInt8] = [0x7F, 0x7F, 0x08, 0x02, UInt8(program & 127), UInt8(part.count)]
      for key in part {
        message.append(UInt8(key & 127))
        message += pitches[key] ?? []
      }
      messages.append(message + [0xF7])
    }
    return messages
  }
}
