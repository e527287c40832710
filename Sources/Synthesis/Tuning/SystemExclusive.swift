/// A standard that says how programs, banks and drums are selected.
enum SoundSystem: BitwiseCopyable {
  /// Nobody has said: banks are as Roland GS has them, by controller 0.
  case unknown
  /// General MIDI level 1: no banks.
  case generalMIDI
  /// General MIDI level 2: controller 0 is 121, or 120 for drums; controller 32 is the variation.
  case generalMIDI2
  /// Roland GS: controller 0 is the variation.
  case gs
  /// Yamaha XG: controller 0 is 127 or 126 for drums; controller 32 is the variation.
  case xg
}

/// A system-exclusive message that a synthesizer understands.
enum SystemExclusive: BitwiseCopyable {
  /// Everything to the beginning.
  case reset(SoundSystem)
  /// The keys of a channel become drums, or notes again.
  case drumPart(midiChannel: Int, isDrum: Bool)
  /// Between 0 and 1.
  case masterVolume(Float)
  /// Semitones; the coarse tuning's are whole.
  case masterFineTuning(Float)
  case masterCoarseTuning(Float)
  /// Semitones for each of the twelve notes, from C on, on the channels whose bits are set.
  case octaveTuning(channels: UInt16, InlineArray<12, Float>)
  /// The keys of a tuning program, at a place in the message: four bytes for each, or three for 128 keys in order.
  case keyTunings(program: Int, start: Int, count: Int)
  case allTunings(program: Int, start: Int)

  /// nil for a message that means nothing here.
  /// - Parameter bytes: What follows 0xF0, with or without the final 0xF7.
  init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    var count = bytes.count
    if count > 0, bytes[count - 1] == 0xF7 { count -= 1 }
    guard count >= 4 else { return nil }
    let message: SystemExclusive? =
      switch bytes[0] {
      case 0x7E, 0x7F: Self.universal(bytes, count)
      case 0x41: Self.roland(bytes, count)
      case 0x43: Self.yamaha(bytes, count)
      default: nil
      }
    guard let message else { return nil }
    self = message
  }

  /// Universal messages (MIDI 1.0): 7E or 7F, device, two numbers, data.
  private static func universal(_ bytes: UnsafeBufferPointer<UInt8>, _ count: Int) -> SystemExclusive? {
    let isRealTime = bytes[0] == 0x7F
    switch (bytes[2], bytes[3]) {
    case (0x09, let level) where !isRealTime:
      return level == 1
        ? .reset(.generalMIDI) : level == 2 ? .reset(.unknown) : level == 3 ? .reset(.generalMIDI2) : nil
    case (0x04, let what) where isRealTime && count >= 6:
      let value = Int(bytes[4] & 127) | Int(bytes[5] & 127) << 7
      switch what {
      case 1: return .masterVolume(Float(value) / 16_383)
      case 3: return .masterFineTuning(Float(value - 8192) / 8192)
      case 4: return .masterCoarseTuning(Float(bytes[5] & 127) - 64)
      default: return nil
      }
    case (0x08, let what): return tuning(bytes, count, what)
    default: return nil
    }
  }

  /// The MIDI Tuning Standard (MMA 1999, with scale and octave tuning).
  private static func tuning(
    _ bytes: UnsafeBufferPointer<UInt8>, _ count: Int, _ what: UInt8
  ) -> SystemExclusive? {
    switch what {
    case 0x01:  // Bulk dump: program, sixteen bytes of name, 128 keys, checksum.
      return count >= 21 + 384 ? .allTunings(program: Int(bytes[4] & 127), start: 21) : nil
    case 0x04:  // The same with a bank.
      return count >= 22 + 384 ? .allTunings(program: Int(bytes[5] & 127), start: 22) : nil
    case 0x02: return keys(bytes, count, program: 4)
    case 0x07: return keys(bytes, count, program: 5)
    case 0x08, 0x09:
      let size = what == 0x08 ? 1 : 2
      guard count >= 7 + 12 * size else { return nil }
      let channels = UInt16(bytes[6] & 127) | UInt16(bytes[5] & 127) << 7 | UInt16(bytes[4] & 3) << 14
      var semitones = InlineArray<12, Float>(repeating: 0)
      for note in 0..<12 {
        semitones[note] =
          size == 1
          ? (Float(bytes[7 + note] & 127) - 64) / 100
          : Float(Int(bytes[7 + 2 * note] & 127) << 7 + Int(bytes[8 + 2 * note] & 127) - 8192) / 8192
      }
      return .octaveTuning(channels: channels, semitones)
    default: return nil
    }
  }

  private static func keys(
    _ bytes: UnsafeBufferPointer<UInt8>, _ count: Int, program: Int
  ) -> SystemExclusive? {
    guard count > program + 1 else { return nil }
    let number = Int(bytes[program + 1])
    guard count >= program + 2 + 4 * number else { return nil }
    return .keyTunings(program: Int(bytes[program] & 127), start: program + 2, count: number)
  }

  /// Roland GS: 41, device, 42, 12, address of three bytes, data, checksum.
  private static func roland(_ bytes: UnsafeBufferPointer<UInt8>, _ count: Int) -> SystemExclusive? {
    guard count >= 9, bytes[2] == 0x42, bytes[3] == 0x12, bytes[4] == 0x40 || bytes[4] == 0 else {
      return nil
    }
    switch (bytes[4], bytes[5], bytes[6]) {
    case (0x40, 0x00, 0x7F): return bytes[7] == 0x7F ? .reset(.unknown) : .reset(.gs)
    case (0x00, 0x00, 0x7F): return .reset(.gs)
    case (0x40, 0x00, 0x04): return .masterVolume(Float(bytes[7] & 127) / 127)
    case (0x40, 0x10...0x1F, 0x15):
      return .drumPart(midiChannel: channel(ofPart: Int(bytes[5] & 15)), isDrum: bytes[7] != 0)
    case (0x40, 0x10...0x1F, 0x40):
      guard count >= 19 else { return nil }
      var semitones = InlineArray<12, Float>(repeating: 0)
      for note in 0..<12 { semitones[note] = (Float(bytes[7 + note] & 127) - 64) / 100 }
      return .octaveTuning(channels: 1 << UInt16(channel(ofPart: Int(bytes[5] & 15))), semitones)
    default: return nil
    }
  }

  /// GS numbers part 10 as 0, and 1 to 9 as they are; those above follow.
  private static func channel(ofPart part: Int) -> Int { part == 0 ? 9 : part < 10 ? part - 1 : part }

  /// Yamaha XG: 43, 1n, 4C, address of three bytes, data.
  private static func yamaha(_ bytes: UnsafeBufferPointer<UInt8>, _ count: Int) -> SystemExclusive? {
    guard count >= 7, bytes[1] & 0xF0 == 0x10, bytes[2] == 0x4C else { return nil }
    switch (bytes[3], bytes[4], bytes[5]) {
    case (0x00, 0x00, 0x7E), (0x00, 0x00, 0x7F): return .reset(.xg)
    case (0x00, 0x00, 0x04): return .masterVolume(Float(bytes[6] & 127) / 127)
    case (0x08, let part, 0x07) where part < 16:
      return .drumPart(midiChannel: Int(part), isDrum: bytes[6] != 0)
    default: return nil
    }
  }
}
