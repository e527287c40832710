internal import Groundwork

/// A connection block of an articulator: what moves what, and how much (DLS Level 2, §1.6 and §2.9).
struct DLSConnection {
  var source: Int, control: Int, destination: Int, transform: Int
  /// In cents, timecents, centibels or tenths of a percent.
  var scale: Float

  private enum Source {
    static let none = 0, lfo = 1, velocity = 2, key = 3, envelope = 5, keyPressure = 7, pressure = 8,
      vibrato = 9
    /// What the standard modulators of SoundFonts do: the wheel, volume, pan, expression, effects and registered parameters.
    static let standard: Set<Int> = [6, 0x87, 0x8A, 0x8B, 0xDB, 0xDD, 0x100, 0x101, 0x102]
  }

  private enum Destination {
    static let gain = 1, pitch = 3, cutoff = 0x500, sustain = 0x20A, modulationSustain = 0x30E
  }

  /// The connections of an articulator's chunk.
  static func list(_ content: ByteReader) -> [DLSConnection] {
    var content = content
    guard let size = try? content.readLittleEndian(UInt32.self), size >= 8,
      let count = try? content.readLittleEndian(UInt32.self), (try? content.skip(Int(size) - 8)) != nil
    else { return [] }
    var result: [DLSConnection] = []
    while result.count < count, result.count < ZoneParser.modulatorLimit,
      let source = try? content.readLittleEndian(UInt16.self),
      let control = try? content.readLittleEndian(UInt16.self),
      let destination = try? content.readLittleEndian(UInt16.self),
      let transform = try? content.readLittleEndian(UInt16.self),
      let scale = try? content.readLittleEndian(Int32.self)
    {
      result.append(
        DLSConnection(
          source: Int(source), control: Int(control), destination: Int(destination),
          transform: Int(transform),
          scale: Float(scale) / 65_536))
    }
    return result
  }

  /// The generators that a value without a source sets.
  private static let values: [Int: Generator] = [
    1: .attenuation, 4: .pan, 0x80: .chorusSend, 0x81: .reverbSend, 0x104: .modulationLFOFrequency,
    0x105: .modulationLFODelay, 0x114: .vibratoLFOFrequency, 0x115: .vibratoLFODelay,
    0x206: .volumeEnvelopeAttack, 0x207: .volumeEnvelopeDecay, 0x209: .volumeEnvelopeRelease,
    0x20B: .volumeEnvelopeDelay, 0x20C: .volumeEnvelopeHold, 0x30A: .modulationEnvelopeAttack,
    0x30B: .modulationEnvelopeDecay, 0x30D: .modulationEnvelopeRelease, 0x30F: .modulationEnvelopeDelay,
    0x310: .modulationEnvelopeHold, 0x500: .filterCutoff, 0x501: .filterResonance,
    Destination.sustain: .volumeEnvelopeSustain, Destination.modulationSustain: .modulationEnvelopeSustain,
  ]

  /// The generators that an oscillator or envelope has for what it moves.
  private static let depths: [Int: [Int: Generator]] = [
    Source.lfo: [
      Destination.pitch: .modulationLFOToPitch, Destination.gain: .modulationLFOToVolume,
      Destination.cutoff: .modulationLFOToFilterCutoff,
    ],
    Source.envelope: [
      Destination.pitch: .modulationEnvelopeToPitch, Destination.cutoff: .modulationEnvelopeToFilterCutoff,
    ],
    Source.vibrato: [Destination.pitch: .vibratoLFOToPitch],
  ]

  /// The generators that change a time from key to key.
  private static let keyScalings: [Int: (Generator, time: Generator)] = [
    0x20C: (.keyToVolumeEnvelopeHold, .volumeEnvelopeHold),
    0x207: (.keyToVolumeEnvelopeDecay, .volumeEnvelopeDecay),
    0x310: (.keyToModulationEnvelopeHold, .modulationEnvelopeHold),
    0x30B: (.keyToModulationEnvelopeDecay, .modulationEnvelopeDecay),
  ]

  /// Sets the generators and modulators of a zone.
  /// - Parameter gain: That of the wave, in centibels.
  static func apply(_ connections: some Sequence<DLSConnection>, gain: Float, to zone: inout ZoneList.Zone) {
    var values: [Generator: Float] = [.modulationLFOFrequency: -851, .vibratoLFOFrequency: -851]
    var (attenuation, pitch) = (-gain, Float(0))
    // Added at the end, for a time may be set after its change from key to key.
    var offsets: [Generator: Float] = [:]
    var modulators = [Modulator(0x0102, to: .filterCutoff, amount: 0)]
    for connection in connections {
      let (scale, destination) = (connection.scale, connection.destination)
      switch (connection.source, connection.control) {
      case (Source.none, 0):
        switch destination {
        case Destination.gain: attenuation -= scale
        case Destination.pitch: pitch += scale
        case Destination.sustain: values[.volumeEnvelopeSustain] = 960 * (1 - scale / 1000)
        case Destination.modulationSustain: values[.modulationEnvelopeSustain] = 1000 - scale
        default: if let generator = Self.values[destination] { values[generator] = scale }
        }
      case (Source.key, 0) where destination == Destination.pitch: values[.scaleTuning] = scale / 128
      case (Source.key, 0):
        if let (generator, time) = keyScalings[destination] {
          // From key 0 up in 128 steps here; around key 60, and longer downwards, there.
          values[generator] = -scale / 128
          offsets[time, default: 0] += scale * 60 / 128
        } else if let modulator = connection.modulator(of: connection.source) {
          modulators.append(modulator)
        }
      case (let source, let control) where depths[source] != nil:
        guard let generator = depths[source]?[destination] else { continue }
        if control == 0 {
          values[generator] = scale
        } else if let modulator = connection.modulator(of: control, to: generator) {
          modulators.append(modulator)
        }
      case (let source, 0):
        if let modulator = connection.modulator(of: source) { modulators.append(modulator) }
      default: continue
      }
    }
    for (time, offset) in offsets { values[time, default: -12_000] += offset }
    // In a SoundFont four tenths of an attenuation are heard.
    values[.attenuation] = attenuation / 0.4
    values[.coarseTune] = (pitch / 100).rounded(.towardZero)
    values[.fineTune] = pitch - 100 * (pitch / 100).rounded(.towardZero)
    zone.generators += values.sorted { $0.key.rawValue < $1.key.rawValue }.map { generator, value in
      let range = generator.range
      return (generator, Int(min(max(value, Float(range.lowerBound)), Float(range.upperBound)).rounded()))
    }
    zone.modulators = modulators
  }

  /// The modulator of a controller; nil for what every note has, or what SoundFonts cannot do.
  private func modulator(of controller: Int, to given: Generator? = nil) -> Modulator? {
    guard !Source.standard.contains(controller), let generator = given ?? Self.values[destination] else {
      return nil
    }
    let isControl = given != nil
    let number: Int
    switch controller {
    case Source.velocity: number = 2
    case Source.key: number = 3
    case Source.keyPressure: number = 10
    case Source.pressure: number = 13
    case 0x81...0xF7: number = controller
    default: return nil
    }
    // Velocity to gain is what every note has.
    if controller == Source.velocity, destination == Destination.gain { return nil }
    // Source: two bits of shape from bit 10 on, bipolar, inverted; control: the same from bit 4 on, with bits 8 and 9.
    let curve = transform >> (isControl ? 4 : 10) & 3
    let isBipolar = transform >> (isControl ? 8 : 14) & 1
    let isNegative = transform >> (isControl ? 9 : 15) & 1
    let bits = UInt16(number | isNegative << 8 | isBipolar << 9 | curve << 10)
    let amount = destination == Destination.gain && !isControl ? -scale : scale
    return Modulator(bits, to: generator, amount: Int(min(max(amount, -32_768), 32_767).rounded()))
  }
}
