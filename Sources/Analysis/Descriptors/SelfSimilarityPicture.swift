internal import Drawing

extension SelfSimilarity {
  /// The matrix as an SVG picture: bars to the right and downwards, the more alike the lighter. Lines beside the diagonal are passages that return,
  /// as far from it as they are bars apart.
  /// - Parameters:
  ///   - title: What the music is, such as a file's name.
  ///   - size: The width and height of the matrix in pixels.
  public func svg(title: String, size: Double = 480) -> String {
    let left = 48.0
    let top = 56.0
    let style = """
      text{font:11px sans-serif;fill:#333}.title{font-size:15px;font-weight:bold}.axis{stroke:#888;stroke-width:.6}\
      .frame{fill:none;stroke:#666}
      """
    var picture = SVG(width: left + size + 24, height: top + size + 40, title: title, style: style)
    picture.rectangle(x: 0, y: 0, width: picture.width, height: picture.height, fill: "#ffffff")
    picture.text(title, x: left, y: top - 32, class: "title")
    guard barCount > 0 else {
      picture.text("No notes.", x: left, y: top)
      return picture.document
    }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(barCount * barCount)
    for row in 0..<barCount {
      for column in 0..<barCount { pixels.append(UInt8((self[row, column] * 255).rounded())) }
    }
    let image = PNG(width: barCount, height: barCount, palette: Palette.magnitude, pixels: pixels)
    picture.image(png: image.encoded(), x: left, y: top, width: size, height: size)
    let step = [1, 2, 4, 8, 16, 32, 64].first { barCount / $0 <= 12 } ?? 128
    for bar in stride(from: 0, to: barCount, by: step) {
      // Lines lie where a bar begins; bars are counted from 1 as musicians do.
      let place = size * Double(bar) / Double(barCount)
      picture.line(from: (left + place, top - 4), to: (left + place, top), class: "axis")
      picture.line(from: (left - 4, top + place), to: (left, top + place), class: "axis")
      picture.text(String(bar + 1), x: left + place, y: top - 8)
      picture.text(String(bar + 1), x: left - 8, y: top + place + 10, anchor: .end)
    }
    picture.openGroup(class: "frame")
    picture.rectangle(x: left, y: top, width: size, height: size)
    picture.closeGroup()
    picture.text("Bars; light where two bars are alike", x: left, y: top + size + 20)
    return picture.document
  }
}
