/// The form of a piece: its sections in order, of which some return.
///
/// It is written in letters. Sections of the same letter are the same music; one or more primes after a letter (`A'`, `A''`)
/// mean a variation of the section that the plain letter stands for. A number after it is the section's length in bars; the other
/// sections of that letter have it too. Spaces mean nothing: `AABA`, `A8 B8`, `A8A'8B16A8`.
public struct Form: Sendable, Hashable {
  /// A section.
  public struct Section: Sendable, Hashable {
    /// Its letter, `A`...`Z`.
    public var letter: Character
    /// How many primes it has; 0 for the section itself.
    public var primes: Int
    /// How many bars it has, if that is said.
    public var bars: Int?

    /// A section.
    public init(letter: Character, primes: Int = 0, bars: Int? = nil) {
      self.letter = letter
      self.primes = primes
      self.bars = bars
    }

    /// As it is written, without its length: `A'`.
    public var name: String { String(letter) + String(repeating: "'", count: primes) }
  }

  /// The sections in order, at least one.
  public let sections: [Section]

  /// The most sections of a form.
  public static let sectionLimit = 64
  /// How many bars a section has where nothing says how many.
  public static let usualBars = 8

  /// Reads a form.
  /// - Parameter text: The form as it is written, such as `AABA` or `A8 B16`; small letters are read as capitals.
  /// - Throws: `FormError`.
  public init(_ text: String) throws(FormError) {
    let characters = Array(text)
    var sections: [Section] = []
    var index = 0
    while index < characters.count {
      let place = index
      let character = characters[index]
      index += 1
      if character.isWhitespace { continue }
      guard let letter = Self.letter(character) else {
        throw .unexpected(character: character, position: place + 1)
      }
      var section = Section(letter: letter)
      while index < characters.count, Self.primes.contains(characters[index]) {
        section.primes += 1
        index += 1
      }
      let digits = characters[index...].prefix { $0.isASCII && $0.isNumber }
      index += digits.count
      if !digits.isEmpty {
        guard let bars = Int(String(digits)), (1...Composer.mostBars).contains(bars) else {
          throw .length(section: section.name, bars: String(digits), position: place + 1)
        }
        section.bars = bars
      }
      guard section.primes == 0 || sections.contains(where: { $0.letter == letter && $0.primes == 0 }) else {
        throw .variesNothing(section: section.name, position: place + 1)
      }
      sections.append(section)
    }
    guard !sections.isEmpty else { throw .empty }
    guard sections.count <= Self.sectionLimit else { throw .tooManySections(count: sections.count) }
    self.sections = try Self.withSharedLengths(sections)
  }

  /// The apostrophe, and the signs that are set for a prime in its place.
  private static let primes: Set<Character> = ["'", "\u{2019}", "\u{2032}"]

  private static func letter(_ character: Character) -> Character? {
    let capital = character.uppercased()
    guard capital.count == 1, let letter = capital.first, ("A"..."Z").contains(letter) else { return nil }
    return letter
  }

  /// Gives the length of a section to all of its letter.
  private static func withSharedLengths(_ sections: [Section]) throws(FormError) -> [Section] {
    var lengths: [Character: Int] = [:]
    for section in sections {
      guard let bars = section.bars else { continue }
      if let other = lengths[section.letter], other != bars {
        throw .lengthsDiffer(letter: section.letter, lengths: [other, bars])
      }
      lengths[section.letter] = bars
    }
    return sections.map { section in
      Section(letter: section.letter, primes: section.primes, bars: lengths[section.letter])
    }
  }

  /// How many bars each section has.
  /// - Parameter bars: How many the piece has; what the form does not say is divided evenly. Nil gives each section of unknown length
  ///   `usualBars`.
  /// - Throws: `FormError.doesNotFit`.
  public func lengths(bars: Int?) throws(FormError) -> [Int] {
    let known = sections.reduce(0) { $0 + ($1.bars ?? 0) }
    let open = sections.count { $0.bars == nil }
    guard let bars else { return sections.map { $0.bars ?? Self.usualBars } }
    guard open > 0 else {
      guard known == bars else { throw .doesNotFit(form: description, bars: bars, known: known, open: 0) }
      return sections.compactMap(\.bars)
    }
    let (each, rest) = (bars - known).quotientAndRemainder(dividingBy: open)
    guard each >= 1, rest == 0 else {
      throw .doesNotFit(form: description, bars: bars, known: known, open: open)
    }
    return sections.map { $0.bars ?? each }
  }
}

extension Form: CustomStringConvertible {
  /// As it is written: `AABA`, `A8 B16 A8`.
  public var description: String {
    let names = sections.map { $0.name + ($0.bars.map { "\($0)" } ?? "") }
    return names.joined(separator: sections.contains { $0.bars != nil } ? " " : "")
  }
}
