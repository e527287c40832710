import Drawing

/// Where the network looked: a row for each word that it wrote, a column for each that it read.
struct AlignmentPicture {
  let source: [String]
  let target: [String]
  let weights: [[Float]]

  /// With characters, a word of the source as wide as its column.
  var text: String {
    let margin = (target.map(\.count).max() ?? 0) + 2
    let head = String(repeating: " ", count: margin) + source.joined(separator: " ")
    let lines = zip(target, weights).map { word, row in
      let cells = zip(source, row).map { String(repeating: shade($1), count: $0.count) }
      let line = word + String(repeating: " ", count: margin - word.count) + cells.joined(separator: " ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
    return ([head] + lines).joined(separator: "\n")
  }

  private func shade(_ weight: Float) -> String { [" ", "░", "▒", "▓", "█"][min(4, Int(weight * 5))] }

  /// As an SVG document, the darker the more.
  var drawing: String {
    let cell = 28.0, left = 90.0, top = 90.0
    var svg = SVG(
      width: left + cell * Double(source.count) + 30, height: top + cell * Double(target.count),
      title: "Alignment",
      style: "text { font: 14px sans-serif } rect { fill: #1f4e79 }")
    for (column, word) in source.enumerated() {
      svg.text(word, x: left + cell * (Double(column) + 0.65), y: top - 8, rotation: -60)
    }
    for (row, word) in target.enumerated() {
      let y = top + cell * Double(row)
      svg.text(word, x: left - 8, y: y + 0.65 * cell, anchor: .end)
      for (column, weight) in weights[row].enumerated() {
        svg.rectangle(
          x: left + cell * Double(column), y: y, width: cell, height: cell, opacity: Double(weight),
          tooltip: "\(word) – \(source[column])")
      }
    }
    return svg.document
  }
}
