/// The tuning of every key: a temperament, tuning programs that messages fill (MIDI Tuning Standard), and what is for all channels.
struct KeyTunings: BitwiseCopyable {
  /// Semitones above the key of its number, for 128 programs of 128 keys.
  private let programs: UnsafeMutablePointer<Float>
  private var temperament = InlineArray<12, Float>(repeating: 0)
  var fine: Float = 0
  var coarse: Float = 0

  init(_ temperament: Temperament?, arena: Arena) {
    programs = arena.allocate(128 * 128, of: 0)
    if let temperament {
      for note in 0..<12 { self.temperament[note] = Float(temperament.cents[note] / 100) }
    }
  }

  /// Forgets what messages have set, but for the tuning programs, which are kept as in an instrument's memory.
  mutating func reset() { (fine, coarse) = (0, 0) }

  /// Takes the keys that a message tunes.
  mutating func take(_ message: SystemExclusive, _ bytes: UnsafeBufferPointer<UInt8>) {
    switch message {
    case .keyTunings(let program, let start, let count):
      for index in 0..<count {
        let place = start + 4 * index
        tune(Int(bytes[place] & 127), of: program, bytes, place + 1)
      }
    case .allTunings(let program, let start):
      for key in 0..<128 { tune(key, of: program, bytes, start + 3 * key) }
    default: break
    }
  }

  /// A key's pitch: a semitone, and 14 bits of the way to the next; 7F 7F 7F leaves it as it is.
  private func tune(_ key: Int, of program: Int, _ bytes: UnsafeBufferPointer<UInt8>, _ place: Int) {
    let (semitone, high, low) = (bytes[place], bytes[place + 1], bytes[place + 2])
    guard (semitone, high, low) != (0x7F, 0x7F, 0x7F) else { return }
    let part = Float(Int(high & 127) << 7 | Int(low & 127)) / 16_384
    programs[128 * program + key] = Float(semitone & 127) + part - Float(key)
  }

  /// Writes the semitones by which a channel's keys are tuned.
  func write(_ tunings: UnsafeMutablePointer<Float>, for channel: Channel) {
    for key in 0..<128 {
      let note = key % 12
      // Drums have no pitch to be tuned.
      tunings[key] =
        channel.isDrum
        ? 0
        : fine + coarse + temperament[note] + channel.octaveTuning[note]
          + (channel.tuningProgram >= 0 ? programs[128 * channel.tuningProgram + key] : 0)
    }
  }
}
