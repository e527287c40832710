internal import Arithmetic
internal import Music
internal import Recurrent
internal import Tokenization

/// A piece on its way: what was requested, what is written, and all that the next choice depends on. It says which id the
/// network is to be fed next and takes the logits that come back; who advances the network, for this piece alone or for several
/// side by side, is not its concern. It is a value: a copy continues by itself.
struct PieceInProgress {
  let options: CompositionOptions
  let beginning: PieceBeginning
  // The next two are read at every step, and stored, since a computed property of a value that a class holds takes a copy of it.
  /// The id that the network is to be fed next.
  private(set) var nextID: Int32
  /// What it is told beside that id: an index of each feature of its context, −1 for nothing.
  private(set) var nextContext: [Int32]
  /// Whether the end has been reached.
  private(set) var isFinished = false
  /// All ids so far.
  private(set) var ids: [Int32]
  /// −log p of each id that was chosen.
  private(set) var surprisals: [Double] = []
  /// The state of grammar, decoder, constraints and random numbers.
  private(set) var progress: Progress
  /// What the last id that was chosen has completed.
  private(set) var music = DecodedMusic()
  /// What the opening has completed.
  private(set) var openingMusic = DecodedMusic()
  /// How many ids were taken back since the last one that was chosen.
  private(set) var takenBack = 0
  /// How many ids at the beginning were not.
  private var untouchedCount = Int.max
  /// Where ids begin that may have to be rewritten.
  private var draft: Draft?
  /// Whether `music` has notes of ids that were rewritten, which are yet to be given out.
  private var holdsRewrittenMusic = false

  private let roles: TokenRoles
  /// How choices are made now.
  private(set) var sampling: SamplingPreset
  private var filters: [any SamplingFilter]
  private let vocabularySize: Int
  /// What would be known of loops before the first id.
  private let unreadLoops: LoopTracker
  private var loopPenalty: LoopPenalty?
  /// How many ids the network has been fed.
  private var fedCount = 0
  /// The states of the piece so far, where sampling asks for them, and how many ids had been fed before the first of them.
  private var cache: (states: PieceCache, start: Int)?
  /// What tells the network of the place after the ids up to `nextID`.
  private var context: (any TokenContext)?
  /// How many bars can be rewound to; 0 if nothing is saved.
  private let savedBarLimit: Int
  /// Where the choices began.
  private var start: SavedPlace?
  /// The last bar lines that were chosen.
  private var bars: [SavedPlace] = []
  /// Ids that turned out to lead nowhere, each at its place in the piece.
  private var deadEnds: [(index: Int, id: Int32)] = []
  private(set) var deadEndCount = 0
  /// How often a note was given up that the model could not finish.
  private var impasseCount = 0

  /// Room for the ids of an ordinary piece, so that the lists seldom grow.
  private static let expectedCount = 8192
  /// After this many dead ends the constraints are taken to contradict each other.
  static let deadEndLimit = 2_000
  /// After this many impasses no further note is given up: a model that often gets into one has learned too little.
  private static let impasseLimit = 64
  /// After this many dead ends, one after the other, more than one id is given up.
  private static let deadEndsPerLeap = 8

  /// All that the next choice depends on besides the network.
  struct Progress {
    /// What may come next.
    var grammar: any TokenGrammar
    /// What was written.
    var decoder: any TokenDecoder
    var constraints: [any TokenConstraint]
    var random: RandomStream
    /// What it repeats without a break, where sampling asks for a penalty against loops.
    var loops: LoopTracker?
    /// How many ids have been chosen since the last bar began.
    var idsInBar = 0
    /// How many notes were complete when the first new bar began; nil before that.
    var notesBefore: Int?

    /// How many notes there are after the first new bar line.
    var newNotes: Int { notesBefore.map { grammar.noteCount - $0 } ?? 0 }
  }

  /// A place in the piece that can be rewound to: the last of its ids is the network's next input.
  private struct SavedPlace {
    var idCount: Int
    var progress: Progress
    /// The network's state before its last id; empty for zero.
    var state: [Float]
    /// What tells of the place after its last id.
    var context: (any TokenContext)?
  }

  /// What a draft begins after, once all its ids are fed.
  private struct Draft {
    var place: SavedPlace
    /// What the network gave there: its outputs for the cache, if there is one, and the logits.
    var output: [Float]
    var logits: [Float]
  }

  /// The beginning of a piece.
  /// - Parameters:
  ///   - habits: What the pieces do that the model has read; nil where that is not known.
  ///   - savedBarLimit: How many bars can be rewound to; the last one is saved in any case, since a note may have to be given up.
  /// - Throws: `ComposingError`: invalid options, or a primer that the tokenizer cannot express.
  init(
    _ options: CompositionOptions, tokenizer: any Tokenizer, habits: CollectionHabits? = nil,
    savedBarLimit: Int = 0
  ) throws(ComposingError) {
    roles = tokenizer.vocabulary.roles
    sampling = options.sampling
    filters = try options.sampling.filters(for: roles)
    self.options = options
    vocabularySize = tokenizer.vocabulary.count
    unreadLoops = LoopTracker(tokenizer)
    beginning = try PieceBeginning(options, tokenizer: tokenizer)
    ids = beginning.ids
    nextID = beginning.ids[0]
    context = options.filling.map { $0.makeContext() } ?? tokenizer.makeContext()
    nextContext = Array(repeating: -1, count: tokenizer.contextFeatures.count)
    ids.reserveCapacity(beginning.ids.count + Self.expectedCount)
    surprisals.reserveCapacity(Self.expectedCount)
    self.savedBarLimit = options.constraints.isEmpty ? savedBarLimit : max(savedBarLimit, 64)
    progress = Progress(
      grammar: options.filling?.makeGrammar() ?? tokenizer.makeGrammar(bars: beginning.limit),
      decoder: tokenizer.makeDecoder(),
      constraints: options.constraints, random: RandomStream(seed: options.seed, name: "sampling"))
    // A part that has to enter before the end would do so in the last bar, with all others of which that is true.
    progress.grammar.allowSilentParts()
    if let habits { progress.grammar.limitRests(to: habits.longestRests) }
    feedNext(nextID)
    setCache(options.sampling.cache)
    penalizeLoops(options.sampling.loops, ids: [])
    progress.decoder.reserveCapacity(idCount: beginning.ids.count + Self.expectedCount)
    for id in beginning.ids { try advance(id) }
    // An opening is part of the piece, a primer is not.
    if options.primer == nil { openingMusic = music }
    music.removeAll()
    progress.idsInBar = 0
    // A primer's notes are not new, those of an opening are.
    if options.primer != nil {
      progress.notesBefore = tokenizer.vocabulary.roles.hasBars ? nil : progress.grammar.noteCount
    } else if !tokenizer.vocabulary.roles.hasBars {
      progress.notesBefore = 0
    }
  }

  /// How many bars have begun, without those that were given.
  var newBars: Int { progress.grammar.barCount - beginning.bars }
  /// How many bars the piece has said that it will have, without those that were given; nil where it has not.
  var announcedBars: Int? { progress.grammar.announcedBars.map { $0 - beginning.bars } }
  /// How many ids were chosen.
  var chosenCount: Int { ids.count - beginning.ids.count }
}

// MARK: - Choosing

extension PieceInProgress {
  /// Takes the logits that the network gave for `nextID`, and chooses by them once all that is known is fed.
  /// - Parameters:
  ///   - sampler: the network, whose state is saved and restored here; it is not advanced.
  ///   - stream: the piece's stream of it.
  /// - Returns: whether an id was chosen, which is the last of `ids`.
  /// - Throws: `ComposingError.brokenWeights`, `.contradiction`, `.endless`.
  mutating func take(
    _ sampler: LanguageModelSampler, stream: Int, chooser: inout TokenChooser
  ) throws(ComposingError) -> Bool {
    fedCount += 1
    if start == nil, fedCount == beginning.ids.count - 1 {
      var context = context
      context?.advance(ids[fedCount])
      start = SavedPlace(
        idCount: fedCount + 1, progress: progress, state: sampler.state(ofStream: stream), context: context)
    }
    guard fedCount == ids.count else {
      let id = ids[fedCount]
      if surprisals.count < fedCount + 1 - beginning.ids.count {
        surprisals.append(surprisal(of: id, sampler, stream: stream))
      }
      cache?.states.add(sampler.output(ofStream: stream), follower: id)
      feedNext(id)
      return false
    }
    if start == nil {
      start = SavedPlace(idCount: fedCount, progress: progress, state: [], context: context)
    }
    if !holdsRewrittenMusic { music.removeAll() }
    var (choice, surprisal) = try choose(sampler, stream: stream, chooser: &chooser)
    if case .nothing = choice, (1..<Self.impasseLimit).contains(impasseCount) {
      // Where the model likes no way on, the next best has to do.
      impasseCount = Self.impasseLimit
      deadEnds.removeAll { $0.index == ids.count }
      (choice, surprisal) = try choose(sampler, stream: stream, chooser: &chooser)
    }
    guard case .id(let id) = choice else {
      try takeBack(sampler, stream: stream, choice)
      return false
    }
    let opened = progress.grammar.beginsDraft(with: id) ? makeDraft(sampler, stream: stream) : nil
    cache?.states.add(sampler.output(ofStream: stream), follower: id)
    surprisals.append(surprisal)
    ids.append(id)
    let barCount = progress.grammar.barCount
    try advance(id)
    if let rewriting = progress.grammar.rewriting, let draft, draft.place.idCount == rewriting.keptCount {
      try rewrite(as: rewriting.ids, from: draft, sampler, stream: stream)
      return false
    }
    if let opened { draft = opened }
    holdsRewrittenMusic = false
    feedNext(id)
    isFinished = progress.grammar.isFinished
    if progress.grammar.barCount > barCount {
      if bars.count == max(1, savedBarLimit) { bars.removeFirst() }
      bars.append(
        SavedPlace(
          idCount: ids.count, progress: progress, state: sampler.state(ofStream: stream), context: context))
    }
    return true
  }

  /// Chooses the next id by the logits of the piece's stream, and by the cache where there is one.
  /// - Returns: What came of it, and −log p of the id.
  private mutating func choose(
    _ sampler: LanguageModelSampler, stream: Int, chooser: inout TokenChooser
  ) throws(ComposingError) -> (choice: TokenChooser.Choice, surprisal: Double) {
    let own = sampler.logits(ofStream: stream), index = ids.count
    let mayGiveUp = impasseCount < Self.impasseLimit && index > beginning.ids.count
    func judged(
      _ choice: TokenChooser.Choice, _ logits: UnsafeBufferPointer<Float>
    ) -> (choice: TokenChooser.Choice, surprisal: Double) {
      guard case .id(let id) = choice else { return (choice, 0) }
      return (choice, TokenChooser.surprisal(of: id, logits: logits))
    }
    guard let mixed = cache?.states.mix(own, key: sampler.output(ofStream: stream)) else {
      let choice = try chooser.chooseID(
        logits: own, filters: filters, progress: &progress, forbidden: deadEnds, index: index,
        mayGiveUp: mayGiveUp)
      return judged(choice, own)
    }
    let (filters, deadEnds) = (filters, deadEnds)
    return try mixed.withUnsafeBufferPointer { logits throws(ComposingError) in
      let choice = try chooser.chooseID(
        logits: logits, filters: filters, progress: &progress, forbidden: deadEnds, index: index,
        mayGiveUp: mayGiveUp)
      return judged(choice, logits)
    }
  }

  /// Lets the states from here on be remembered, as sampling asks for.
  private mutating func setCache(_ settings: NeuralCache?) {
    guard settings != cache?.states.settings else { return }
    cache = settings.map { (PieceCache($0, vocabularySize: vocabularySize), fedCount) }
  }

  /// Lets loops be penalized from here on.
  /// - Parameter ids: The ids that `progress` knows.
  private mutating func penalizeLoops(_ penalty: LoopPenalty?, ids: some Sequence<Int32>) {
    loopPenalty = penalty
    guard let penalty else {
      progress.loops = nil
      return
    }
    if progress.loops == nil {
      progress.loops = unreadLoops
      for id in ids { progress.loops?.advance(id) }
    }
    progress.loops?.strength = penalty.strength
  }

  /// Lets an id be fed to the network next.
  private mutating func feedNext(_ id: Int32) {
    nextID = id
    context?.advance(id)
    context?.write(into: &nextContext)
  }

  /// Takes note of the next id.
  private mutating func advance(_ id: Int32) throws(ComposingError) {
    let bars = progress.grammar.barCount
    progress.grammar.advance(id)
    for index in progress.constraints.indices { progress.constraints[index].advance(id) }
    progress.loops?.advance(id)
    do {
      try progress.decoder.take(id, into: &music)
    } catch {
      throw .cause(error)
    }
    progress.idsInBar += 1
    guard progress.grammar.barCount > bars else { return }
    progress.idsInBar = 0
    if progress.notesBefore == nil { progress.notesBefore = progress.grammar.noteCount }
  }

  /// Takes the last id back, after which nothing can come, and notes that it leads nowhere.
  ///
  /// What made it a dead end may lie far back. So now and then all that was chosen since a bar line is given up: mostly the last
  /// one, half as often the one two bars before, and so on.
  private mutating func takeBack(
    _ sampler: LanguageModelSampler, stream: Int, _ reason: TokenChooser.Choice
  ) throws(ComposingError) {
    let last = ids.count - 1
    // A note that is given up makes room for another at its place.
    let isImpasse = if case .impasse = reason { true } else { false }
    if isImpasse { impasseCount += 1 } else { deadEndCount += 1 }
    guard last >= beginning.ids.count, deadEndCount <= Self.deadEndLimit, let start else {
      throw .contradiction(constraints: options.constraints.map(\.summary), tokens: chosenCount)
    }
    deadEnds.removeAll { $0.index > last }
    deadEnds.append((last, ids[last]))
    let (leaps, rest) = deadEndCount.quotientAndRemainder(dividingBy: Self.deadEndsPerLeap)
    let back = rest == 0 && !isImpasse ? 1 << leaps.trailingZeroBitCount : 0
    let reachable = bars.prefix { $0.idCount <= last }
    let place = reachable.dropLast(max(0, back - 1)).last ?? start
    let kept = back == 0 ? ids[place.idCount..<last] : []
    // The random numbers continue: those of the saved place would lead to the same place again.
    let random = progress.random
    let count = place.idCount + kept.count
    let rewritten = holdsRewrittenMusic ? music : DecodedMusic()
    noteTakenBack(to: count)
    try restore(place, sampler, stream: stream)
    progress.random = random
    surprisals.removeLast(max(0, surprisals.count - count + beginning.ids.count))
    ids.removeLast(ids.count - count)
    deadEnds.removeAll { $0.index > count }
    for id in kept { try advance(id) }
    music = rewritten
    music.notes.removeAll { $0.ids.upperBound > count }
    music.bars.removeAll { $0.ids.upperBound >= count }
  }

  private mutating func noteTakenBack(to count: Int) {
    takenBack += ids.count - count
    untouchedCount = min(untouchedCount, count)
    if let draft, draft.place.idCount >= count { self.draft = nil }
  }

  private mutating func restore(
    _ place: SavedPlace, _ sampler: LanguageModelSampler, stream: Int
  ) throws(ComposingError) {
    bars.removeAll { $0.idCount > place.idCount }
    progress = place.progress
    penalizeLoops(loopPenalty, ids: ids.prefix(place.idCount))
    fedCount = place.idCount - 1
    nextID = ids[fedCount]
    context = place.context
    context?.write(into: &nextContext)
    keepCache(ofFirst: fedCount)
    isFinished = false
    if place.state.isEmpty {
      sampler.reset(stream: stream)
    } else {
      sampler.setState(place.state, ofStream: stream)
    }
  }

  /// Lets the cache know nothing but what followed the first ids.
  private mutating func keepCache(ofFirst count: Int) {
    guard let start = cache?.start else { return }
    cache?.states.keepFirst(max(0, count - start))
    cache?.start = min(start, fedCount)
  }

  /// How many ids were taken back before the last one was chosen, and how many before them were not.
  mutating func forgetTakenBack() -> (count: Int, untouched: Int) {
    defer { (takenBack, untouchedCount) = (0, .max) }
    return (takenBack, min(untouchedCount, ids.count - 1))
  }
}

// MARK: - Given ids that the network has read before

extension PieceInProgress {
  /// Leaves out the first of the given ids, which the network has been fed elsewhere. Nothing may have been fed here yet.
  /// - Parameters:
  ///   - read: Ids with which the given ones begin, fewer than there are, and what the network made of them.
  ///   - sampler: The network, whose stream takes the state over.
  ///   - stream: The piece's stream of it.
  mutating func skip(_ read: ReadIDs, _ sampler: LanguageModelSampler, stream: Int) {
    precondition(
      fedCount == 0 && read.ids.count < beginning.ids.count && beginning.ids.starts(with: read.ids),
      "\(read.ids.count) ids are not the first of \(beginning.ids.count) that are given")
    // Sampling that looks back on the states of what was given has to see them.
    guard cache == nil, !read.ids.isEmpty else { return }
    sampler.setState(read.state, ofStream: stream)
    fedCount = read.ids.count
    context = read.context
    feedNext(ids[fedCount])
    guard fedCount >= beginning.ids.count - 1 else { return }
    start = SavedPlace(idCount: fedCount + 1, progress: progress, state: read.state, context: context)
  }
}

// MARK: - Rewriting

extension PieceInProgress {
  /// The beginning of a draft before the next id, once all ids are fed.
  private mutating func makeDraft(_ sampler: LanguageModelSampler, stream: Int) -> Draft {
    let own = sampler.logits(ofStream: stream), output = sampler.output(ofStream: stream)
    return Draft(
      place: SavedPlace(
        idCount: ids.count, progress: progress, state: sampler.state(ofStream: stream), context: context),
      output: cache == nil ? [] : Array(output),
      logits: cache?.states.mix(own, key: output) ?? Array(own))
  }

  /// Puts other ids in the place of a draft, which is fed to the network no more. The last id chosen showed that they say the same
  /// as the draft; it is chosen again after them.
  private mutating func rewrite(
    as rewritten: [Int32], from draft: Draft, _ sampler: LanguageModelSampler, stream: Int
  ) throws(ComposingError) {
    let place = draft.place
    noteTakenBack(to: place.idCount)
    let random = progress.random
    bars.removeAll { $0.idCount > place.idCount }
    progress = place.progress
    progress.random = random
    penalizeLoops(loopPenalty, ids: ids.prefix(place.idCount))
    fedCount = place.idCount
    context = place.context
    sampler.setState(place.state, ofStream: stream)
    surprisals.removeLast(ids.count - place.idCount)
    ids.removeLast(ids.count - place.idCount)
    deadEnds.removeAll { $0.index >= place.idCount }
    let isCached = cache.map { $0.start < fedCount } ?? false
    keepCache(ofFirst: fedCount - 1)
    if isCached { draft.output.withUnsafeBufferPointer { cache?.states.add($0, follower: rewritten[0]) } }
    surprisals.append(
      draft.logits.withUnsafeBufferPointer { TokenChooser.surprisal(of: rewritten[0], logits: $0) })
    music.removeAll()
    holdsRewrittenMusic = true
    for id in rewritten {
      ids.append(id)
      try advance(id)
    }
    feedNext(rewritten[0])
  }

  /// −log p of an id that is given, by what the network and the cache give for it.
  private mutating func surprisal(of id: Int32, _ sampler: LanguageModelSampler, stream: Int) -> Double {
    let own = sampler.logits(ofStream: stream)
    guard let mixed = cache?.states.mix(own, key: sampler.output(ofStream: stream)) else {
      return TokenChooser.surprisal(of: id, logits: own)
    }
    return mixed.withUnsafeBufferPointer { TokenChooser.surprisal(of: id, logits: $0) }
  }
}

// MARK: - Going back and on

extension PieceInProgress {
  /// The bars that can be rewound to, by number; nil if there are none.
  var savedBars: ClosedRange<Int>? {
    guard savedBarLimit > 0, let first = bars.first, let last = bars.last else { return nil }
    return first.progress.grammar.barCount - 1...last.progress.grammar.barCount - 1
  }

  /// Takes back all that was chosen after the bar line of a bar.
  /// - Throws: `ComposingError.invalidOption` if the bar was not saved.
  mutating func rewind(
    toBar number: Int, _ sampler: LanguageModelSampler, stream: Int
  ) throws(ComposingError) {
    guard savedBarLimit > 0, let place = bars.last(where: { $0.progress.grammar.barCount - 1 == number })
    else {
      throw .invalidOption(
        name: "the bar to go back to", value: "\(number)",
        expected: savedBars.map { "\($0.lowerBound) to \($0.upperBound)" } ?? "none: no bar is saved")
    }
    try restore(place, sampler, stream: stream)
    // After a rewriting, some ids may have no surprisal yet.
    surprisals.removeLast(max(0, surprisals.count - place.idCount + beginning.ids.count))
    ids.removeLast(ids.count - place.idCount)
    deadEnds.removeAll { $0.index >= place.idCount }
    if let draft, draft.place.idCount >= place.idCount { self.draft = nil }
    music.removeAll()
    holdsRewrittenMusic = false
  }

  /// Draws all further random numbers from another seed.
  mutating func reseed(_ seed: UInt64) {
    progress.random = RandomStream(seed: seed, name: "sampling")
  }

  /// Makes all further choices in another way.
  mutating func sample(by sampling: SamplingPreset) throws(ComposingError) {
    filters = try sampling.filters(for: roles)
    self.sampling = sampling
    setCache(sampling.cache)
    penalizeLoops(sampling.loops, ids: ids)
  }
}
