public import Music

/// A small set of tokens of which each can be read by itself: a note, a chord, a rest. A list of tokens and a function make a
/// tokenizer that can be trained and composed with:
///
///     struct Beats: SimpleTokens {
///       static let tokenizerName = "beats"
///       var tokens: [SimpleToken] { [SimpleToken("Rest"), SimpleToken("Beat", pitch: 60)] }
///       func write(_ score: Score) -> [Int] { … }
///     }
///
/// Ids 0 and 1 begin and end a piece, those of `tokens` follow. Any token may follow any other; a piece can end once it has a note. There
/// are no bars, one track, and one tempo.
public protocol SimpleTokens: TokenizerConfiguration {
  /// The tokens in order.
  var tokens: [SimpleToken] { get }
  /// Ticks in a quarter note of the tokens' times, 1...32,767; 480 by default.
  var ticksPerQuarter: Int { get }
  /// The score as indices into `tokens`. For each list that this gives, writing what it reads as gives the list again.
  func write(_ score: Score) -> [Int]
}

extension SimpleTokens {
  /// 480.
  public var ticksPerQuarter: Int { 480 }

  /// A `SimpleTokenizer` of these tokens.
  public func makeTokenizer() throws(TokenizationError) -> any Tokenizer { try SimpleTokenizer(self) }
}

/// One of a set of simple tokens: some notes, and how far it moves on in time.
public struct SimpleToken: Sendable, Hashable {
  /// Its name, which no other of the set has.
  public var name: String
  /// The notes that it says, their times counted from where it stands.
  public var notes: [Note]
  /// By how many ticks it moves on.
  public var ticks: Int

  /// A token of any notes.
  public init(_ name: String, notes: [Note], ticks: Int) {
    self.name = name
    self.notes = notes
    self.ticks = ticks
  }

  /// A note, or a rest where there is no pitch; the next token begins where it ends.
  /// - Parameters:
  ///   - name: The token.
  ///   - pitch: A MIDI key number, 0...127.
  ///   - ticks: How long it is: a quarter note of 480 ticks unless told otherwise.
  ///   - velocity: How hard the note is struck, 1...127.
  public init(_ name: String, pitch: Int? = nil, ticks: Int = 480, velocity: Int = 80) {
    self.init(
      name,
      notes: pitch.map { [Note(onset: 0, duration: ticks, pitch: $0, velocity: velocity)] } ?? [],
      ticks: ticks)
  }

  /// What it does.
  var role: TokenRole { notes.isEmpty ? (ticks == 0 ? .attribute : .position) : .pitch }

  /// What it says.
  func values(ticksPerQuarter: Int) -> [TokenValue] {
    func time(_ ticks: Int) -> GridTime { GridTime(steps: ticks, stepsPerQuarter: ticksPerQuarter) }
    return notes.flatMap { note -> [TokenValue] in
      [.pitch(note.pitch), .velocity(note.velocity), .duration(time(note.duration))]
    } + (ticks == 0 ? [] : [.advance(time(ticks))])
  }
}

/// The tokenizer of a set of simple tokens.
public struct SimpleTokenizer<Tokens: SimpleTokens>: Tokenizer {
  /// The set.
  public let tokens: Tokens
  /// The tokens and their ids.
  public let vocabulary: Vocabulary
  /// The tokens of the set.
  let list: [SimpleToken]

  /// How many ids there are before those of the set.
  static var offset: Int { 2 }

  /// The tokenizer of a set.
  /// - Throws: `TokenizationError.invalidVocabulary` if a token occurs twice or is special, `.invalidConfiguration` for
  ///   a pitch, a velocity or a time that no music has.
  public init(_ tokens: Tokens) throws(TokenizationError) {
    self.tokens = tokens
    list = tokens.tokens
    try Self.check(tokens.ticksPerQuarter, list)
    vocabulary = try Vocabulary(
      configuration: tokens, tokens: ["BOS_None", "EOS_None"] + list.map(\.name),
      roles: [.beginning, .end] + list.map(\.role),
      values: [[], []] + list.map { $0.values(ticksPerQuarter: tokens.ticksPerQuarter) })
  }

  /// Settings may come from a file, so that no number of them is trusted.
  private static func check(_ ticksPerQuarter: Int, _ list: [SimpleToken]) throws(TokenizationError) {
    func require(_ range: ClosedRange<Int>, _ field: String, _ value: Int) throws(TokenizationError) {
      guard range.contains(value) else {
        throw .invalidConfiguration(
          field: field, value: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
      }
    }
    let ticks = 0...1 << 28
    try require(1...32_767, "ticksPerQuarter", ticksPerQuarter)
    for token in list {
      try require(ticks, "length of \(token.name)", token.ticks)
      for note in token.notes {
        try require(0...127, "pitch of \(token.name)", note.pitch)
        try require(1...127, "velocity of \(token.name)", note.velocity)
        try require(ticks, "onset of a note of \(token.name)", note.onset)
        try require(ticks, "length of a note of \(token.name)", note.duration)
      }
    }
  }

  /// The ids of a score.
  /// - Throws: `TokenizationError.noNotes` if none of them is a note.
  public func encode(_ score: Score) throws(TokenizationError) -> Encoding {
    let written = tokens.write(score)
    if let stray = written.first(where: { !list.indices.contains($0) }) {
      throw .unknownToken("token \(stray) of \(list.count)")
    }
    let roles = vocabulary.roles
    let ids = [roles.beginning] + written.map { Int32($0 + Self.offset) } + [roles.end]
    let read = try decode(ids)
    var report = NormalizationReport()
    report.notes = score.noteCount
    report.keptNotes = read.noteCount
    report.unsupportedNotes = max(0, report.notes - report.keptNotes)
    return Encoding(
      ids: ids, report: report, noteCount: read.noteCount, barCount: 0, seconds: read.seconds)
  }

  /// What reads ids one at a time.
  public func makeDecoder() -> any TokenDecoder { SimpleDecoder(self) }

  /// Any token after any other.
  public func makeGrammar(bars: BarLimit) -> any TokenGrammar { SimpleGrammar(vocabulary.roles) }
}

/// Reads simple tokens one at a time.
private struct SimpleDecoder<Tokens: SimpleTokens>: TokenDecoder {
  private let tokenizer: SimpleTokenizer<Tokens>
  private var notes: [Note] = []
  private var tick = 0
  private var idCount = 0
  private var isFinished = false

  init(_ tokenizer: SimpleTokenizer<Tokens>) { self.tokenizer = tokenizer }

  var ticksPerQuarter: Int { tokenizer.tokens.ticksPerQuarter }

  mutating func take(_ id: Int32, into music: inout DecodedMusic) throws(TokenizationError) {
    let vocabulary = tokenizer.vocabulary
    guard let token = vocabulary.token(of: id) else {
      throw .unknownID(id: id, index: idCount, vocabularySize: vocabulary.count)
    }
    guard !isFinished, id != vocabulary.roles.beginning || idCount == 0 else {
      throw .unexpectedToken(
        token, index: idCount, expected: isFinished ? "nothing more" : "a token of the piece")
    }
    if id == vocabulary.roles.end {
      isFinished = true
    } else if id != vocabulary.roles.beginning {
      let simple = tokenizer.list[Int(id) - SimpleTokenizer<Tokens>.offset]
      for var note in simple.notes {
        note.onset += tick
        notes.append(note)
        music.notes.append(DecodedNote(note: note, program: 0, ids: idCount..<idCount + 1))
      }
      tick += simple.ticks
    }
    idCount += 1
  }

  func finished() throws(TokenizationError) -> DecodedScore {
    guard !notes.isEmpty else { throw .noNotes }
    let order = notes.indices.sorted { (notes[$0], $0) < (notes[$1], $1) }
    var places = [NotePlace](repeating: NotePlace(track: 0, index: 0), count: notes.count)
    for (place, index) in order.enumerated() { places[index].index = place }
    var score = Score(
      ticksPerQuarter: ticksPerQuarter, tracks: [Track(program: 0, notes: order.map { notes[$0] })],
      tempos: [.standard], timeSignatures: [.standard])
    score.length = max(tick, score.lastNoteEnd)
    return DecodedScore(score: score, places: places)
  }
}

/// Any token after any other; the end once there is a note.
private struct SimpleGrammar: TokenGrammar {
  private let roles: TokenRoles
  private var hasBegun = false
  private(set) var noteCount = 0
  private(set) var isFinished = false

  init(_ roles: TokenRoles) { self.roles = roles }

  var barCount: Int { 0 }
  var isBetweenNotes: Bool { hasBegun }

  mutating func advance(_ id: Int32) {
    hasBegun = true
    if id == roles.end { isFinished = true }
    noteCount += roles.values(of: id).count { $0.pitch != nil }
  }

  func allowed(into mask: inout [Bool]) {
    for index in mask.indices {
      mask[index] = hasBegun && !isFinished && roles[Int32(index)].isDisjoint(with: .special)
    }
    if !hasBegun { mask[Int(roles.beginning)] = true }
    mask[Int(roles.end)] = isFinished || noteCount > 0
  }
}
