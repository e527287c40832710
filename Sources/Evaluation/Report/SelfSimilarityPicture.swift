internal import Analysis
internal import Drawing
internal import Music

/// How alike the bars of two pieces are, each to each, as two squares side by side: what returns shows as lines beside the diagonal.
struct SelfSimilarityPicture {
  var pieces: [(name: String, score: Score)]

  private static let side = 330.0

  /// The picture.
  func svg() -> SVG {
    let title = "Which bars are alike"
    var svg = SVG(
      width: 30 + Double(pieces.count) * (Self.side + 30), height: Self.side + 96, title: title,
      style: Self.style)
    svg.rectangle(x: 0, y: 0, width: svg.width, height: svg.height, class: "paper")
    svg.text(title, x: 24, y: 24, class: "title")
    for (index, piece) in pieces.enumerated() {
      draw(piece.name, SelfSimilarity(piece.score), x: 30 + Double(index) * (Self.side + 30), in: &svg)
    }
    return svg
  }

  private func draw(_ name: String, _ similarity: SelfSimilarity, x: Double, in svg: inout SVG) {
    let top = 64.0, count = similarity.barCount
    svg.text("\(name), \(count) bars", x: x, y: 50)
    guard count > 0 else { return }
    let palette = (0..<256).map {
      Color(0xFFFFFF).mixed(with: Palette.kind(0), fraction: Double($0) / 255)
    }
    let pixels = (0..<count * count).map { place in
      UInt8((255 * min(max(similarity[place / count, place % count], 0), 1)).rounded())
    }
    svg.image(
      png: PNG(width: count, height: count, palette: palette, pixels: pixels).encoded(), x: x, y: top,
      width: Self.side, height: Self.side)
    for edge in [(x, top, x + Self.side, top), (x, top, x, top + Self.side)] {
      svg.line(from: (edge.0, edge.1), to: (edge.2, edge.3), class: "axis")
    }
    for bar in stride(from: 0, through: count, by: max(8, (count / 64) * 8)) {
      svg.text(
        "\(bar + 1)", x: x + (Double(bar) + 0.5) / Double(count) * Self.side, y: top + Self.side + 16,
        anchor: .middle)
    }
  }

  private static let style = """
    text{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;font-size:12px;fill:#444}\
    .paper{fill:#fff}.title{font-size:15px;font-weight:600;fill:#111}.axis{stroke:#444}
    """
}
