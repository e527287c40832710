/// What drives a modulator: a controller and the curve that maps it to −1…1 or 0…1 (SoundFont 2.04, §8.2).
package struct ModulatorSource: Sendable, Hashable {
  /// The sixteen bits of the file: the controller's number, whether it is a MIDI controller, direction, polarity, curve.
  package let bits: UInt16

  /// The source that a file writes so.
  package init(bits: UInt16) { self.bits = bits }

  /// No controller: as the only source it is 0, as the amount's source 1.
  package static let none = ModulatorSource(bits: 0)

  /// The number of the MIDI controller, or of the `GeneralController`.
  package var number: Int { Int(bits & 0x7F) }
  /// Whether the number is that of a MIDI controller (control change).
  package var isMIDIController: Bool { bits & 0x80 != 0 }
  /// Whether it falls from its maximum to its minimum while the controller rises.
  package var isNegative: Bool { bits & 0x100 != 0 }
  /// Whether it goes from −1 to 1 rather than from 0 to 1.
  package var isBipolar: Bool { bits & 0x200 != 0 }
  /// How it goes between its ends; nil for a curve that the specification does not know.
  package var curve: Curve? { Curve(rawValue: Int(bits >> 10)) }

  /// Which controller it is, if not a MIDI controller; nil for one that the specification does not know.
  package var generalController: GeneralController? {
    isMIDIController ? nil : GeneralController(rawValue: number)
  }

  /// The general controllers (§8.2.1).
  package enum GeneralController: Int, Sendable {
    /// None.
    case none = 0
    /// The note's velocity.
    case velocity = 2
    /// The note's key.
    case key = 3
    /// The pressure on the note's key.
    case keyPressure = 10
    /// The channel's pressure.
    case channelPressure = 13
    /// The pitch wheel, of 14 bits.
    case pitchWheel = 14
    /// The pitch wheel's sensitivity (registered parameter 0), in semitones of 127.
    case pitchWheelSensitivity = 16
    /// The sum of what other modulators give.
    case link = 127
  }

  /// The shapes (§8.2.4).
  package enum Curve: Int, Sendable {
    /// A straight line.
    case linear = 0
    /// Slow at first: −40/96·log₁₀ of what is left of the way.
    case concave = 1
    /// The concave curve, turned around: fast at first.
    case convex = 2
    /// The minimum below the middle, the maximum from there.
    case switched = 3
  }

  /// Whether the specification allows it as a source: MIDI controllers that select banks, carry data or are channel modes
  /// are none, nor are the fine halves of others (§8.2.1).
  var isAllowed: Bool {
    guard curve != nil else { return false }
    guard isMIDIController else { return generalController != nil }
    return switch number {
    case 0, 6, 32...63, 98...101, 120...127: false
    default: true
    }
  }
}

/// A controller that changes a generator while a note sounds (§7.4, §9.5):
/// amount × source × amount source, then the transform, is added to the destination.
///
/// Its source may be what other modulators give (§8.2.1, general controller 127). The specification leaves open in which unit: their sum is
/// taken as a MIDI controller's value, limited to 0…127, so that an amount of 127 moves all of the next one.
package struct Modulator: Sendable, Hashable {
  /// What drives it.
  package var source: ModulatorSource
  /// What it changes.
  package var destination: Generator
  /// How much, in the destination's unit, at the end of both sources.
  package var amount: Int
  /// What the amount is multiplied by.
  package var amountSource: ModulatorSource
  /// Whether the absolute value of the product is taken.
  package var isAbsolute: Bool
  /// The modulators whose sum is the source, where that is a link. Their destination means nothing.
  package var inputs: [Modulator] = []

  /// How many links stand behind each other at most.
  package static let deepestLink = 8

  /// A modulator with these sources.
  package init(
    _ source: UInt16, to destination: Generator, amount: Int, by amountSource: UInt16 = 0,
    isAbsolute: Bool = false
  ) {
    self.source = ModulatorSource(bits: source)
    self.destination = destination
    self.amount = amount
    self.amountSource = ModulatorSource(bits: amountSource)
    self.isAbsolute = isAbsolute
  }

  /// Whether one takes the other's place, or is added to it: all but the amount is equal (§9.5.1).
  package func isIdentical(to other: Modulator) -> Bool {
    source == other.source && destination == other.destination && amountSource == other.amountSource
      && isAbsolute == other.isAbsolute && inputs == other.inputs
  }

  /// The ten modulators that every note has unless its zone has others in their place (§8.4).
  ///
  /// The pan's amount is 500 where the specification has 1000: it means the whole way from left to right.
  package static let standard: [Modulator] = [
    Modulator(0x0502, to: .attenuation, amount: 960),
    velocityToFilter,
    Modulator(0x000D, to: .vibratoLFOToPitch, amount: 50),
    Modulator(0x0081, to: .vibratoLFOToPitch, amount: 50),
    Modulator(0x0587, to: .attenuation, amount: 960),
    Modulator(0x028A, to: .pan, amount: 500),
    Modulator(0x058B, to: .attenuation, amount: 960),
    Modulator(0x00DB, to: .reverbSend, amount: 200),
    Modulator(0x00DD, to: .chorusSend, amount: 200),
    Modulator(0x020E, to: .fineTune, amount: 12_700, by: 0x0010),
  ]

  /// The default of version 2.04.
  static let velocityToFilter = Modulator(0x0102, to: .filterCutoff, amount: -2_400)
  /// The default of version 2.01 in its place, a jump at velocity 64, which banks of that time switch off by its identity.
  static let velocityToFilterOf201 = Modulator(0x0102, to: .filterCutoff, amount: -2_400, by: 0x0D02)
}
