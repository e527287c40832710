public import Composing
public import Corpora
public import Groundwork
public import Music
internal import Tokenization

/// Why a composed piece has the notes that it has: for each of them how little the model expected it, what else it would have written, what
/// was forbidden, and where it comes from.
public struct PieceExplanation: Sendable {
  /// Something that could have been written in a note's place.
  public struct Alternative: Sendable, Hashable, Codable {
    /// What it says.
    public var words: String
    /// Its token.
    public var token: String
    /// Its probability by the model, 0...1, before temperature, filters and limits.
    public var probability: Double
    /// What forbade it; nil if it could have been drawn.
    public var obstacle: String?
  }

  /// Why a note is there.
  public struct NoteReason: Sendable, Hashable, Codable {
    /// Its name, as a drum or a pitch.
    public var name: String
    /// The number of its bar, from 1.
    public var bar: Int
    /// The beat in the bar, from 1, with its fraction.
    public var beat: Double
    /// The number of its part, from 1.
    public var part: Int
    /// −log p of its tokens, in nats. Where a token stands for several notes, as a repeated bar does, each has an equal share.
    public var surprisal: Double
    /// Its tokens in order, with their probabilities.
    public var tokens: [Alternative]
    /// What the model would have written most likely instead of the token that decides about its pitch, the most probable first.
    public var alternatives: [Alternative]
    /// The probability of what was forbidden at that token, by what forbade it.
    public var forbidden: [Forbidden]
    /// The earlier bar of its part that it repeats, if it does.
    public var reference: Reference?
    /// The longest passage through this note that a training piece has too.
    public var passage: SharedPassage?
  }

  /// What was forbidden.
  public struct Forbidden: Sendable, Hashable, Codable {
    /// What forbade it: the grammar of the tokens, or what a limit asks for.
    public var by: String
    /// The probability of all that it forbade, by the model, 0...1.
    public var probability: Double
  }

  /// An earlier bar of the same part that a bar refers to.
  public struct Reference: Sendable, Hashable, Codable {
    /// The number of the bar, from 1.
    public var bar: Int
    /// How many bars ago that was.
    public var barsAgo: Int
    /// Whether the rhythm alone is repeated.
    public var isRhythmAlone: Bool
  }

  /// The whole piece as the tokens have it, with what was given before it.
  public let score: Score
  /// For each track the reasons by the indices of its notes; nil for a note that was given.
  public let reasons: [[NoteReason?]]
  /// What was forbidden in all, by what forbade it: the mean probability over all tokens.
  public let forbidden: [Forbidden]
  /// The passages of at least `leastPassage` notes that training pieces have too, the longest first; nil where they were not sought.
  public let passages: [SharedPassage]?

  /// Shorter passages are in every piece.
  public static let leastPassage = 6

  /// Explains a piece.
  /// - Parameters:
  ///   - piece: The piece.
  ///   - options: What it was composed by.
  ///   - composer: What composed it.
  ///   - index: The training pieces; nil if they are not at hand.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how many tokens were read.
  /// - Throws: `ComposingError`.
  public init(
    of piece: Composition, by options: CompositionOptions, with composer: Composer,
    passages index: PassageIndex?,
    cancellation: Cancellation? = nil, progress: ProgressHandler? = nil
  ) throws(ComposingError) {
    let choices = try composer.choices(
      of: piece, by: options, cancellation: cancellation, progress: progress)
    let found: (spans: TokenSpans, passages: [SharedPassage]?)
    do throws(TokenizationError) {
      let spans = try composer.tokenizer.spans(of: piece.ids)
      found = (spans, try index?.maximalPassages(of: spans.score, leastNotes: Self.leastPassage))
    } catch {
      throw .cause(error)
    }
    let names = options.constraints.map(\.summary)
    forbidden = Self.means(choices, names)
    var score = found.spans.score
    // The tokens may know the tempo that was asked for only approximately, or not at all.
    if options.primer == nil { score.tempos = piece.score.tempos }
    self.score = score
    passages = found.passages.map { passages in
      passages.sorted { ($1.noteCount, $0.track, $0.bar) < ($0.noteCount, $1.track, $1.bar) }
    }
    let writer = ReasonWriter(
      ids: piece.ids, givenCount: piece.givenCount, choices: choices, constraints: names, spans: found.spans,
      vocabulary: composer.tokenizer.vocabulary,
      passages: PassageLookup(found.passages ?? [], in: found.spans.score, by: index))
    reasons = writer.reasons()
  }

  private static func means(_ choices: [TokenChoice], _ names: [String]) -> [Forbidden] {
    let count = Double(max(1, choices.count))
    let grammar = choices.reduce(0) { $0 + $1.forbiddenByGrammar } / count
    let limits = names.enumerated().map { index, name in
      Forbidden(
        by: name, probability: choices.reduce(0) { $0 + $1.forbiddenByConstraints[index] } / count)
    }
    return [Forbidden(by: ReasonWriter.grammar, probability: grammar)] + limits
  }
}

/// Finds the longest passage that a note belongs to.
private struct PassageLookup {
  private struct Place: Hashable {
    var track: Int
    var step: Int
    var pitch: Int
  }

  private var byPlace: [Place: SharedPassage] = [:]
  private let ticksPerQuarter: Int

  init(_ passages: [SharedPassage], in score: Score, by index: PassageIndex?) {
    ticksPerQuarter = score.ticksPerQuarter
    guard let index, !passages.isEmpty, let normalized = try? index.normalized(score) else { return }
    let lines = Dictionary(normalized.passageLines.map { ($0.track, $0.events) }) { first, _ in first }
    for passage in passages.sorted(by: { $0.noteCount < $1.noteCount }) {
      guard let events = lines[passage.track] else { continue }
      for event in events[passage.note..<min(passage.note + passage.noteCount, events.count)] {
        byPlace[Place(track: passage.track, step: event.step, pitch: event.pitch)] = passage
      }
    }
  }

  func passage(of note: Note, track: Int) -> SharedPassage? {
    let step = PassageLine.steps(of: note, ticksPerQuarter: ticksPerQuarter).start
    return byPlace[Place(track: track, step: step, pitch: note.pitch)]
  }
}

/// Writes the reasons of all notes.
private struct ReasonWriter {
  static let grammar = "the grammar of the tokens"

  let ids: [Int32]
  let givenCount: Int
  let choices: [TokenChoice]
  let constraints: [String]
  let spans: TokenSpans
  let vocabulary: Vocabulary
  let passages: PassageLookup

  func reasons() -> [[PieceExplanation.NoteReason?]] {
    var reasons = spans.score.tracks.map {
      [PieceExplanation.NoteReason?](repeating: nil, count: $0.notes.count)
    }
    var owners = [Double](repeating: 0, count: ids.count)
    for span in spans.notes { for place in span.decoded.ids { owners[place] += 1 } }
    let bars = spans.score.bars
    for span in spans.notes where span.decoded.ids.lowerBound >= givenCount {
      reasons[span.place.track][span.place.index] = reason(span, owners, bars)
    }
    return reasons
  }

  private func reason(
    _ span: TokenSpans.NoteSpan, _ owners: [Double], _ bars: Bars
  ) -> PieceExplanation.NoteReason {
    let note = span.decoded.note, places = span.decoded.ids
    let roles = vocabulary.roles
    let deciding =
      places.last { !roles[ids[$0]].isDisjoint(with: [.pitch, .repetition]) } ?? places.lowerBound
    var words = TokenWords(vocabulary: vocabulary)
    words.offset = offset(of: note, at: deciding)
    let choice = choices[deciding - givenCount]
    let position = bars.position(of: note.onset)
    let signature = bars.indices.contains(position.bar) ? bars[position.bar].timeSignature : .common
    let ticksPerBeat = Double(4 * spans.score.ticksPerQuarter) / Double(signature.denominator)
    let isDrum = span.decoded.isDrum
    return PieceExplanation.NoteReason(
      name: isDrum ? GeneralMIDI.drumName(note.pitch) ?? "drum \(note.pitch)" : pitchName(note.pitch),
      bar: position.bar + 1,
      beat: 1 + Double(position.beat) + Double(position.ticksIntoBeat) / ticksPerBeat,
      part: span.place.track + 1,
      surprisal: places.reduce(0) { $0 + choices[$1 - givenCount].surprisal / owners[$1] },
      tokens: places.map { place in
        alternative(ids[place], probability: choices[place - givenCount].probability, words)
      },
      alternatives: choice.alternatives.map {
        alternative($0.id, probability: $0.probability, obstacle: $0.obstacle, words)
      },
      forbidden: forbidden(choice), reference: reference(of: places, bar: position.bar),
      passage: isDrum ? nil : passages.passage(of: note, track: span.place.track))
  }

  private func alternative(
    _ id: Int32, probability: Double, obstacle: TokenChoice.Obstacle? = nil, _ words: TokenWords
  ) -> PieceExplanation.Alternative {
    PieceExplanation.Alternative(
      words: words.words(id), token: vocabulary.token(of: id) ?? "", probability: probability,
      obstacle: obstacle.map(name))
  }

  private func name(_ obstacle: TokenChoice.Obstacle) -> String {
    switch obstacle {
    case .grammar: Self.grammar
    case .constraint(let index): constraints[index]
    }
  }

  private func forbidden(_ choice: TokenChoice) -> [PieceExplanation.Forbidden] {
    let all = [(Self.grammar, choice.forbiddenByGrammar)] + zip(constraints, choice.forbiddenByConstraints)
    return all.filter { $0.1 > 0.0005 }.map { PieceExplanation.Forbidden(by: $0.0, probability: $0.1) }
  }

  /// By how many semitones pitches sound higher than they are written: as much as this note does.
  private func offset(of note: Note, at place: Int) -> Int {
    for value in vocabulary.roles.values(of: ids[place]) {
      if case .pitchInKey(let pitch) = value { return note.pitch - pitch }
    }
    return 0
  }

  /// The bar that the cell of a note refers to: its own token does, or one before its pitches.
  private func reference(of places: Range<Int>, bar: Int) -> PieceExplanation.Reference? {
    let roles = vocabulary.roles
    func reference(_ place: Int, rhythmAlone: Bool) -> PieceExplanation.Reference? {
      for case .copy(let bars, let isRhythmAlone) in roles.values(of: ids[place])
      where isRhythmAlone == rhythmAlone {
        return PieceExplanation.Reference(
          bar: bar + 1 - bars, barsAgo: bars, isRhythmAlone: isRhythmAlone)
      }
      return nil
    }
    for place in places where roles[ids[place]].contains(.repetition) {
      return reference(place, rhythmAlone: false)
    }
    var place = places.lowerBound - 1
    while place > 0, roles[ids[place]] == .pitch { place -= 1 }
    return place > 0 ? reference(place, rhythmAlone: true) : nil
  }
}
