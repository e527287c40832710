internal import Analysis
public import Composing
public import Groundwork
internal import Music

/// Composes music that has no end, bar by bar: pieces one after another, like a set of tunes.
///
///     let composer = try EndlessComposer(model: model, seed: 1)
///     while isPlaying { play(try composer.nextBar()) }
///
/// Each piece is an independent draw of the model, by the seeds `seed`, `seed + 1` and so on, and has the memory of the model from its
/// beginning to its end. So the music neither falls asleep nor is caught in a loop, as one piece without an end would: what went
/// wrong in a piece is over with it. A piece that is empty, monotonous or caught in a loop is replaced by the next before it is heard. The
/// next piece follows on the bar line, in a related key, as fast as the one before and by the same instruments, unless the
/// settings free it.
///
/// Where the settings ask for a search (`composition.search`) and the model has a critic, each phrase is written several times and drawn by
/// the critic's odds, as `generate` does, in the time before it is heard: all phrases of a piece that is not heard yet, and of the first one those after the first.
/// A phrase that is wanted before its search has come to an end goes on as it is.
///
/// `settings` may be changed from any thread while it composes; the rest is used by one thread at a time. The same model, settings and seed give the
/// same bars, whenever the work is done, as long as no search is cut short.
public final class EndlessComposer: @unchecked Sendable {
  /// The seed of the first piece.
  public let seed: UInt64
  /// A piece whose length nobody asked for ends after this many bars, so that what is kept of it is bounded.
  public static let longestPiece = 64
  /// After this many pieces in a row that cannot be played, the next one is.
  static let replacementLimit = 8
  /// How many bars another session is told where limits change amid a piece.
  static let primerBars = 8
  /// How many bars a draft is ahead of what is given, where it is not a whole piece yet: bars that constraints may take back.
  static let constrainedLead = 3

  private let maker: DraftMaker
  private let shared: Guarded<Shared>

  /// What other threads see.
  private struct Shared {
    var settings: EndlessSettings
    var usualDensity = PiecePlacing().usualDensity
    var statistics = EndlessStatistics()
  }

  /// What the drafts were made by.
  private var applied: EndlessSettings
  private var current: PieceDraft?
  private var upcoming: PieceDraft?
  /// How the bars of the upcoming piece were found so far, and of the current one.
  private var upcomingCheck = (check: PieceCheck(), bars: 0)
  private var currentCheck = PieceCheck()
  private var nextSeed: UInt64
  private var replacedInARow = 0
  private var placing = PiecePlacing()
  private var barNumber = 0
  private var state = EndlessStatistics()
  /// How many pieces in a row had no bar at all, and how many bars in a row had no note.
  private var emptyPieces = 0
  private var emptyBars = 0
  /// The best of the pieces that were replaced in a row, and how much of it is music.
  private var fallback: (draft: PieceDraft, share: Double)?

  /// The beginning of endless music.
  /// - Parameters:
  ///   - model: What composes.
  ///   - settings: What the music is like.
  ///   - seed: The seed of the first piece.
  /// - Throws: `ComposingError`: a model that cannot compose, settings that it cannot follow.
  public init(
    model: MusicModel, settings: EndlessSettings = EndlessSettings(), seed: UInt64
  ) throws(ComposingError) {
    maker = DraftMaker(composer: try Composer(model: model, format: settings.composition.weights))
    self.seed = seed
    nextSeed = seed
    applied = settings
    shared = Guarded(Shared(settings: settings))
    try maker.check(settings, usualDensity: usualDensity)
  }

  /// The model that composes.
  public var model: MusicModel { maker.composer.model }

  /// What the music is like from the next bar on.
  public var settings: EndlessSettings { shared.withLock { $0.settings } }

  /// Changes what the music is like from the next bar on that was not given yet. May be called from any thread.
  /// - Throws: `ComposingError` for settings that the model cannot follow; those from before hold on.
  public func change(to settings: EndlessSettings) throws(ComposingError) {
    try maker.check(settings, usualDensity: usualDensity)
    shared.withLock { $0.settings = settings }
  }

  /// What was composed so far.
  public var statistics: EndlessStatistics { shared.withLock { $0.statistics } }

  /// How many notes a bar has had so far.
  private var usualDensity: Double { shared.withLock { $0.usualDensity } }

  // MARK: Bars

  /// The next bar, which is part of the performance from now on: later changes of settings leave it as it is.
  /// - Parameters:
  ///   - isUrgent: Whether it is to sound at once, so that searches are cut short.
  ///   - cancellation: Stops the work.
  /// - Throws: `ComposingError`: broken weights, settings that cannot be held, `.interrupted`.
  public func nextBar(
    isUrgent: Bool = false, cancellation: Cancellation? = nil
  ) throws(ComposingError) -> PerformedBar {
    try follow(settings)
    while true {
      let draft = try currentDraft(isUrgent: isUrgent, cancellation)
      try compose(draft, upTo: draft.cursor + lead, isUrgent: isUrgent, cancellation)
      if draft.cursor < draft.bars.count {
        var bar = placing.placed(draft.performedBar(draft.cursor, lead: lead), applied)
        // Nobody waits for a piece that begins with rests, or long for one that goes to sleep.
        emptyBars = bar.notes.isEmpty ? emptyBars + 1 : 0
        if bar.notes.isEmpty, !draft.hasSounded || emptyBars > PieceCheck.emptyBars {
          draft.cursor += 1
          continue
        }
        if barNumber == 0 { bar.dropRestAtBeginning() }
        currentCheck.add(bar)
        // A piece that is composed while it is heard is left where it goes wrong.
        if currentCheck.fault == nil || draft.isChecked || barNumber == 0 {
          draft.cursor += 1
          draft.hasSounded = true
          bar.number = barNumber
          barNumber += 1
          emptyPieces = 0
          state.note(bar)
          let (statistics, density) = (state, placing.usualDensity)
          shared.withLock { ($0.statistics, $0.usualDensity) = (statistics, density) }
          return bar
        }
        state.replaced[currentCheck.fault ?? .loop, default: 0] += 1
      }
      if !draft.hasSounded { emptyPieces += 1 }
      guard emptyPieces <= Self.replacementLimit else { throw .nothingComposed(tokens: 0) }
      placing.end(draft.key)
      draft.giveUpSearch()
      current = nil
    }
  }

  /// Composes some bars further ahead, in the current piece or in the next, while there is time.
  /// - Returns: Whether there is more to compose ahead.
  /// - Throws: As `nextBar`.
  @discardableResult
  public func workAhead(cancellation: Cancellation? = nil) throws(ComposingError) -> Bool {
    try follow(settings)
    guard let draft = current else { return false }
    // What constraints may still take back depends on how far it was composed, which is not to depend on time.
    let most = draft.isConstrained && !draft.isChecked ? draft.cursor + lead : Int.max
    if !draft.isWhole, draft.bars.count < most {
      let searched = draft.searchedPhrases
      try draft.work(cancellation)
      state.searchedPhrases += draft.searchedPhrases - searched
      return true
    }
    return try prepareNext(bars: 1, cancellation)
  }

  /// How many bars are composed before one is given.
  private var lead: Int { hasConstraints ? 1 + Self.constrainedLead : 1 }
  private var hasConstraints = false

  // MARK: Pieces

  private func currentDraft(
    isUrgent: Bool, _ cancellation: Cancellation?
  ) throws(ComposingError) -> PieceDraft {
    if let current { return current }
    let draft: PieceDraft
    if barNumber == 0 {
      // The first is heard as soon as its first bar is complete.
      draft = try makeDraft(isHeardAtOnce: true)
      hasConstraints = draft.isConstrained
    } else {
      while try prepareNext(bars: .max, isUrgent: isUrgent, cancellation) {}
      if let upcoming { draft = upcoming } else { draft = try makeDraft() }
    }
    upcoming = nil
    upcomingCheck = (PieceCheck(), 0)
    replacedInARow = 0
    fallback = nil
    currentCheck = PieceCheck()
    placing.begin(draft, applied, number: state.pieceCount)
    state.pieceCount += 1
    current = draft
    return draft
  }

  /// Goes on with the draft of the next piece, and replaces it where it cannot be played.
  /// - Returns: Whether there is more to do.
  private func prepareNext(
    bars: Int, isUrgent: Bool = false, _ cancellation: Cancellation?
  ) throws(ComposingError) -> Bool {
    let draft: PieceDraft
    if let upcoming {
      draft = upcoming
    } else {
      draft = try makeDraft()
      upcoming = draft
      upcomingCheck = (PieceCheck(), 0)
    }
    guard !draft.isChecked else { return false }
    var fault: PieceFault?
    do throws(ComposingError) {
      if bars == .max {
        try compose(draft, upTo: .max, isUrgent: isUrgent, cancellation)
      } else {
        let searched = draft.searchedPhrases
        defer { state.searchedPhrases += draft.searchedPhrases - searched }
        try draft.work(cancellation)
      }
    } catch {
      draft.giveUpSearch()
      guard case .contradiction = error else { throw error }
      fault = .contradiction
      if replacedInARow >= Self.replacementLimit { throw error }
    }
    if fault == nil, draft.isWhole {
      for index in upcomingCheck.bars..<max(upcomingCheck.bars, draft.bars.count) {
        upcomingCheck.check.add(draft.performedBar(index, lead: .max))
      }
      upcomingCheck.bars = draft.bars.count
      fault = draft.bars.isEmpty ? .silence : upcomingCheck.check.faultOfWhole
    }
    if let fault, fault == .contradiction || replacedInARow < Self.replacementLimit {
      replacedInARow += 1
      if fault != .contradiction, upcomingCheck.check.soundingShare > fallback?.share ?? 0 {
        fallback = (draft, upcomingCheck.check.soundingShare)
      }
      state.replaced[fault, default: 0] += 1
      upcoming = nil
      return true
    }
    guard draft.isWhole else { return true }
    // None of them was good: the least bad is played.
    if fault != nil, let fallback, fallback.share > upcomingCheck.check.soundingShare {
      upcoming = fallback.draft
    }
    upcoming?.isChecked = true
    return false
  }

  /// Goes on with a draft, and takes note of how its phrases came to be.
  private func compose(
    _ draft: PieceDraft, upTo count: Int, isUrgent: Bool, _ cancellation: Cancellation?
  ) throws(ComposingError) {
    let (searched, hurried) = (draft.searchedPhrases, draft.hurriedPhrases)
    defer {
      state.searchedPhrases += draft.searchedPhrases - searched
      state.hurriedPhrases += draft.hurriedPhrases - hurried
    }
    try draft.compose(upTo: count, isUrgent: isUrgent, cancellation: cancellation)
  }

  private func makeDraft(isHeardAtOnce: Bool = false) throws(ComposingError) -> PieceDraft {
    let seed = nextSeed
    nextSeed &+= 1
    return try makeDraft(seed: seed, barsBefore: 0, primer: nil, isHeardAtOnce: isHeardAtOnce)
  }

  private func makeDraft(
    seed: UInt64, barsBefore: Int, primer: Score?, isHeardAtOnce: Bool
  ) throws(ComposingError) -> PieceDraft {
    try maker.draft(
      applied, seed: seed, barsBefore: barsBefore, primer: primer, isHeardAtOnce: isHeardAtOnce,
      usualDensity: usualDensity)
  }

  // MARK: Settings

  /// Lets what was composed and not given follow other settings.
  private func follow(_ settings: EndlessSettings) throws(ComposingError) {
    let before = applied
    applied = settings
    guard !settings.composesAs(before) else { return }
    if let dropped = upcoming {
      dropped.giveUpSearch()
      // The piece is drawn again with the same seed.
      nextSeed = dropped.seed
      upcoming = nil
      upcomingCheck = (PieceCheck(), 0)
      replacedInARow = 0
      fallback = nil
    }
    guard let draft = current else { return }
    draft.giveUpSearch()
    if settings.hasLimits(of: before) {
      try draft.resample(by: settings.composition.sampling)
      return
    }
    guard draft.cursor > 0, let primer = draft.lastBars(Self.primerBars) else {
      current = nil
      nextSeed = draft.seed
      if barNumber > 0 { state.pieceCount -= 1 }
      return
    }
    do throws(ComposingError) {
      let next = try makeDraft(
        seed: draft.seed, barsBefore: draft.barsBefore + draft.cursor, primer: primer, isHeardAtOnce: true)
      next.chosenPrograms = draft.chosenPrograms
      next.hasSounded = draft.hasSounded
      current = next
      hasConstraints = next.isConstrained
    } catch {
      // What was played cannot be gone on from under the new limits: a new piece begins.
      placing.end(draft.key)
      current = nil
    }
  }
}
