internal import Analysis
public import Corpora
internal import Drawing
internal import Groundwork
public import Music

/// Many pieces on one page, to be listened through: a piano roll of each, a player, and what is known of it, by which the pieces can be
/// sorted. The page is one HTML file; sound and notes are files beside it. It needs no server and no network.
public struct ListeningPage: Sendable {
  /// A piece on the page.
  public struct Piece: Sendable {
    /// What it is called: its number.
    public var name: String
    /// The name of its sound file beside the page.
    public var sound: String
    /// The name of its MIDI file beside the page.
    public var notes: String
    /// Its seed.
    public var seed: UInt64
    /// Its music.
    public var score: Score
    /// The second of the score at which the sound begins.
    public var soundStart: Double
    /// How surprising the model found it, in nats a note.
    public var nllPerNote: Double
    /// Its descriptors' values, in the order of `DescriptorSet.pieces`.
    public var descriptors: [Double]
    /// The longest passage that its tune shares with a training piece, in any key; nil where that is not known.
    public var passage: SharedPassage?

    /// A piece.
    /// - Parameters:
    ///   - name: What it is called.
    ///   - sound: The name of its sound file.
    ///   - notes: The name of its MIDI file.
    ///   - seed: Its seed.
    ///   - score: Its music.
    ///   - soundStart: The second at which the sound begins.
    ///   - nllPerNote: How surprising the model found it, in nats a note.
    ///   - index: The training pieces to compare it with; nil if they are not at hand.
    public init(
      name: String, sound: String, notes: String, seed: UInt64, score: Score, soundStart: Double,
      nllPerNote: Double, comparedWith index: PassageIndex?
    ) {
      self.name = name
      self.sound = sound
      self.notes = notes
      self.seed = seed
      self.score = score
      self.soundStart = soundStart
      self.nllPerNote = nllPerNote
      descriptors = DescriptorSet.pieces.values(of: score)
      // What the corpus's tokens cannot express has nothing to do with it.
      passage = index.flatMap { index in
        guard let normalized = try? index.normalized(score), let melody = normalized.melodyTrack else {
          return nil
        }
        return try? index.longestSharedPassage(of: score, .transposed, tracks: [melody])
      }
    }
  }

  /// The page as an HTML document.
  public let html: String

  /// The descriptor whose column is shown at first.
  private static let firstDescriptor = "notes_in_repeated_bars"

  /// The page of some pieces.
  /// - Parameters:
  ///   - title: What they are called.
  ///   - facts: What they were made with, by name.
  ///   - pieces: The pieces, in their order.
  public init(title: String, facts: [(name: String, value: String)], pieces: [Piece]) {
    let hasPassages = pieces.contains { $0.passage != nil }
    let columns = Self.columns(hasPassages: hasPassages)
    html =
      PageFrame(
        title: title, style: Self.style,
        body: """
          <header><h1>\(SVG.escape(title))</h1>
          \(PageFrame.list(facts))
          <p>Click a heading to sort, a piano roll to play from there. Space plays and pauses, arrow keys go to the next piece and
          back, S keeps a piece. A piece is made again, in any format, by <code>gruppetto generate --like \(SVG.escape(pieces.first?.notes ?? "001.mid"))
          -o again.wav</code>.</p>
          <div class="tools"><label><input type="checkbox" id="go-on" checked> Play the next piece after one has ended</label>
          <label><input type="checkbox" id="kept"> Show kept pieces only</label></div></header>
          <main><div class="scroll" tabindex="-1"><table id="pieces">
          <caption class="unseen">The pieces; headings with a button sort them.</caption>
          <thead><tr>\(Self.headings(columns))</tr></thead>
          <tbody>
          \(pieces.enumerated().map { Self.row($1, number: $0, columns) }.joined(separator: "\n"))
          </tbody></table></div></main>
          <footer id="player" aria-label="Player"><span id="now" aria-live="polite">Nothing plays.</span>
          <audio id="audio" controls preload="none"></audio></footer>
          """,
        data: PageFrame.json(Self.descriptors(of: pieces)), script: Self.script
      ).document
  }

  // MARK: - Columns

  private struct Column {
    var name: String
    var summary: String
    var value: @Sendable (Piece) -> (number: Double, text: String)
  }

  private static func columns(hasPassages: Bool) -> [Column] {
    var columns = [
      Column(name: "Seed", summary: "The seed that the piece came from") { piece in
        (Double(piece.seed), "\(piece.seed)")
      },
      Column(name: "Key", summary: "The key that its notes suggest") { piece in
        let key = KeyEstimate(piece.score)
        return (key.map { Double(2 * $0.tonic + ($0.isMinor ? 1 : 0)) } ?? .nan, key?.name ?? "–")
      },
      Column(name: "Meter", summary: "The time signature at the beginning") { piece in
        let signature = (piece.score.timeSignatures.first ?? .standard).timeSignature
        return (
          Double(signature.numerator) / Double(signature.denominator), signature.description
        )
      },
      Column(name: "Bars", summary: "How many bars it has") { piece in
        (Double(piece.score.bars.count), "\(piece.score.bars.count)")
      },
      Column(name: "Length", summary: "How long it lasts, in minutes") { piece in
        let seconds = Int(piece.score.lastNoteSeconds.rounded())
        return (Double(seconds), "\(seconds / 60):\(seconds % 60 < 10 ? "0" : "")\(seconds % 60)")
      },
      Column(name: "Notes", summary: "How many notes it has") { piece in
        (Double(piece.score.noteCount), piece.score.noteCount.grouped)
      },
      Column(name: "Surprise", summary: "How unexpected the model found it, in nats a note (NLL)") { piece in
        (piece.nllPerNote, Figure.decimal(piece.nllPerNote))
      },
    ]
    if hasPassages {
      columns.append(
        Column(
          name: "Copied",
          summary:
            "The longest passage of the tune that a training piece has too, in notes: the fewer, the newer"
        ) { piece in
          (piece.passage.map { Double($0.noteCount) } ?? .nan, piece.passage.map { "\($0.noteCount)" } ?? "–")
        })
    }
    return columns
  }

  private static func headings(_ columns: [Column]) -> String {
    var cells = [
      "<th scope=\"col\" aria-sort=\"none\"><button data-sort=\"kept\" title=\"Pieces that you keep\">Keep</button></th>",
      "<th scope=\"col\" aria-sort=\"ascending\"><button data-sort=\"number\" title=\"In the order of composing\">Piece</button></th>",
      "<th scope=\"col\">Piano roll</th>",
    ]
    cells += columns.enumerated().map { index, column in
      "<th scope=\"col\" class=\"figure\" aria-sort=\"none\"><button data-sort=\"\(index)\" title=\"\(SVG.escape(column.summary))\">"
        + "\(column.name)</button></th>"
    }
    let options = DescriptorSet.pieces.descriptors.enumerated().map { index, descriptor in
      "<option value=\"\(index)\"\(descriptor.name == firstDescriptor ? " selected" : "")>"
        + "\(SVG.escape(words(descriptor)))</option>"
    }
    cells.append(
      "<th scope=\"col\" class=\"figure\" aria-sort=\"none\"><button data-sort=\"descriptor\" title=\"Sort by the descriptor\">"
        + "Descriptor</button> <select id=\"descriptor\" aria-label=\"Descriptor\">\(options.joined())</select></th>"
    )
    return cells.joined()
  }

  private static func words(_ descriptor: Descriptor) -> String {
    let name = descriptor.name.split(separator: "_").joined(separator: " ")
    switch descriptor.unit {
    case .share: return name + ", %"
    case .count: return name
    default: return "\(name), \(descriptor.unit.rawValue)"
    }
  }

  // MARK: - Rows

  private static func row(_ piece: Piece, number: Int, _ columns: [Column]) -> String {
    let strip = PianoRollStrip(
      piece.score, from: piece.soundStart, label: "Piano roll of piece \(piece.name)")
    let name = SVG.escape(piece.name), sound = SVG.escape(piece.sound), notes = SVG.escape(piece.notes)
    var cells = [
      "<td><input type=\"checkbox\" class=\"keep\" aria-label=\"Keep piece \(name)\"></td>",
      "<th scope=\"row\"><button class=\"play\" aria-label=\"Play piece \(name)\">▶</button> \(name)"
        + "<span class=\"links\"><a href=\"\(sound)\">sound</a> <a href=\"\(notes)\">notes</a></span></th>",
      "<td class=\"roll\">\(strip.element)<i class=\"head\"></i></td>",
    ]
    cells += columns.map { column in
      let (value, text) = column.value(piece)
      let title =
        column.name == "Copied" ? piece.passage.map { " title=\"\(SVG.escape(source($0)))\"" } ?? "" : ""
      let number = value.isFinite ? Figure.plain(value) : ""
      return "<td class=\"figure\" data-value=\"\(number)\"\(title)>\(SVG.escape(text))</td>"
    }
    cells.append("<td class=\"figure descriptor\"></td>")
    return
      "<tr data-number=\"\(number)\" data-name=\"\(name)\" data-sound=\"\(sound)\" data-seed=\"\(piece.seed)\" "
      + "data-seconds=\"\(Figure.plain(strip.seconds))\">\(cells.joined())</tr>"
  }

  private static func source(_ passage: SharedPassage) -> String {
    let key =
      passage.semitones == 0
      ? "in the same key"
      : "\(abs(passage.semitones)) semitones \(passage.semitones > 0 ? "higher" : "lower") than there"
    return
      "\(passage.noteCount) notes from bar \(passage.bar + 1) on are those of \(passage.source) from bar "
      + "\(passage.sourceBar + 1) on, \(key)"
  }

  /// The descriptors' values by piece, shares in percent; nil for those that have no meaning.
  private static func descriptors(of pieces: [Piece]) -> [[Double?]] {
    let units = DescriptorSet.pieces.descriptors.map(\.unit)
    return pieces.map { piece in
      zip(piece.descriptors, units).map { value, unit in
        guard value.isFinite else { return nil }
        return ((unit == .share ? 100 * value : value) * 1000).rounded() / 1000
      }
    }
  }
}
