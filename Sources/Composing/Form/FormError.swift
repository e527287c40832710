public import Groundwork

/// What can be wrong with a form. Positions count the characters of the text from 1.
public enum FormError: DiagnosableError {
  /// The text has no section.
  case empty
  /// A character that has no place there.
  case unexpected(character: Character, position: Int)
  /// A variation of a section that does not come before it.
  case variesNothing(section: String, position: Int)
  /// A length that no section can have.
  case length(section: String, bars: String, position: Int)
  /// Sections of a letter have different lengths.
  case lengthsDiffer(letter: Character, lengths: [Int])
  /// It has too many sections.
  case tooManySections(count: Int)
  /// The piece's bars cannot be divided: `known` of them are those of sections with a length, and `open` sections have none.
  case doesNotFit(form: String, bars: Int, known: Int, open: Int)

  /// A form is something that the user gave.
  public var kind: FailureKind { .usage }

  /// What was wrong, where, and what to write instead.
  public var message: String {
    switch self {
    case .empty: "the form has no section; write letters such as AABA"
    case .unexpected(let character, let position):
      "the form cannot be read at character \(position), '\(character)': a section is a letter, with primes for a variation "
        + "and its length in bars if it is to be said, as in AABA or A8A'8B16A8"
    case .variesNothing(let section, let position):
      "the form cannot be read at character \(position): \(section) varies a section that does not come before it; "
        + "write \(section.prefix(1)) first"
    case .length(let section, let bars, let position):
      "the form cannot be read at character \(position): \(section) has \(bars) bars; "
        + "a section has 1 to \(Composer.mostBars)"
    case .lengthsDiffer(let letter, let lengths):
      "the form gives section \(letter) \(lengths.map(String.init).joined(separator: " and later ")) bars; "
        + "all sections of a letter have the same length, so use another letter"
    case .tooManySections(let count):
      "the form has \(count) sections; at most \(Form.sectionLimit) are possible"
    case .doesNotFit(let form, let bars, let known, 0):
      "the form \(form) has \(known) bars, not \(bars); leave out the number of bars, or change the sections' lengths"
    case .doesNotFit(let form, let bars, let known, let open):
      Self.indivisible(form: form, bars: bars, known: known, open: open)
    }
  }

  private static func indivisible(form: String, bars: Int, known: Int, open: Int) -> String {
    let sections = open == 1 ? "1 section" : "\(open) sections"
    let nearest = [
      known + max(1, (bars - known) / open) * open, known + max(1, (bars - known) / open + 1) * open,
    ]
    let choices = Set(nearest).sorted().map(String.init).joined(separator: " or ")
    let what = known > 0 ? "what is left of \(bars) bars for the other" : "\(bars) bars"
    return
      "the form \(form) cannot divide \(what) evenly among \(sections)\(known > 0 ? " (\(bars - known))" : ""); "
      + "write \(choices) bars, or give lengths such as A8"
  }
}
