internal import Arithmetic
internal import Music
internal import Recurrent
internal import Tokenization

/// A piece on its way: what was requested, what is written, and all that the next choice depends on. It says which id the
/// network is to be fed next and takes the logits that come back; who advances the network, for this piece alone or for several
/// side by side, is not its concern. It is a value: a copy continues by itself.
///
/// What it does stands in files of their own: choosing, taking back, rewriting, sampling, finishing.
struct PieceInProgress {
  let options: CompositionOptions
  let beginning: PieceBeginning
  // The next two are read at every step, and stored, since a computed property of a value that a class holds takes a copy of it.
  /// The id that the network is to be fed next.
  var nextID: Int32
  /// What it is told beside that id: an index of each feature of its context, −1 for nothing.
  var nextContext: [Int32]
  /// Whether the end has been reached.
  var isFinished = false
  /// All ids so far.
  var ids: [Int32]
  /// −log p of each id that was chosen.
  var surprisals: [Double] = []
  /// The state of grammar, decoder, constraints and random numbers.
  var progress: Progress
  /// What the last id that was chosen has completed.
  var music = DecodedMusic()
  /// What the opening has completed.
  var openingMusic = DecodedMusic()
  /// How many ids were taken back since the last one that was chosen.
  var takenBack = 0
  /// How many ids at the beginning were not.
  var untouchedCount = Int.max
  /// Where ids begin that may have to be rewritten.
  var draft: Draft?
  /// Whether `music` has notes of ids that were rewritten, which are yet to be given out.
  var holdsRewrittenMusic = false

  let roles: TokenRoles
  /// How choices are made now.
  var sampling: SamplingPreset
  var filters: [any SamplingFilter]
  let vocabularySize: Int
  /// What would be known of loops before the first id.
  let unreadLoops: LoopTracker
  var loopPenalty: LoopPenalty?
  /// How many ids the network has been fed.
  var fedCount = 0
  /// The states of the piece so far, where sampling asks for them, and how many ids had been fed before the first of them.
  var cache: (states: PieceCache, start: Int)?
  /// What tells the network of the place after the ids up to `nextID`.
  var context: (any TokenContext)?
  /// How many bars can be rewound to; 0 if nothing is saved.
  let savedBarLimit: Int
  /// Where the choices began.
  var start: SavedPlace?
  /// The last bar lines that were chosen.
  var bars: [SavedPlace] = []
  /// Ids that turned out to lead nowhere, each at its place in the piece.
  var deadEnds: [(index: Int, id: Int32)] = []
  var deadEndCount = 0
  /// Whether notes may be given up, and the last bar is saved for it: where tokens tell how much room is left, or constraints do.
  let givesUpNotes: Bool
  /// How often a note was given up that the model could not finish, in this bar and in all.
  var impasseCount = 0
  var impasseTotal = 0
  /// What is written beside it as the model would without limits; one at most.
  var sketches: [Sketch] = []

  /// Room for the ids of an ordinary piece, so that the lists seldom grow.
  static let expectedCount = 8192
  /// After this many dead ends the constraints are taken to contradict each other.
  static let deadEndLimit = 2_000
  /// After this many impasses no further note is given up: a model that often gets into one has learned too little. Where constraints lead
  /// there, so many are of a bar, and more of a piece.
  static let impasseLimit = 64
  static let impasseTotalLimit = 1024
  /// After this many dead ends, one after the other, more than one id is given up.
  static let deadEndsPerLeap = 8

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
    /// The lowest and the highest pitch so far, as they are written; kept where there are constraints alone, and nil before the first.
    var pitches: ClosedRange<Int>?
    /// How many notes were complete when the first new bar began; nil before that.
    var notesBefore: Int?

    /// How many notes there are after the first new bar line.
    var newNotes: Int { notesBefore.map { grammar.noteCount - $0 } ?? 0 }
  }

  /// A place in the piece that can be rewound to: the last of its ids is the network's next input.
  struct SavedPlace {
    var idCount: Int
    var progress: Progress
    /// The network's state before its last id; empty for zero.
    var state: [Float]
    /// What tells of the place after its last id.
    var context: (any TokenContext)?
    /// The piece that is written beside it.
    var sketches: [Sketch] = []
  }

  /// What a draft begins after, once all its ids are fed.
  struct Draft {
    var place: SavedPlace
    /// What the network gave there: its outputs for the cache, if there is one, and the logits.
    var output: [Float]
    var logits: [Float]
  }

  /// The beginning of a piece.
  /// - Parameters:
  ///   - habits: What the pieces do that the model has read; nil where that is not known.
  ///   - savedBarLimit: How many bars can be rewound to; the last one is saved where a note may have to be given up.
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
    let isMadeToWrite = options.constraints.contains { ($0 as? BassRegister)?.asksForImprobable ?? false }
    givesUpNotes = (tokenizer.openLengthTable != nil || !options.constraints.isEmpty) && !isMadeToWrite
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
    if let habits {
      var random = RandomStream(seed: options.seed, name: "rests")
      progress.grammar.limitRests(to: habits.drawnRests(&random))
    }
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
    guard givesUpNotes || savedBarLimit > 0, fedCount >= beginning.ids.count - 1 else { return }
    start = SavedPlace(idCount: fedCount + 1, progress: progress, state: read.state, context: context)
  }
}
