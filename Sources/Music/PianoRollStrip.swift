internal import Drawing

/// A whole score as one small picture without words, as wide as its time in seconds: for a page that shows many pieces, or a bar to
/// follow the sound in.
///
/// It is an `svg` element for an HTML page. The notes of track n are strokes of a path of class `tn`, n from 0 to 9; bar lines are of
/// class `bars`.
public struct PianoRollStrip: Sendable {
  /// The element.
  public let element: String
  /// The seconds that its width stands for.
  public let seconds: Double

  /// How wide the picture is in its own units.
  private static let width = 1000.0
  /// The most bar lines that are told apart.
  private static let barLineLimit = 48

  /// The picture of a score.
  /// - Parameters:
  ///   - score: The score.
  ///   - start: The second at which the picture begins.
  ///   - label: What it shows, for who cannot see it.
  public init(_ score: Score, from start: Double = 0, label: String) {
    let rows = PianoRollRows(score)
    let height = max(1, rows.height(rowHeight: 1))
    let map = score.timeMap
    let seconds = max(score.lastNoteSeconds - start, 0.001)
    func place(_ tick: Int) -> Double { (map.seconds(at: tick) - start) / seconds * Self.width }
    let bars = score.bars
    let step = max(1, (bars.count + Self.barLineLimit - 1) / Self.barLineLimit)
    let lines = stride(from: 0, to: bars.count, by: step).map { bars[$0].start }.filter { place($0) >= 0 }
    var body = "<path class=\"bars\" d=\""
    for line in lines { body += "M\(Self.number(place(line))) 0v\(Self.number(height))" }
    body += "\"/>"
    for (index, track) in score.tracks.enumerated() where !track.notes.isEmpty {
      var path = ""
      for note in track.notes {
        let row =
          track.isDrum
          ? rows.offset(ofDrum: note.pitch, rowHeight: 1) : rows.offset(ofPitch: note.pitch, rowHeight: 1)
        guard let row else { continue }
        let left = max(0, place(note.onset))
        let length = max(Self.width / 400, place(track.isDrum ? note.onset : note.end) - left - 1)
        path += "M\(Self.number(left)) \(Self.number(row + 0.5))h\(Self.number(length))"
      }
      body += "<path class=\"t\(index % 10)\" d=\"\(path)\"/>"
    }
    self.seconds = seconds
    element =
      "<svg class=\"strip\" role=\"img\" aria-label=\"\(SVG.escape(label))\" preserveAspectRatio=\"none\" "
      + "viewBox=\"0 0 \(Self.number(Self.width)) \(Self.number(height))\">\(body)</svg>"
  }

  /// A coordinate with one decimal, which is finer than any screen shows.
  private static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0
      ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }
}
