package import Music
package import Tokenization

/// What a model expects to be played beside a tune in a bar that is to come.
package struct BarForecast: Sendable {
  /// A note, in steps from the bar line; one that began in the bar before and still sounds has an onset below 0.
  package typealias Step = CellsView.Note

  /// One of the ways in which the bar may go.
  package struct Candidate: Sendable {
    /// How probable it is among all that were drawn, 0...1.
    package var probability: Double
    /// What sounds beneath the tune: the notes of all parts with pitches that come before it in the order of parts.
    package var notes: [Step]
  }

  /// The number of the bar, from 0.
  package var bar: Int
  /// Steps in a quarter note.
  package var stepsPerQuarter: Int
  /// The ways, the most probable first; empty where the model has no harmony.
  package var candidates: [Candidate]
  /// How bass and drums go on where the first of the candidates is taken, by their roles: notes in ticks from the bar line.
  package var parts: [PartRole: [Note]]
  /// Ticks in a quarter note of `parts`.
  package var ticksPerQuarter: Int
}
