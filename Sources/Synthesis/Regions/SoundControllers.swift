internal import SoundFonts

/// The sound controllers 71 to 78 (MIDI 1.0 recommended practice RP-021, General MIDI 2): resonance, release, attack, brightness, decay, and rate,
/// depth and delay of the vibrato, as changes around 64. SoundFonts have no default modulators for them; a zone that has one of its own
/// for a controller keeps it to that.
struct SoundControllers: BitwiseCopyable {
  static let numbers = 71...78

  /// A bit for each controller that has its usual meaning.
  private var free: UInt8 = 0

  init(_ modulators: [RegionModulator]) {
    for number in Self.numbers where !modulators.contains(where: { $0.reads(controller: number) }) {
      free |= 1 << UInt8(number - Self.numbers.lowerBound)
    }
  }

  /// The standards leave amounts open. At their ends they are three octaves of time, four of the filter and one of the rate, 24 dB of
  /// resonance and 50 cents of vibrato.
  private static let times: Float = 3600, brightness: Float = 4800, rate: Float = 1200
  private static let resonance: Float = 240, vibrato: Float = 50
  /// A time that is to be longer begins with 16 ms, in timecents: of none there is no multiple.
  private static let shortestTime: Float = -7200

  /// Changes the generators by the controllers of a channel.
  @inline(__always)
  func apply(to values: inout InlineArray<60, Float>, _ channel: UnsafePointer<Channel>) {
    guard channel.pointee.hasSoundControllers else { return }
    for number in Self.numbers where free >> UInt8(number - Self.numbers.lowerBound) & 1 != 0 {
      let value = channel.pointee.controller(number)
      guard value != 64 else { continue }
      let place = value > 64 ? Float(value - 64) / 63 : Float(value - 64) / 64
      switch number {
      case 71: values[.filterResonance] += Self.resonance * place
      case 72:
        Self.stretch(&values[.volumeEnvelopeRelease], place)
        Self.stretch(&values[.modulationEnvelopeRelease], place)
      case 73:
        Self.stretch(&values[.volumeEnvelopeAttack], place)
        Self.stretch(&values[.modulationEnvelopeAttack], place)
      case 74: values[.filterCutoff] += Self.brightness * place
      case 75:
        Self.stretch(&values[.volumeEnvelopeDecay], place)
        Self.stretch(&values[.modulationEnvelopeDecay], place)
      case 76: values[.vibratoLFOFrequency] += Self.rate * place
      case 77: Self.deepen(&values[.vibratoLFOToPitch], place)
      default: Self.stretch(&values[.vibratoLFODelay], place)
      }
    }
  }

  @inline(__always)
  private static func stretch(_ time: inout Float, _ place: Float) {
    if place > 0 { time = max(time, shortestTime) }
    time += times * place
  }

  /// More by up to 50 cents, or less down to none.
  @inline(__always)
  private static func deepen(_ depth: inout Float, _ place: Float) {
    if place < 0 { depth *= 1 + place } else { depth += depth < 0 ? -vibrato * place : vibrato * place }
  }
}

extension InlineArray where Element == Float {
  /// The value of a generator.
  @inline(__always)
  subscript(generator: Generator) -> Float {
    get { self[generator.rawValue] }
    set { self[generator.rawValue] = newValue }
  }
}
