import Drawing
import Testing

@Suite struct SVGTests {
  @Test("Text is escaped and control characters replaced") func textIsEscapedAndControlCharactersReplaced() {
    var picture = SVG(width: 10, height: 5.5, title: "a < b & \"c\"\u{1}")
    picture.text("x>y", x: 1, y: 2.256, anchor: .middle)
    #expect(picture.document.contains("<title>a &lt; b &amp; &quot;c&quot;\u{FFFD}</title>"))
    #expect(picture.document.contains("<text x=\"1\" y=\"2.26\" text-anchor=\"middle\">x&gt;y</text>"))
    #expect(picture.document.contains("viewBox=\"0 0 10 5.5\""))
  }

  @Test(
    "Numbers have at most two decimals",
    arguments: [(0, "0"), (-0.5, "-0.5"), (1.005, "1"), (12.34, "12.34"), (7.05, "7.05"), (-3, "-3")])
  func numbersHaveAtMostTwoDecimals(value: Double, text: String) {
    var picture = SVG(width: 1, height: 1, title: "")
    picture.line(from: (value, 0), to: (0, 0))
    #expect(picture.document.contains("x1=\"\(text)\""))
  }

  @Test("Metadata is read back as it was given") func metadataIsReadBack() {
    let text = "{\"a\":\"<b> & &lt;c\\\"\"}"
    let picture = SVG(width: 1, height: 1, title: "<metadata>x</metadata>", metadata: text)
    #expect(SVG.metadata(in: picture.document) == [text])
    #expect(SVG.metadata(in: SVG(width: 1, height: 1, title: "").document).isEmpty)
    #expect(SVG.metadata(in: "<metadata>cut off").isEmpty)
  }

  @Test("An image is embedded") func anImageIsEmbedded() {
    var picture = SVG(width: 1, height: 1, title: "")
    picture.image(png: [0xFF, 0xEE], x: 0, y: 0, width: 1, height: 1)
    #expect(picture.document.contains("data:image/png;base64,/+4="))
  }
}

@Suite struct PNGTests {
  @Test("A pixel is the file that the standard describes") func aPixelIsTheFileThatTheStandardDescribes() {
    let file = PNG(width: 1, height: 1, palette: [Color(0xFF8000)], pixels: [0]).encoded()
    let header: [UInt8] = [
      0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A,  // signature
      0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8, 3, 0, 0, 0,  // IHDR: 1 x 1, palette
    ]
    #expect(Array(file[..<header.count]) == header)
    // The last chunk and its check value are the same in every PNG file.
    #expect(Array(file.suffix(12)) == [0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82])
  }

  @Test("Rows beyond one stored block are all there") func rowsBeyondOneStoredBlockAreAllThere() {
    let pixels = [UInt8](repeating: 1, count: 300 * 300)
    let file = PNG(width: 300, height: 300, palette: [Color(0), Color(0xFFFFFF)], pixels: pixels).encoded()
    #expect(file.count > 300 * 301 && file.count < 300 * 301 + 200)
  }
}

@Suite struct AxisTicksTests {
  @Test("Ticks are round and inside") func ticksAreRoundAndInside() {
    #expect(AxisTicks(range: 0...10, count: 5).values == [0, 2, 4, 6, 8, 10])
    #expect(
      AxisTicks(range: 0.13...0.94, count: 4).values.map { AxisTicks(range: 0...1, count: 5).label($0) } == [
        "0.2", "0.4", "0.6", "0.8",
      ])
    #expect(AxisTicks(range: 3...3, count: 4).values == [3])
  }

  @Test("Any range has few ticks, the smallest and the largest too")
  func anyRangeHasFewTicks() {
    let smallest = Double.leastNonzeroMagnitude
    let bounds: [Double] = [
      0, smallest, 2 * smallest, 4 * smallest, Double.leastNormalMagnitude / 128, 1e-30, 1, 1 + 1e-15, 1e18,
      1e18 + 256, 1e300,
      Double.greatestFiniteMagnitude,
      .infinity,
    ]
    let all = bounds.map { -$0 } + bounds
    for low in all {
      for high in all where high >= low {
        let ticks = AxisTicks(range: low...high, count: 7)
        #expect(ticks.values.count <= 20 && ticks.step > 0, "\(low)...\(high)")
        for value in ticks.values { #expect(!ticks.label(value).isEmpty) }
      }
    }
  }

  @Test("Labels keep their zeros") func labelsKeepTheirZeros() {
    let ticks = AxisTicks(range: -0.1...0.1, count: 4)
    #expect(ticks.values.map(ticks.label) == ["-0.10", "-0.05", "0.00", "0.05", "0.10"])
  }
}

@Suite struct ColorTests {
  @Test("Colors mix and print") func colorsMixAndPrint() {
    #expect(Color(0x000000).mixed(with: Color(0xFFFFFF), fraction: 0.5).css == "#808080")
    #expect(Palette.magnitude.count == 256)
    #expect(Palette.kind(10) == Palette.kind(0) && Palette.kind(-1) == Palette.kind(9))
  }
}
