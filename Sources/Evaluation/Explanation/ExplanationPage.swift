internal import Corpora
internal import Drawing
internal import Groundwork
internal import Music

/// An explanation as a page: the piano roll of the piece, in which each note tells why it is there. One HTML file that needs nothing besides
/// itself.
public struct ExplanationPage: Sendable {
  /// The page as an HTML document.
  public let html: String

  /// How many of the most surprising notes and of the longest passages are listed.
  private static let listLimit = 12

  /// The page of an explanation.
  /// - Parameters:
  ///   - explanation: The explanation.
  ///   - title: What the piece is called.
  ///   - facts: What it was made with, by name.
  ///   - metadata: A text about the piece for programs, which the picture holds.
  public init(
    _ explanation: PieceExplanation, title: String, facts: [(name: String, value: String)],
    metadata: String? = nil
  ) {
    let reasons = explanation.reasons.joined().compactMap(\.self)
    var numbers: [[Int?]] = []
    var count = 0
    for track in explanation.reasons {
      numbers.append(
        track.map { reason in
          guard reason != nil else { return nil }
          count += 1
          return count - 1
        })
    }
    let places = numbers
    let roll = PianoRoll().svg(
      of: explanation.score, title: title, scale: SurprisalScale.legend, metadata: metadata
    ) { track, note in
      guard let number = places[track][note], let reason = explanation.reasons[track][note] else {
        return PianoRoll.NoteAppearance(color: Color(0xC8C8CE), remark: "given")
      }
      return PianoRoll.NoteAppearance(
        color: SurprisalScale.color(reason.surprisal),
        remark: "\(Figure.decimal(reason.surprisal)) nats", number: number)
    }
    html =
      PageFrame(
        title: title, style: Self.style,
        body: """
          <header><h1>\(SVG.escape(title))</h1>
          <p>Each note is colored by how little the model expected it. Point at a note, tap it, or walk with the arrow keys.</p>
          \(PageFrame.list(facts))</header>
          <main>
          <div class="roll" id="roll" tabindex="0" role="application" aria-label="Piano roll; arrow keys go from note to note">
          \(roll)</div>
          <div class="lists">
          \(Self.surprises(reasons))
          \(Self.forbidden(explanation))
          \(Self.passages(explanation))
          </div>
          </main>
          <aside id="panel" aria-live="polite"><p class="hint">Choose a note to see why it is there.</p></aside>
          """,
        data: Self.data(reasons), script: Self.script
      ).document
  }

  // MARK: - Lists

  private static func surprises(_ reasons: [PieceExplanation.NoteReason]) -> String {
    let worst = reasons.enumerated().sorted {
      ($1.element.surprisal, $0.offset) < ($0.element.surprisal, $1.offset)
    }
    let rows = worst.prefix(listLimit).map { index, reason in
      "<tr><td><button data-go=\"\(index)\">\(SVG.escape(reason.name))</button></td><td>\(reason.bar)</td>"
        + "<td>\(Figure.decimal(reason.beat))</td><td>\(reason.part)</td><td>\(Figure.decimal(reason.surprisal))</td></tr>"
    }
    return """
      <section><h2>The most surprising notes</h2>
      <table><thead><tr><th>note</th><th>bar</th><th>beat</th><th>part</th><th>nats</th></tr></thead>
      <tbody>\(rows.joined())</tbody></table></section>
      """
  }

  private static func forbidden(_ explanation: PieceExplanation) -> String {
    let rows = explanation.forbidden.map {
      "<tr><td>\(SVG.escape($0.by))</td><td>\(Figure.percent($0.probability, 1))</td></tr>"
    }
    return """
      <section><h2>What was forbidden</h2>
      <p>The probability, by the model itself, of what could not be written, as a mean over all tokens.</p>
      <table><thead><tr><th>by</th><th>share</th></tr></thead><tbody>\(rows.joined())</tbody></table></section>
      """
  }

  private static func passages(_ explanation: PieceExplanation) -> String {
    guard let passages = explanation.passages else {
      return
        "<section><h2>Passages of training pieces</h2><p>The model has no corpus in its folder.</p></section>"
    }
    let rows = passages.prefix(listLimit).map { passage in
      "<tr><td>\(passage.bar + 1)</td><td>\(passage.track + 1)</td><td>\(passage.noteCount)</td>"
        + "<td title=\"\(SVG.escape(passage.source))\">\(SVG.escape(lastName(of: passage.source))), "
        + "bar \(passage.sourceBar + 1)</td><td>\(key(passage))</td></tr>"
    }
    return """
      <section><h2>Passages of training pieces</h2>
      <p>\(passages.isEmpty ? "None of \(PieceExplanation.leastPassage) notes or more." : "The longest, in notes of a part's highest line.")</p>
      <table><thead><tr><th>bar</th><th>part</th><th>notes</th><th>as in</th><th>key</th></tr></thead>
      <tbody>\(rows.joined())</tbody></table></section>
      """
  }

  private static func key(_ passage: SharedPassage) -> String {
    passage.semitones == 0
      ? "the same" : "\(abs(passage.semitones)) semitones \(passage.semitones > 0 ? "higher" : "lower")"
  }

  // MARK: - Notes

  /// A note, as the page's script reads it.
  private struct Entry: Encodable {
    var reason: PieceExplanation.NoteReason
    var copy: String?
    var reference: String?

    init(_ reason: PieceExplanation.NoteReason) {
      self.reason = reason
      reference = reason.reference.map {
        ($0.isRhythmAlone ? "The rhythm is that of bar " : "The whole bar is that of bar ")
          + "\($0.bar), \(TokenWords.barsAgo($0.barsAgo))."
      }
      copy = reason.passage.map { passage in
        "In a passage of \(passage.noteCount) notes that is also in \(lastName(of: passage.source)), bar \(passage.sourceBar + 1) "
          + "(\(passage.semitones == 0 ? "the same key" : ExplanationPage.key(passage)))."
      }
    }
  }

  private static func data(_ reasons: [PieceExplanation.NoteReason]) -> String {
    PageFrame.json(reasons.map(Entry.init))
  }
}
