public import Drawing

/// A picture of a score: time runs to the right, pitch upwards, each track has a color, and loud notes are darker.
///
/// The picture is broken into systems of whole bars, as sheet music is, each with a keyboard at its left edge, so that it
/// reads in a browser and on paper. Drums have their own rows below, by name.
public struct PianoRoll: Sendable {
  /// How wide one system's notes may be, in pixels.
  public var systemWidth: Double
  /// The height of a semitone in pixels.
  public var rowHeight: Double
  /// Bars in one system.
  public var barsPerSystem: Int

  /// How to draw.
  public init(systemWidth: Double = 1_040, rowHeight: Double = 6, barsPerSystem: Int = 8) {
    precondition(barsPerSystem > 0, "a system of \(barsPerSystem) bars shows nothing")
    self.systemWidth = systemWidth
    self.rowHeight = rowHeight
    self.barsPerSystem = barsPerSystem
  }

  /// How a note is drawn that says something else than its track.
  public struct NoteAppearance: Sendable, Hashable {
    /// Its color.
    public var color: Color
    /// What is said of it where it is pointed at, beside its name.
    public var remark: String
    /// A number by which a page's script finds it; nil for a note that cannot be chosen.
    public var number: Int?

    /// An appearance.
    public init(color: Color, remark: String, number: Int? = nil) {
      self.color = color
      self.remark = remark
      self.number = number
    }
  }

  /// The picture of `score` as an SVG document.
  /// - Parameters:
  ///   - score: The score.
  ///   - title: What stands above it.
  ///   - metadata: A text about it for programs.
  public func svg(of score: Score, title: String, metadata: String? = nil) -> String {
    svg(of: score, title: title, metadata: metadata, legend: PianoRollLegend(score), appearance: nil)
  }

  /// The picture of `score` as an SVG document with notes colored by a magnitude.
  /// - Parameters:
  ///   - score: The score.
  ///   - title: What stands above it.
  ///   - scale: What the colors mean: colors from the lowest magnitude to the highest, with a label each.
  ///   - metadata: A text about it for programs.
  ///   - appearance: How the note of this index in the track of this index is drawn.
  /// - Returns: The document.
  public func svg(
    of score: Score, title: String, scale: [(label: String, color: Color)], metadata: String? = nil,
    appearance: @escaping (_ track: Int, _ note: Int) -> NoteAppearance
  ) -> String {
    svg(
      of: score, title: title, metadata: metadata, legend: PianoRollLegend(entries: scale),
      appearance: appearance)
  }

  private func svg(
    of score: Score, title: String, metadata: String? = nil, legend: PianoRollLegend,
    appearance: ((_ track: Int, _ note: Int) -> NoteAppearance)?
  ) -> String {
    let rows = PianoRollRows(score)
    let bars = score.bars
    let systems = Self.systems(of: bars.prefix(Self.barLimit), size: barsPerSystem)
    let margin = PianoRollMargin(left: rows.drums.isEmpty ? 58 : 112, top: 62 + legend.height)
    let systemHeight = rows.height(rowHeight: rowHeight)
    let pitch = systemHeight + 40
    var picture = SVG(
      width: margin.left + systemWidth + 24, height: margin.top + Double(max(1, systems.count)) * pitch + 4,
      title: title, style: Self.style, metadata: metadata)
    picture.rectangle(x: 0, y: 0, width: picture.width, height: picture.height, class: "paper")
    picture.text(title, x: 24, y: 32, class: "title")
    picture.text(Self.subtitle(score), x: 24, y: 50, class: "subtitle")
    legend.draw(in: &picture, x: 24, y: 68, width: picture.width - 48)
    for (index, system) in systems.enumerated() {
      let frame = PianoRollSystem(
        bars: system, rows: rows, x: margin.left, y: margin.top + Double(index) * pitch + 14,
        width: systemWidth,
        widestLength: systems.map { $0.ticks }.max() ?? 1, rowHeight: rowHeight)
      frame.draw(score, appearance: appearance, in: &picture)
    }
    if bars.count > Self.barLimit {
      let rest = "The first \(Self.barLimit) of \(bars.count) bars."
      picture.text(rest, x: margin.left, y: picture.height - 12, class: "subtitle")
    }
    return picture.document
  }

  /// The most bars that one picture shows: more would be too tall for any viewer.
  private static let barLimit = 2_000

  private static func systems(of bars: some Collection<Bar>, size: Int) -> [[Bar]] {
    var systems: [[Bar]] = []
    for bar in bars {
      if systems.last.map({ $0.count < size }) != true { systems.append([]) }
      systems[systems.count - 1].append(bar)
    }
    return systems
  }

  private static func subtitle(_ score: Score) -> String {
    var parts: [String] = []
    parts.append((score.timeSignatures.first ?? .standard).timeSignature.description)
    parts.append(
      "\(Int((score.tempos.first ?? .standard).quartersPerMinute.rounded())) quarter notes per minute")
    if let key = KeyEstimate(score) { parts.append(key.name) }
    parts.append("\(score.noteCount) notes")
    return parts.joined(separator: " · ")
  }

  private static let style = """
    text{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#333}\
    .paper{fill:#fff}.title{font-size:18px;font-weight:600;fill:#111}.subtitle{font-size:12px;fill:#666}\
    .label{font-size:9px;fill:#666}.number{font-size:10px;fill:#444}.legend{font-size:11px}\
    .dark{fill:#f1f1f4}.light{fill:#fcfcfd}.drumrow{fill:#f7f4ef}.octave{stroke:#c9c9d2;stroke-width:.6}\
    .bar{stroke:#8a8a96;stroke-width:1}.beat{stroke:#dcdce4;stroke-width:.5}\
    .white{fill:#fff;stroke:#b5b5bd;stroke-width:.4}.black{fill:#2b2b33}.frame{fill:none;stroke:#8a8a96}\
    .note rect{stroke:#fff;stroke-width:.35}
    """
}

/// Space around the systems, in pixels.
struct PianoRollMargin {
  var left: Double
  var top: Double
}

extension [Bar] {
  /// From the first bar's start to the last one's end, in ticks.
  fileprivate var ticks: Int { (last?.end ?? 0) - (first?.start ?? 0) }
}
