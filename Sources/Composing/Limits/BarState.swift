internal import Music
internal import Tokenization

/// What has been written of a bar, and of the new music before it, as far as limits ask for it.
struct BarState: Sendable {
  /// A note that is sounding or begins in the bar; steps count from its bar line and may be negative.
  struct SoundingNote: Sendable {
    var part: Int
    var pitch: Int
    var end: Int
  }

  /// How many pitched notes there are in the new music, and how many of them are not of the scale.
  var notes = 0
  var outside = 0
  /// How many steps the complete bars have, and in how many of them nothing sounds.
  var elapsed = 0
  var silent = 0
  /// How many notes the leading part has begun.
  var leadingNotes = 0
  /// Whether each part has played.
  var hasSounded: [Bool] = []

  var frame: BarFrame
  /// How many voices sound at each step from the bar line to the end of the longest note.
  var voices: [UInt8]
  /// How many notes each part has begun in the bar, and all.
  var counts: [Int]
  var total = 0
  /// What sounds of all parts.
  var sounding: [SoundingNote] = []

  /// - Parameter room: the steps of the longest bar and the longest note.
  init(_ frame: BarFrame, partCount: Int, room: Int) {
    self.frame = frame
    voices = Array(repeating: 0, count: room + 1)
    counts = Array(repeating: 0, count: partCount)
    hasSounded = Array(repeating: false, count: partCount)
  }

  /// Takes the time of a pitched note.
  mutating func addTime(onset: Int, duration: Int, part: Int) {
    for step in onset..<min(onset + duration, voices.count) { voices[step] &+= 1 }
    counts[part] += 1
    total += 1
    hasSounded[part] = true
  }

  /// Takes the pitch of a note.
  mutating func addPitch(_ note: CellsView.Note, part: Int, _ rules: CellRules, leads: Bool) {
    sounding.append(SoundingNote(part: part, pitch: note.pitch, end: note.onset + note.duration))
    notes += 1
    if !rules.scale.contains(note.pitch) { outside += 1 }
    if leads { leadingNotes += 1 }
  }

  /// What sounds in a part at a step or later.
  func sounding(part: Int, from step: Int) -> PitchSet {
    var pitches = PitchSet.none
    for note in sounding where note.part == part && note.end > step { pitches.insert(note.pitch) }
    return pitches
  }

  /// The silent steps of the bar.
  var silence: Int { voices[..<frame.length].reduce(0) { $0 + ($1 == 0 ? 1 : 0) } }

  /// Whether a note sounds beyond the bar.
  var hasOverhang: Bool { frame.length < voices.count && voices[frame.length] > 0 }

  /// The state at the next bar line.
  func next(_ frame: BarFrame) -> BarState {
    var next = BarState(frame, partCount: counts.count, room: voices.count - 1)
    next.notes = notes
    next.outside = outside
    next.leadingNotes = leadingNotes
    next.hasSounded = hasSounded
    let length = self.frame.length
    next.elapsed = elapsed + length
    next.silent = silent + silence
    for step in length..<voices.count { next.voices[step - length] = voices[step] }
    for note in sounding where note.end > length {
      next.sounding.append(SoundingNote(part: note.part, pitch: note.pitch, end: note.end - length))
    }
    return next
  }
}

/// The cell of a pitched part while it is written: what is said, and what has to follow.
struct CellDraft: Sendable {
  var part: Int
  /// The onset and pitch of the last note; −1 before the first.
  var lastOnset = -1
  var lastPitch = -1
  /// The onset and duration that the next note has, where they are said.
  var fixedOnset: Int?
  var fixedDuration: Int?
  /// Whether a position was said, after which the next note cannot join the last one.
  var isPlaced = false
  /// The duration that holds; 0 where none does.
  var duration = 0
  /// Whether a further note has to come.
  var mustPlay = false
}
