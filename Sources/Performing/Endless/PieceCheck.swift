internal import Music

/// Whether a piece can be played to somebody: a model that was hardly trained, or is sampled boldly, now and then falls asleep or is caught
/// in a loop.
struct PieceCheck {
  /// As many bars in a row may be empty.
  static let emptyBars = 2
  /// At most this share of the bars may be empty.
  static let emptyShare = 0.25
  /// As many bars in a row may be the same as the one, two or four bars before.
  static let loopedBars = 12
  /// A piece of this many pitched notes has at least three different pitch classes.
  static let notesOfVariety = 24
  private static let lags = [1, 2, 4]

  private var barCount = 0
  private var emptyCount = 0
  private var emptyRun = 0
  /// The notes of the last bars.
  private var recent: [[PerformedNote]] = []
  /// For how many bars in a row the music has been the same as one, two and four bars before.
  private var loops = [0, 0, 0]
  private var pitchClasses: Set<Int> = []
  private var pitchedNotes = 0
  /// What was wrong first; nil while nothing was.
  private(set) var fault: PieceFault?

  /// Takes the next bar.
  mutating func add(_ bar: PerformedBar) {
    barCount += 1
    if bar.notes.isEmpty { emptyCount += 1 }
    emptyRun = bar.notes.isEmpty ? emptyRun + 1 : 0
    for note in bar.notes where !bar.parts[note.part].isDrum {
      pitchedNotes += 1
      pitchClasses.insert(note.note.pitch % 12)
    }
    for (place, lag) in Self.lags.enumerated() {
      let isSame = recent.count >= lag && recent[recent.count - lag].isSameMusic(as: bar.notes)
      loops[place] = isSame ? loops[place] + 1 : 0
    }
    recent.append(bar.notes)
    if recent.count > 4 { recent.removeFirst() }
    guard fault == nil else { return }
    if emptyRun > Self.emptyBars {
      fault = .silence
    } else if loops.contains(where: { $0 > Self.loopedBars }) {
      fault = .loop
    } else if pitchedNotes >= Self.notesOfVariety, pitchClasses.count < 3 {
      fault = .monotony
    }
  }

  /// What is wrong with the piece, all of whose bars were taken.
  var faultOfWhole: PieceFault? {
    if let fault { return fault }
    return Double(emptyCount) > Self.emptyShare * Double(barCount) ? .silence : nil
  }
}

/// What is wrong with a piece that is not played, or not played to its end.
public enum PieceFault: String, Sendable, Hashable, CaseIterable {
  /// It has too many empty bars.
  case silence
  /// It repeats the same few bars without an end.
  case loop
  /// It has hardly any different notes.
  case monotony
  /// What is asked of it cannot be held.
  case contradiction
}

extension [PerformedNote] {
  /// Whether they are the same but for how loud they are.
  fileprivate func isSameMusic(as other: [PerformedNote]) -> Bool {
    count == other.count
      && zip(self, other).allSatisfy { a, b in
        a.part == b.part && a.note.onset == b.note.onset && a.note.pitch == b.note.pitch
          && a.note.duration == b.note.duration
      }
  }
}
