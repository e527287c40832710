/// One thing in a voice, in the order of the text.
enum ABCElement {
  /// A note, a chord or a rest.
  case event(ABCEvent)
  /// A bar line.
  case bar(ABCBar)
  /// The beginning of a variant ending; bit n is set where it is played on pass n.
  case ending(passes: UInt64)
  /// From here on these chords sound; nil silences them.
  case chordSymbol(ABCChordSymbol?)
  case timeSignature(ABCTimeSignature)
  case key(ABCKey)
  /// Microseconds in a quarter note.
  case tempo(Int)
  /// The label of a part begins here.
  case part(String)
  /// Back to the bar's beginning, for another layer of the same voice.
  case overlay
}

/// A note, a chord or a rest: notes that begin together, and when the next thing begins.
struct ABCEvent {
  /// The notes, as a range of the voice's notes; empty in a rest.
  var notes: Range<Int>
  /// How long until the next event, in grains.
  var length: Int
  /// Whether it has a fermata.
  var isHeld = false
  /// The syllable sung here, as an index into the voice's syllables.
  var syllable: Int?
}

/// A note as it is written, its accidentals resolved.
struct ABCNote {
  /// MIDI key number, within 0...127.
  var pitch: Int
  /// In grains.
  var length: Int
  var velocity: Int
  /// Whether it is tied to the next note of its pitch.
  var isTied = false
  var isStaccato = false
  var ornament: ABCOrnament?
}

/// A bar line.
struct ABCBar {
  /// How many times over the part before it is repeated: 1 in `:|`, 2 in `::|`, 0 if nothing is.
  var endsRepeat = 0
  /// The same for the part after it: `|:`.
  var beginsRepeat = 0
  /// Whether it is double or thick, so that a section ends here.
  var isDouble = false

  /// Whether a bar may be incomplete before and after it.
  var dividesSections: Bool { isDouble || endsRepeat > 0 || beginsRepeat > 0 }
}

/// A voice as it is written: its music by sections (what is before the first `P:`, then one a `P:`).
struct ABCVoice {
  var identifier: String
  var name: String?
  var program: Int?
  var sections: [[ABCElement]] = [[]]
  var notes: [ABCNote] = []
  var syllables: [String] = []
}
