internal import Analysis
internal import Composing
internal import Groundwork
internal import Music
internal import Synthesis
internal import Tokenization

/// A piece that is composed ahead of what is heard: its session, the bars that are complete, and how they are played.
final class PieceDraft {
  let seed: UInt64
  /// How many bars of the piece are in drafts before this one, which goes on from them.
  let barsBefore: Int
  /// Whether bars may be taken back because nothing can follow them.
  let isConstrained: Bool
  /// The complete bars that are new, in ticks of `score`.
  private(set) var bars: [DecodedBar] = []
  /// Whether all of it is composed.
  private(set) var isWhole = false
  /// Whether it was found that all of it can be played.
  var isChecked = false
  /// Whether a bar with notes was given out.
  var hasSounded = false
  /// How many bars were given out, or left out at the beginning.
  var cursor = 0

  /// How many of its phrases were chosen among several tries, and how many were to be and had to go on as they came.
  private(set) var (searchedPhrases, hurriedPhrases) = (0, 0)

  private let session: CompositionSession
  private let tokenizer: any Tokenizer
  private let held: HeldLimits
  private let mostBars: Int
  /// The music so far as it is performed, and how many bars it has been made of.
  private var arranged: (score: Score, keys: [PartKey], bars: Int)?
  /// The program of each part, which is chosen when the part is first heard.
  private var programs: [PartKey: Int] = [:]
  private let isExpressive: Bool
  /// What searches phrases; nil takes them as they come.
  private var writer: PhraseWriter?
  /// How many bars a phrase has, and after how many bars the next search begins.
  private let phraseBars: Int
  private var searchStart: Int

  /// Which part of a piece a track is.
  struct PartKey: Hashable {
    var name: String
    var role: PartRole?
    var isDrum: Bool
    var program: Int?
    /// Which of the parts that are the same otherwise.
    var ordinal: Int
  }

  /// The beginning of a piece.
  /// - Parameters:
  ///   - session: What composes it, at its beginning.
  ///   - held: What the piece has to hold.
  ///   - barsBefore: How many bars of the piece there are already.
  ///   - mostBars: After this many bars the piece ends.
  ///   - isExpressive: Whether its notes are given accents and its parts places.
  ///   - isConstrained: Whether bars may be taken back because nothing can follow them.
  ///   - writer: What searches phrases; nil takes them as they come.
  ///   - phraseBars: How many bars a phrase has.
  ///   - isUrgent: Whether the first phrase is heard at once, and so is taken as it comes.
  init(
    _ session: CompositionSession, tokenizer: any Tokenizer, held: HeldLimits, seed: UInt64, barsBefore: Int,
    mostBars: Int, isExpressive: Bool, isConstrained: Bool, writer: PhraseWriter? = nil, phraseBars: Int = 8,
    isUrgent: Bool = false
  ) {
    self.session = session
    self.tokenizer = tokenizer
    self.held = held
    self.seed = seed
    self.barsBefore = barsBefore
    self.mostBars = mostBars
    self.isExpressive = isExpressive
    self.isConstrained = isConstrained
    // Tries may take bars back that were heard.
    self.writer = isConstrained && isUrgent ? nil : writer
    self.phraseBars = phraseBars
    searchStart = isUrgent ? phraseBars : 0
  }

  // MARK: Composing

  /// Goes on until as many bars are complete, or the piece has ended.
  /// - Parameters:
  ///   - count: How many.
  ///   - isUrgent: Whether somebody waits, so that a phrase that is being searched is taken as far as it has come.
  ///   - cancellation: Stops the work.
  /// - Throws: `ComposingError`.
  func compose(
    upTo count: Int, isUrgent: Bool = false, cancellation: Cancellation?
  ) throws(ComposingError) {
    while !isWhole, bars.count < count {
      if isUrgent {
        try hurry()
        guard !isWhole, bars.count < count else { break }
      }
      if isSearchDue {
        while try search(cancellation) {}
      } else {
        try composeBar(cancellation)
      }
    }
  }

  /// Does a portion of what is left to do: a bar, or some ids of all tries of a phrase.
  /// - Throws: `ComposingError`.
  func work(_ cancellation: Cancellation?) throws(ComposingError) {
    guard isSearchDue else { return try composeBar(cancellation) }
    for _ in 0..<Self.idsPerPortion {
      guard try search(cancellation) else { return }
    }
  }

  /// In so many portions a long phrase is written: each of them takes some milliseconds.
  private static let idsPerPortion = 4

  /// Goes on until a bar is complete that was not, or the piece has ended.
  private func composeBar(_ cancellation: Cancellation?) throws(ComposingError) {
    let count = bars.count + 1
    while !isWhole, bars.count < count {
      guard tokenizer.vocabulary.roles.hasBars else {
        try composeWithoutBars(cancellation)
        break
      }
      guard let step = try session.step(cancellation: cancellation) else {
        isWhole = true
        break
      }
      if step.takenBack > 0 {
        // What was heard stays as it was, whatever comes in its place.
        let heard = min(cursor, bars.count)
        bars.removeSubrange(
          (bars[heard...].firstIndex { $0.ids.upperBound > step.keptCount } ?? bars.count)...)
      }
      for bar in step.music.bars where bar.number == session.givenBarCount + bars.count { bars.append(bar) }
      if bars.count >= mostBars { isWhole = true }
    }
    if session.isFinished { isWhole = true }
  }

  // MARK: Searching

  /// Whether a phrase is being searched, or is to be.
  private var isSearchDue: Bool {
    guard let writer, !isWhole else { return false }
    return writer.isSearching || bars.count >= searchStart
  }

  /// Goes one id further in the search of a phrase.
  /// - Returns: Whether it is still under way.
  private func search(_ cancellation: Cancellation?) throws(ComposingError) -> Bool {
    guard let writer, try !writer.step(cancellation: cancellation) else { return true }
    searchedPhrases += 1
    try takePhrase()
    return false
  }

  /// Takes the bars that a search has chosen; the next search follows at once.
  private func takePhrase() throws(ComposingError) {
    bars = Array(try session.completeBars(tokenizer).prefix(mostBars))
    if session.isFinished || bars.count >= mostBars { isWhole = true }
    searchStart = bars.count
  }

  /// Gives the search of a phrase up that is under way; it may begin anew.
  func giveUpSearch() { writer?.giveUp() }

  /// Lets a phrase that is being searched, or is to be, go on without more search.
  private func hurry() throws(ComposingError) {
    guard isSearchDue, let writer else { return }
    hurriedPhrases += 1
    if writer.isSearching, try writer.settle() { return try takePhrase() }
    waitWithSearch(until: bars.count + 1)
  }

  /// Lets the next search begin with a phrase, after as many bars at the earliest.
  private func waitWithSearch(until count: Int) {
    searchStart = (count + phraseBars - 1) / phraseBars * phraseBars
  }

  /// Composes all of a piece whose tokens know no bars: they are those of its score.
  private func composeWithoutBars(_ cancellation: Cancellation?) throws(ComposingError) {
    let score = held.instrumented(try session.finish(cancellation: cancellation).score)
    bars = score.bars.prefix(mostBars).map {
      DecodedBar(
        number: $0.index, start: $0.start, end: $0.end, timeSignature: $0.timeSignature, ids: 0..<0)
    }
    wholeScore = score
    isWhole = true
  }

  /// The score of a piece whose tokens know no bars.
  private var wholeScore: Score?

  /// The music so far, with that of a primer; all complete bars at least.
  private var score: Score? {
    if let score = wholeScore ?? session.scoreSoFar { return score }
    // What follows the last bar line may not be music yet.
    let end = bars.last?.ids.upperBound ?? session.givenCount
    return try? tokenizer.decode(Array(session.ids[..<end]))
  }

  /// Takes back what was composed and not given out, and goes on by another sampling.
  /// - Returns: Whether there is anything left to compose.
  /// - Throws: `ComposingError.invalidOption`.
  func resample(by sampling: SamplingPreset) throws(ComposingError) {
    guard tokenizer.vocabulary.roles.hasBars else { return }
    giveUpSearch()
    try session.sample(by: sampling)
    let number = session.givenBarCount + cursor
    guard let saved = session.savedBars, saved.contains(number) else { return }
    // The next bars are heard soon.
    waitWithSearch(until: cursor + 2)
    // What was given out is kept for arranging, and so are the programs of its parts.
    try session.rewind(toBar: number)
    bars.removeSubrange(min(cursor, bars.count)...)
    (isWhole, isChecked) = (false, false)
    arranged = nil
  }

  /// The last bars that were given out, for another session to go on from; nil where there is nothing to go on from.
  /// - Parameter count: At most how many.
  func lastBars(_ count: Int) -> Score? {
    guard cursor > 0, let score else { return nil }
    let first = max(0, session.givenBarCount + cursor - count)
    return score.slice(bars: first..<session.givenBarCount + cursor)
  }

  /// What its parts are played by, for a draft that goes on from it.
  var chosenPrograms: [PartKey: Int] {
    get { programs }
    set { programs = newValue }
  }

  // MARK: Playing

  /// The key of the piece, or of what was given out of it; nil where nothing has a pitch.
  var key: PieceKey? {
    guard let score = score(ofBars: isChecked ? bars.count : cursor), let key = KeyDetection(score) else {
      return nil
    }
    return PieceKey(tonic: key.tonic, isMinor: key.isMinor)
  }

  /// A complete bar as it is performed: its parts have their own programs and no channels yet.
  /// - Parameters:
  ///   - index: Which of the bars.
  ///   - lead: How many bars from this one on it is arranged by. What was composed beyond them has no effect unless the piece was
  ///     checked as a whole, so that it does not matter how far that was.
  func performedBar(_ index: Int, lead: Int) -> PerformedBar {
    let horizon = isChecked || lead > bars.count ? bars.count : min(index + lead, bars.count)
    let (score, keys) = arrangedScore(horizon)
    let bar = bars[index]
    let clock = score.tempos.last { $0.tick <= bar.start } ?? .standard
    var tempos = [TempoChange(tick: 0, microsecondsPerQuarter: clock.microsecondsPerQuarter)]
    for tempo in score.tempos where tempo.tick > bar.start && tempo.tick < bar.end {
      tempos.append(
        TempoChange(tick: tempo.tick - bar.start, microsecondsPerQuarter: tempo.microsecondsPerQuarter))
    }
    var parts: [PerformedPart] = []
    var notes: [PerformedNote] = []
    for (track, key) in zip(score.tracks, keys) {
      let pan = track.controlChanges.first { $0.controller == 10 }?.value ?? 64
      parts.append(
        PerformedPart(
          name: track.name, role: track.role, channel: track.isDrum ? PerformedPart.drumChannel : 0,
          program: programs[key] ?? track.program ?? 0, isDrum: track.isDrum, pan: pan))
      // Notes are in order of onset.
      let first = track.notes.partitioningIndex { $0.onset >= bar.start }
      for note in track.notes[first...].prefix(while: { $0.onset < bar.end }) {
        var note = note
        note.onset -= bar.start
        notes.append(PerformedNote(part: parts.count - 1, note: note))
      }
    }
    notes.sort { ($0.note, $0.part) < ($1.note, $1.part) }
    return PerformedBar(
      numberInPiece: barsBefore + index, seed: seed, timeSignature: bar.timeSignature,
      ticksPerQuarter: score.ticksPerQuarter, length: bar.end - bar.start, tempos: tempos, parts: parts,
      notes: notes)
  }

  /// The music of the first bars, with that of a primer: all notes that begin in them.
  private func score(ofBars count: Int) -> Score? {
    guard var score else { return nil }
    let end = count > 0 ? bars[count - 1].end : 0
    for index in score.tracks.indices {
      let notes = score.tracks[index].notes
      score.tracks[index].notes.removeSubrange(notes.partitioningIndex { $0.onset >= end }...)
    }
    score.length = end
    score.timeSignatures.removeAll { $0.tick >= end }
    score.tempos.removeAll { $0.tick >= end }
    score.keys.removeAll { $0.tick >= end }
    return score.withoutTracks(where: \.notes.isEmpty)
  }

  /// The music of the first bars with instruments, accents and places.
  private func arrangedScore(_ count: Int) -> (Score, [PartKey]) {
    if let arranged, arranged.bars == count { return (arranged.score, arranged.keys) }
    var score = held.instrumented(
      score(ofBars: count) ?? Score(ticksPerQuarter: session.ticksPerQuarter))
    let keys = Self.keys(of: score)
    let fitted = score.withFittingPrograms()
    for (index, key) in keys.enumerated() {
      let program = programs[key] ?? fitted.tracks[index].program ?? 0
      programs[key] = program
      score.tracks[index].program = program
    }
    if isExpressive {
      // The time is that of a set of pieces, which goes on: only what concerns loudness is taken.
      let performed = Expression().performed(score).placedInStereo()
      for index in score.tracks.indices {
        score.tracks[index].notes = performed.tracks[index].notes
        score.tracks[index].controlChanges = performed.tracks[index].controlChanges
      }
    }
    arranged = (score, keys, count)
    return (score, keys)
  }

  private static func keys(of score: Score) -> [PartKey] {
    var counts: [PartKey: Int] = [:]
    return score.tracks.map { track in
      var key = PartKey(
        name: track.name, role: track.role, isDrum: track.isDrum, program: track.program, ordinal: 0)
      counts[key, default: 0] += 1
      key.ordinal = counts[key, default: 1] - 1
      return key
    }
  }
}
