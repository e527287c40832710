/// The sixteen families of General MIDI level 1, and the drum kit.
public enum InstrumentFamily: String, Sendable, Hashable, CaseIterable {
  case piano, chromaticPercussion, organ, guitar, bass, strings, ensemble, brass
  case reed, pipe, synthLead, synthPad, synthEffects, ethnic, percussive, soundEffects
  /// The percussion of channel 10, one sound for each key.
  case drums

  /// The family that General MIDI gives a program, 0...127: eight programs each, in order.
  public init(program: Int) {
    precondition((0...127).contains(program), "program \(program) is outside 0...127")
    self = Self.allCases[program / 8]
  }
}
