internal import Arithmetic
internal import Groundwork
internal import Music
internal import Tokenization

/// Writes a piece in a form, section by section.
///
/// Each new section is composed with all before it as the primer, so that it works with any tokenizer that knows bars. Sections that
/// return are copied as notes. A note that sounds over the end of a section is cut there, in the section and so in its copies.
struct FormComposition {
  private let composer: Composer
  private let options: CompositionOptions
  private let plan: FormPlan
  private let cancellation: Cancellation?
  private let progress: ProgressHandler?

  /// The primer, and the sections so far.
  private var score: Score?
  /// How many bars of `score` are the primer's, and how many it has in all.
  private let givenBars: Int
  private var barCount: Int
  /// The bars of each section in `score`.
  private var places: [Range<Int>] = []
  private var chosenCount = 0

  /// How often bars are composed anew that came out as those that they were to vary.
  private static let variationTries = 8
  /// How often a piece of one section is composed anew in search of one that begins with a pickup.
  private static let openingTries = 16

  /// - Throws: `ComposingError`: a form that does not fit the number of bars, a strength of variation outside 0...1, tokens without
  ///   bars, a primer that the tokenizer cannot express.
  init(
    _ form: Form, composer: Composer, options: CompositionOptions, cancellation: Cancellation?,
    progress: ProgressHandler?
  ) throws(ComposingError) {
    self.composer = composer
    self.options = options
    self.cancellation = cancellation
    self.progress = progress
    let tokenizer = composer.model.tokenizer
    try requireOption(
      tokenizer.vocabulary.roles.hasBars, "form", "\(form)",
      "no form, because the model's tokens have no bars")
    try requireOption(
      (0...1).contains(options.variation), "variation", options.variation,
      "a share of the bars from 0 (none is changed) to 1 (all are)")
    do {
      plan = try FormPlan(form, bars: options.bars, variation: options.variation)
    } catch {
      throw .cause(error)
    }
    try requireOption(
      plan.bars <= Composer.mostBars, "form", "\(form)",
      "at most \(Composer.mostBars) bars in all, not \(plan.bars)")
    givenBars = try PieceBeginning(options, tokenizer: tokenizer).bars
    barCount = givenBars
    guard let primer = options.primer else { return }
    do {
      score = try tokenizer.normalized(primer).score.section(0..<givenBars)
    } catch {
      throw .unusablePrimer(reason: error.message)
    }
  }

  /// Composes the piece.
  /// - Throws: As `CompositionSession.step`.
  mutating func finish() throws(ComposingError) -> Composition {
    for (index, section) in plan.sections.enumerated() {
      let start = barCount
      switch section.content {
      case .new: append(try composed(section.bars, index, endsPiece: section.endsPiece), section.bars)
      case .copy(let source): append(copyOf: places[source])
      case .variation(let source, let keptBars):
        let original = places[source]
        let join = original.lowerBound + keptBars
        append(copyOf: original.lowerBound..<join)
        append(
          try varied(join..<original.upperBound, index, endsPiece: section.endsPiece), section.bars - keptBars
        )
        score = score?.ringing(on: original, keptBars: keptBars, at: start)
      }
      places.append(start..<barCount)
      progress?(
        ProgressReport(
          activity: "composing", completed: Double(barCount - givenBars), total: Double(plan.bars),
          unit: "bars"))
    }
    return try composition()
  }

  private mutating func append(_ section: Score, _ bars: Int) {
    score = score.map { $0.concatenated(with: section) } ?? section
    barCount += bars
  }

  private mutating func append(copyOf bars: Range<Int>) {
    guard !bars.isEmpty, let section = score?.section(bars) else { return }
    append(section, bars.count)
  }
}

// MARK: - Composing

extension FormComposition {
  /// New bars that differ from those that they vary, if the model has anything else to say.
  private mutating func varied(
    _ original: Range<Int>, _ index: Int, endsPiece: Bool
  ) throws(ComposingError) -> Score {
    let before = score?.section(original).melodicContent
    var bars = try composed(original.count, index, endsPiece: endsPiece)
    for attempt in 1..<Self.variationTries where bars.melodicContent == before {
      bars = try composed(original.count, index, attempt: attempt, endsPiece: endsPiece)
    }
    return bars
  }

  /// The next bars of section `index`, composed with all before them as context.
  private mutating func composed(
    _ count: Int, _ index: Int, attempt: Int = 0, endsPiece: Bool
  ) throws(ComposingError) -> Score {
    guard let score else { return try opened(count, endsPiece: endsPiece) }
    var random = RandomStream(seed: options.seed, name: "section \(index), attempt \(attempt)")
    let encodedBars: Int
    do {
      encodedBars = try composer.model.tokenizer.encode(score).barCount
    } catch {
      throw .cause(error)
    }
    // Tokens end with the last note. What the model writes into silent bars after it is passed over.
    let silentBars = max(0, barCount - encodedBars)
    return try written(count, behind: silentBars, seed: random.next(), endsPiece: endsPiece)
      .section(barCount..<barCount + count)
  }

  /// The first bars of the piece. The bar of a pickup is left out: it would return with its section, as a bar of silence.
  private mutating func opened(_ count: Int, endsPiece: Bool) throws(ComposingError) -> Score {
    guard endsPiece else {
      // One bar more than is needed, so that either the first or the last of them can go.
      let music = try written(count, behind: 1, seed: options.seed, endsPiece: false)
      return music.section(music.beginsWithPickup ? 1..<1 + count : 0..<count)
    }
    let music = try written(count, behind: 0, seed: options.seed, endsPiece: true)
    guard music.beginsWithPickup, count < Composer.mostBars else { return music.section(0..<count) }
    // A piece of one bar more may be another from its first note on, where tokens tell the length: it needs a pickup too.
    var random = RandomStream(seed: options.seed, name: "openings")
    var seed = options.seed
    for _ in 0..<Self.openingTries {
      let longer = try written(count, behind: 1, seed: seed, endsPiece: true)
      if longer.beginsWithPickup { return longer.section(1..<1 + count) }
      seed = random.next()
    }
    return music.section(0..<count)
  }

  /// All before, and at least `count` bars more after `extra` that are passed over.
  private mutating func written(
    _ count: Int, behind extra: Int, seed: UInt64, endsPiece: Bool
  ) throws(ComposingError) -> Score {
    var options = self.options
    options.form = nil
    options.seed = seed
    if score != nil { options.opening = [] }
    options.primer = score
    options.keepsPrimer = true
    let barsLeft = plan.bars - (barCount - givenBars)
    options.bars = endsPiece ? extra + count : min(Composer.mostBars, extra + barsLeft)
    let session = try composer.session(options, savedBarLimit: 0)
    defer { chosenCount += session.ids.count - session.givenCount }
    if endsPiece {
      guard let ending = options.ending else {
        return try session.finish(cancellation: cancellation).score
      }
      return try session.finish(ending, cancellation: cancellation).score
    }
    while session.barCount <= extra + count || !session.isBetweenNotes {
      guard try session.step(cancellation: cancellation) != nil else { break }
    }
    do {
      return try composer.model.tokenizer.decode(session.ids)
    } catch {
      throw .cause(error)
    }
  }
}

// MARK: - The piece

extension FormComposition {
  /// The piece as it stands, with the surprisals of all that is no primer: of copies too, which the model did not choose.
  private func composition() throws(ComposingError) -> Composition {
    guard var whole = score?.withoutTracks(where: \.notes.isEmpty), whole.noteCount > 0 else {
      throw .nothingComposed(tokens: chosenCount)
    }
    let surprisals = try composer.surprisals(of: whole, cancellation: cancellation)
    let givenCount = givenCount(in: surprisals.ids)
    let chosen = Array(surprisals.surprisals[givenCount...])
    var newMusicTick = 0
    if options.keepsPrimer {
      newMusicTick = whole.section(0..<givenBars).length
      whole.title = options.primer?.title
    } else if givenBars > 0 {
      whole = whole.section(givenBars..<barCount).withoutTracks(where: \.notes.isEmpty)
    }
    return Composition(
      score: whole, newMusicTick: newMusicTick, seed: options.seed, ids: surprisals.ids,
      givenCount: givenCount, surprisals: chosen, bars: options.keepsPrimer ? barCount : plan.bars,
      notes: whole.noteCount, tokens: chosenCount, seconds: whole.seconds,
      nllPerToken: chosen.reduce(0, +) / Double(max(1, chosen.count)), stopReason: .barsWritten)
  }

  /// How many ids come before those of the first section.
  private func givenCount(in ids: [Int32]) -> Int {
    guard givenBars > 0 else { return 1 }
    var grammar = composer.model.tokenizer.makeGrammar()
    for (index, id) in ids.enumerated() {
      grammar.advance(id)
      if grammar.barCount > givenBars { return index }
    }
    return ids.count
  }
}

extension Score {
  /// Some bars as a piece of their own. A note that outlasts them is cut, one that began before them is left out; bars behind the end
  /// are silent.
  fileprivate func section(_ bars: Range<Int>) -> Score {
    var endless = self
    endless.length = max(length, 1 << 40)
    var result = endless.slice(bars: bars, boundary: .keep)
    result.pickup = 0
    for track in result.tracks.indices {
      for note in result.tracks[track].notes.indices {
        let end = min(result.tracks[track].notes[note].end, result.length)
        result.tracks[track].notes[note].duration = end - result.tracks[track].notes[note].onset
      }
    }
    return result
  }

  /// The score with the notes of a variation's kept bars as long as in the section that it varies, whose first `keptBars` they are, also
  /// where they sound into its new bars; up to its end, and not into the same pitch once more.
  fileprivate func ringing(on original: Range<Int>, keptBars: Int, at start: Int) -> Score {
    let bars = self.bars
    guard keptBars > 0, start + original.count <= bars.count else { return self }
    let join = bars[original.lowerBound + keptBars].start
    let end = bars[original.upperBound - 1].end
    let shift = bars[start].start - bars[original.lowerBound].start
    var result = self
    for track in tracks.indices {
      let notes = tracks[track].notes
      let begin = bars[original.lowerBound].start
      // In unison several notes have the same place.
      var taken: Set<Int> = []
      for note in notes where note.onset >= begin && note.onset < join && note.end > join {
        let copy = notes.indices.first {
          !taken.contains($0) && notes[$0].onset == note.onset + shift && notes[$0].pitch == note.pitch
            && notes[$0].end == join + shift
        }
        guard let copy else { continue }
        taken.insert(copy)
        let again = notes.lazy.filter { $0.pitch == note.pitch && $0.onset >= join + shift }.map(\.onset)
          .min()
        let stop = min(min(note.end, end) + shift, again ?? .max)
        result.tracks[track].notes[copy].duration = stop - notes[copy].onset
      }
    }
    return result
  }

  /// Whether the first bar is silent for at least its first half.
  fileprivate var beginsWithPickup: Bool {
    guard let bar = bars.first, let onset = tracks.compactMap(\.notes.first?.onset).min() else {
      return false
    }
    return 2 * (onset - bar.start) >= bar.end - bar.start
  }

  /// When which pitches sound for how long, in order.
  fileprivate var melodicContent: [Note] {
    tracks.flatMap { track in
      track.notes.map { Note(onset: $0.onset, duration: $0.duration, pitch: $0.pitch, velocity: 1) }
    }.sorted()
  }
}
