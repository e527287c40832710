public import Corpora
internal import Music
public import Tokenization

/// No part of the piece shares a passage of `limit` notes or more with the pieces of an index, in their key or any other.
///
/// A part's notes are compared as `PassageLine` says. Passages that a primer shares already are let be; the first new note that
/// would make them longer is not.
///
/// Ids become notes by a decoder of the constraint's own, so that it holds whatever the tokenizer, also where an id stands for
/// many notes. An id is tried only once it is drawn, and only where it could complete a passage: most steps cost what taking
/// note of one id costs.
public struct AvoidCopying: TokenConstraint {
  /// The fewest notes that can be forbidden: shorter passages are in every piece.
  public static let leastNotes = 4

  /// What stays the same in all copies.
  private final class Fixed: Sendable {
    let index: PassageIndex
    let roles: TokenRoles
    let limit: Int
    /// How many notes of one part each id may complete, at most.
    let mostNotes: [Int]

    init(index: PassageIndex, roles: TokenRoles, limit: Int) {
      self.index = index
      self.roles = roles
      self.limit = limit
      let knowsValues = (0..<Int32(roles.count)).contains { !roles.values(of: $0).isEmpty }
      mostNotes = (0..<Int32(roles.count)).map { id in
        // A repetition is as long as what it repeats, and a token that does not tell may stand for anything.
        guard knowsValues, !roles[id].contains(.repetition) else { return .max }
        return 1 + roles.values(of: id).count(where: \.isNote)
      }
    }
  }

  /// A part of the piece, known by its program, since tokens name no tracks.
  private struct Part {
    var program: Int
    var number: Int
    var tracker = PassageTracker()
    /// All notes so far in steps, for those that complete later than others: those of bars that are complete, and those after them.
    /// What is tried takes a copy of the latter alone.
    private var complete: [(event: PassageLine.Event, end: Int)] = []
    private var recent: [(event: PassageLine.Event, end: Int)] = []
    /// What has read the complete bars.
    private var before = PassageTracker()

    init(program: Int, number: Int) {
      self.program = program
      self.number = number
    }

    /// Takes a note.
    /// - Returns: Whether no passage becomes too long by it.
    mutating func take(_ event: PassageLine.Event, end: Int, _ index: PassageIndex, limit: Int) -> Bool {
      recent.append((event, end))
      if event.step >= tracker.lastStep {
        let hasChanged = tracker.take(event, end: end, in: index)
        return !hasChanged || tracker.noteCount < limit
      }
      return readAgain(from: event.step, index, limit: limit)
    }

    /// A bar is complete.
    mutating func completeBar() {
      guard !recent.isEmpty else { return }
      complete += recent
      recent.removeAll()
      before = tracker
    }

    /// Reads notes in order again, after one that is earlier than others has come: mostly those of the last bar.
    /// - Returns: Whether no passage is too long that ends where it begins, or later.
    private mutating func readAgain(from step: Int, _ index: PassageIndex, limit: Int) -> Bool {
      let isInLastBar = recent.allSatisfy { $0.event.step > before.lastStep }
      var notes = isInLastBar ? recent : complete + recent
      notes.sort { ($0.event.step, $0.event.pitch) < ($1.event.step, $1.event.pitch) }
      tracker = isInLastBar ? before : PassageTracker()
      var isAllowed = true
      for note in notes {
        let hasChanged = tracker.take(note.event, end: note.end, in: index)
        if hasChanged, note.event.step >= step, tracker.noteCount >= limit { isAllowed = false }
      }
      return isAllowed
    }
  }

  private let fixed: Fixed
  private var decoder: any TokenDecoder
  private var grammar: any TokenGrammar
  private var parts: [Part] = []
  private var music = DecodedMusic()
  /// The longest passage that another note of a part could make longer by one.
  private var longest = 0

  /// A constraint.
  /// - Parameters:
  ///   - index: The pieces that are not to be copied.
  ///   - tokenizer: The tokenizer of the model that composes.
  ///   - limit: How many notes a shared passage must not reach, at least `leastNotes`.
  public init(_ index: PassageIndex, tokenizer: any Tokenizer, limit: Int) {
    precondition(limit >= Self.leastNotes, "a limit of \(limit) notes forbids everything")
    fixed = Fixed(index: index, roles: tokenizer.vocabulary.roles, limit: limit)
    decoder = tokenizer.makeDecoder()
    grammar = tokenizer.makeGrammar()
  }

  /// What it asks for.
  public var summary: String {
    "passages of fewer than \(fixed.limit) notes in common with the training pieces"
  }

  /// Takes note of an id.
  public mutating func advance(_ id: Int32) {
    grammar.advance(id)
    // An id that cannot be read is refused by the composer's own decoder.
    guard (try? decoder.take(id, into: &music)) != nil else { return }
    let isBarLine = fixed.roles[id].contains(.barLine)
    guard isBarLine || !music.notes.isEmpty else { return }
    for note in music.notes where !note.isDrum {
      _ = Self.add(note, to: &parts, fixed, ticksPerQuarter: decoder.ticksPerQuarter)
    }
    if isBarLine { for place in parts.indices { parts[place].completeBar() } }
    longest = parts.reduce(0) { max($0, $1.tracker.mostAfterNext - 1) }
    music.removeAll()
  }

  /// Forbids nothing beforehand: an id is tried when it is drawn.
  public func narrow(_ mask: inout [Bool]) {}

  /// Never more than 0: any number of notes may be too few.
  public func leastToFinish() -> Int? { 0 }

  /// Nil if the id completes a passage that is too long, or begins a note that must.
  public func leastToFinish(after id: Int32) -> Int? {
    let most = fixed.mostNotes[Int(id)]
    guard most >= fixed.limit - longest else { return 0 }
    return isAllowed(id) ? 0 : nil
  }

  private func isAllowed(_ id: Int32) -> Bool {
    var decoder = decoder
    var found = DecodedMusic()
    guard (try? decoder.take(id, into: &found)) != nil else { return true }
    if found.notes.isEmpty, fixed.roles[id].contains(.pitch) { complete(id, decoder, &found) }
    var parts = parts
    for note in found.notes where !note.isDrum {
      guard Self.add(note, to: &parts, fixed, ticksPerQuarter: decoder.ticksPerQuarter) else { return false }
    }
    return true
  }

  /// Completes a note whose pitch is said, and when it begins: whatever follows changes neither, but each of the ids that may would
  /// have to be refused in turn.
  private func complete(_ id: Int32, _ begun: any TokenDecoder, _ found: inout DecodedMusic) {
    var (decoder, grammar) = (begun, grammar)
    var mask = [Bool](repeating: false, count: fixed.roles.count)
    grammar.advance(id)
    for _ in 0..<8 where found.notes.isEmpty {
      grammar.allowed(into: &mask)
      guard let next = mask.firstIndex(of: true).map(Int32.init),
        !fixed.roles[next].isDisjoint(with: .notePart), !fixed.roles[next].contains(.pitch),
        (try? decoder.take(next, into: &found)) != nil
      else { return }
      grammar.advance(next)
    }
  }

  /// Takes a note to its part.
  /// - Returns: Whether no passage becomes too long by it.
  private static func add(
    _ decoded: DecodedNote, to parts: inout [Part], _ fixed: Fixed, ticksPerQuarter: Int
  ) -> Bool {
    let (start, end) = PassageLine.steps(of: decoded.note, ticksPerQuarter: ticksPerQuarter)
    let event = PassageLine.Event(step: start, pitch: decoded.note.pitch)
    var place = parts.firstIndex { $0.program == decoded.program && $0.number == decoded.part }
    if place == nil {
      place = parts.count
      parts.append(Part(program: decoded.program ?? 0, number: decoded.part))
    }
    guard let place else { return true }
    return parts[place].take(event, end: end, fixed.index, limit: fixed.limit)
  }
}
