internal import Analysis
internal import Music

/// What two have played by turns, as one piece: the calls of a player and a model's answers, bar after bar.
///
/// A track of the piece is what came on one channel; its role is the one that it had in its first call. The key is that of all of it.
/// What is long ago is forgotten, so that it stays as long as a model can look back.
struct Conversation {
  /// The bars.
  let timeSignature: TimeSignature
  /// At most so many bars are kept when a call is over.
  let mostBars: Int

  /// What was played before the call.
  private(set) var past: Score
  /// How many bars it has.
  private(set) var barCount = 0

  private static let ticksPerQuarter = PhraseReader.ticksPerQuarter

  init(timeSignature: TimeSignature, mostBars: Int) {
    self.timeSignature = timeSignature
    self.mostBars = mostBars
    past = Score(ticksPerQuarter: Self.ticksPerQuarter)
    past.timeSignatures = [TimeSignatureChange(tick: 0, timeSignature: timeSignature)]
  }

  private var barLength: Int {
    4 * Self.ticksPerQuarter * timeSignature.numerator / timeSignature.denominator
  }

  /// All of it with a call after it, stating its key.
  func with(_ call: PhraseReading?) -> Score {
    var score = past
    if let call { Self.append(call.score, at: barCount * barLength, to: &score) }
    for index in score.tracks.indices where score.tracks[index].role == nil {
      score.tracks[index].role = score.partRoles[index]
    }
    if let tempo = call?.score.tempos.first, score.tempos.isEmpty { score.tempos = [tempo] }
    if let key = KeyDetection(score) {
      score.keys = [KeyChange(tick: 0, fifths: key.fifths, isMinor: key.isMinor)]
    }
    score.length = (barCount + (call?.barCount ?? 0)) * barLength
    return score
  }

  /// Ends an exchange: the call, and as much of the answer as was heard, become what was played before.
  /// - Parameters:
  ///   - call: The call.
  ///   - answer: The notes of the answer, in beats from its first bar line.
  ///   - bars: How many bars of the answer were heard.
  mutating func add(_ call: PhraseReading?, answer: [AnswerNote], bars: Int) {
    var score = with(call)
    let start = (barCount + (call?.barCount ?? 0)) * barLength
    for note in answer where note.beat * Double(Self.ticksPerQuarter) < Double(bars * barLength) {
      guard let track = track(of: note, in: score) else { continue }
      let onset = start + Int((note.beat * Double(Self.ticksPerQuarter)).rounded())
      score.tracks[track].notes.append(
        Note(
          onset: onset, duration: max(1, Int((note.length * Double(Self.ticksPerQuarter)).rounded())),
          pitch: note.pitch, velocity: note.velocity))
    }
    for index in score.tracks.indices { score.tracks[index].notes.sort() }
    barCount += (call?.barCount ?? 0) + bars
    past = score
    past.keys = []
    forgetBars(barCount - mostBars)
    past.length = barCount * barLength
  }

  /// The track of a part of the answer: of several of its program, which the tokens tell apart by number, the one in that place.
  private func track(of note: AnswerNote, in score: Score) -> Int? {
    let order: [PartRole?] = [.chords, .bass, .other, .melody, .drums]
    let fitting = score.tracks.indices.filter { index in
      let track = score.tracks[index]
      return note.program == nil ? track.isDrum : !track.isDrum && (track.program ?? 0) == note.program
    }.sorted {
      (order.firstIndex(of: score.tracks[$0].role) ?? 0, $0)
        < (order.firstIndex(of: score.tracks[$1].role) ?? 0, $1)
    }
    return fitting.indices.contains(note.part) ? fitting[note.part] : fitting.first
  }

  private mutating func forgetBars(_ count: Int) {
    guard count > 0 else { return }
    let ticks = count * barLength
    for index in past.tracks.indices {
      past.tracks[index].notes = past.tracks[index].notes.compactMap { note in
        guard note.onset >= ticks else { return nil }
        var note = note
        note.onset -= ticks
        return note
      }
    }
    barCount -= count
  }

  private static func append(_ call: Score, at tick: Int, to score: inout Score) {
    for track in call.tracks {
      var moved = track
      for index in moved.notes.indices { moved.notes[index].onset += tick }
      if let place = score.tracks.firstIndex(where: { $0.channel == track.channel }) {
        score.tracks[place].notes += moved.notes
      } else {
        score.tracks.append(moved)
      }
    }
  }
}
