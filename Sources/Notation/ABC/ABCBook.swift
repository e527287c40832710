public import Groundwork
public import Music

/// A tunebook in ABC notation, version 2.1 (abcnotation.com/wiki/abc:standard:v2.1): every tune of one file.
///
/// Collections bend the standard in many ways, so the reader keeps whatever can be kept: what it cannot
/// understand becomes a warning of the tune. Repeats and parts are played out, and ornaments where it is
/// asked for; grace notes are not played.
public struct ABCBook: Sendable {
  /// The file's name, where one was given.
  public let file: String?
  /// The tunes that have music, in the order of the file.
  public let tunes: [ABCTune]
  /// What was wrong outside the tunes, such as a tune that was left out because it has no music.
  public let diagnostics: DiagnosticSink

  /// The same as a list.
  public var warnings: [Diagnostic] { diagnostics.diagnostics }

  /// Reads a tunebook.
  /// - Parameters:
  ///   - bytes: the text, in UTF-8 or Latin-1, with any kind of line ends.
  ///   - file: its name, for messages.
  ///   - ornaments: whether trills, rolls, fermatas and the like are played.
  /// - Throws: `ABCError` if no tune has any music.
  public init(bytes: [UInt8], file: String? = nil, ornaments: ABCOrnaments = .play) throws(ABCError) {
    var splitter = ABCSplitter(bytes: bytes)
    splitter.split()
    guard !splitter.blocks.isEmpty, !bytes.contains(0) else {
      throw .notABC(file: file, line: 1, column: 1)
    }
    var tunes: [ABCTune] = []
    var diagnostics = DiagnosticSink(limit: DiagnosticSink.capacity)
    // The fields of the file's header apply to every tune; they are read once.
    let opening = ABCTuneParser(bytes: bytes, header: splitter.header, ornaments: ornaments)
    for block in splitter.blocks {
      var parser = opening
      parser.parse(tune: block)
      if parser.hasMusic {
        tunes.append(ABCTune(parser))
      } else {
        let reason = parser.isInBody ? "no notes" : "no K: field"
        diagnostics.report(
          .abc(line: block.line, column: 1, message: "this tune is skipped: it has \(reason)"))
      }
    }
    guard !tunes.isEmpty else {
      throw .noMusic(file: file, line: splitter.blocks[0].line, column: 1)
    }
    self.file = file
    self.tunes = tunes
    self.diagnostics = diagnostics
  }

  /// Reads a tunebook from text.
  /// - Throws: `ABCError` if no tune has any music.
  public init(text: String, file: String? = nil, ornaments: ABCOrnaments = .play) throws(ABCError) {
    try self.init(bytes: Array(text.utf8), file: file, ornaments: ornaments)
  }
}

/// One tune of a tunebook.
public struct ABCTune: Sendable {
  /// The number of its `X:` field; nil if it has none that can be read.
  public let number: Int?
  /// The first `T:` field.
  public let title: String?
  /// Every field of its header in order, those of the file's header first: `fields(_:)` finds one kind.
  public var fields: [ABCField] { bookFields + ownFields }
  /// The line of the file where it begins, counted from 1.
  public let line: Int
  /// The music, as it is played. The melody is the first track; the chord symbols make the last, named "Chords".
  public let score: Score
  /// The problems in the text.
  public let diagnostics: DiagnosticSink
  /// How many bar lines within sections are not at the bar lines of the time signature, as played.
  package let misplacedBarLines: Int
  /// The fields of the file's header, which all tunes share.
  private let bookFields: [ABCField]
  private let ownFields: [ABCField]

  /// The problems in the text, as a list.
  public var warnings: [Diagnostic] { diagnostics.diagnostics }

  /// The values of the header's fields with this letter, in order.
  public func values(of letter: Character) -> [String] {
    fields.lazy.filter { $0.letter == letter }.map(\.value)
  }

  /// Where the tune comes from: the first `O:` field.
  public var origin: String? { values(of: "O").first }
  /// What kind of tune it is, such as "reel": the first `R:` field.
  public var rhythm: String? { values(of: "R").first }
  /// Who made it: the first `C:` field.
  public var composer: String? { values(of: "C").first }
  /// Where it was found: the first `S:` field, else the first `B:` field (a book).
  public var source: String? { values(of: "S").first ?? values(of: "B").first }

  /// The name of the track that plays the chord symbols.
  public static let accompanimentName = "Chords"

  init(_ parser: ABCTuneParser) {
    number = parser.number
    bookFields = parser.bookFields
    ownFields = parser.fields
    title = parser.namedTitle
    line = parser.block.line
    var builder = ABCScoreBuilder(parser)
    score = builder.build()
    misplacedBarLines = builder.misplacedBarLines
    var diagnostics = parser.diagnostics
    diagnostics.merge(builder.diagnostics)
    self.diagnostics = diagnostics
  }
}

/// A field of a tune's header.
public struct ABCField: Sendable, Hashable {
  /// Which: `T` is a title, `C` a composer, `O` an origin, and so on.
  public var letter: Character
  /// Its text, decoded and trimmed.
  public var value: String

  /// A field.
  public init(letter: Character, value: String) {
    self.letter = letter
    self.value = value
  }
}
