internal import Drawing

/// Points with their intervals, a row each, over bands in which they would lie if all were well.
struct IntervalChart {
  /// A row.
  struct Row {
    var name: String
    var point: Double
    var interval: ClosedRange<Double>?
    var band: ClosedRange<Double>?
    /// What a tooltip says of it.
    var words: String
  }

  var title: String
  /// What the axis measures.
  var axisTitle: String
  /// Where the axis begins and ends; points beyond are drawn at its ends.
  var range: ClosedRange<Double>
  var rows: [Row]

  private static let size = (width: 720.0, rowHeight: 22.0)
  private static let margins = (left: 250.0, right: 24.0, top: 44.0, bottom: 44.0)

  /// The picture.
  func svg() -> SVG {
    let (size, margins) = (Self.size, Self.margins)
    let height = margins.top + size.rowHeight * Double(rows.count) + margins.bottom
    var svg = SVG(width: size.width, height: height, title: title, style: Self.style)
    svg.rectangle(x: 0, y: 0, width: size.width, height: height, class: "paper")
    svg.text(title, x: 24, y: 24, class: "title")
    let bottom = height - margins.bottom
    let ticks = AxisTicks(range: range, count: 6)
    for value in ticks.values {
      svg.line(from: (place(value), margins.top), to: (place(value), bottom), class: "grid")
      svg.text(ticks.label(value), x: place(value), y: bottom + 18, anchor: .middle)
    }
    svg.text(axisTitle, x: (margins.left + size.width - margins.right) / 2, y: height - 8, anchor: .middle)
    for (index, row) in rows.enumerated() {
      draw(row, y: margins.top + size.rowHeight * (Double(index) + 0.5), in: &svg)
    }
    return svg
  }

  private func draw(_ row: Row, y: Double, in svg: inout SVG) {
    let human = Palette.kind(2).css, composed = Palette.kind(0).css
    svg.text(row.name, x: Self.margins.left - 10, y: y + 4, anchor: .end)
    if let band = row.band {
      svg.rectangle(
        x: place(band.lowerBound), y: y - 8, width: max(2, place(band.upperBound) - place(band.lowerBound)),
        height: 16, fill: human, opacity: 0.3, cornerRadius: 2)
    }
    if let interval = row.interval {
      svg.rectangle(
        x: place(interval.lowerBound), y: y - 1.5,
        width: max(1, place(interval.upperBound) - place(interval.lowerBound)), height: 3, fill: composed)
    }
    svg.rectangle(
      x: place(row.point) - 5, y: y - 5, width: 10, height: 10, fill: composed, cornerRadius: 5,
      tooltip: row.words)
  }

  private func place(_ value: Double) -> Double {
    let value = min(max(value, range.lowerBound), range.upperBound)
    let width = Self.size.width - Self.margins.left - Self.margins.right
    return Self.margins.left + (value - range.lowerBound) / (range.upperBound - range.lowerBound) * width
  }

  private static let style = """
    text{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;font-size:12px;fill:#444}\
    .paper{fill:#fff}.title{font-size:15px;font-weight:600;fill:#111}.grid{stroke:#e5e5e5}
    """
}
