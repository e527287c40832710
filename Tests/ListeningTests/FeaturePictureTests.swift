import Foundation
import Listening
import TestSupport
import Testing

@Suite("Pictures of features")
struct FeaturePictureTests {
  @Test("A picture is one well-formed document with one image, axes and a title that cannot break it")
  func document() throws {
    for options in FeatureExtractorTests.everyKind {
      let extractor = try FeatureExtractor(options)
      var features = extractor.emptyMatrix
      extractor.append(FeatureExtractorTests.sound(count: 16_000), to: &features)
      extractor.finish(into: &features)
      let svg = FeaturePicture(features, options: options, title: "a <b> & \"c\"").svg()
      let parser = XMLChecker()
      #expect(parser.check(svg), "\(options)")
      #expect(parser.images == (options.dimension == 1 ? 0 : 1))
      #expect(parser.polylines == (options.dimension == 1 ? 1 : 0))
      #expect(svg.contains("time (s)") && svg.contains("a &lt;b&gt; &amp;"))
    }
  }

  @Test("Silence, no frames, and NaN can be drawn")
  func oddities() {
    let options = FeatureOptions.fbank(FbankOptions())
    for values in [[], [Float](repeating: -15.9, count: 23), [Float](repeating: .nan, count: 46)] {
      let svg = FeaturePicture(FeatureMatrix(dimension: 23, values: values), options: options, title: "x")
        .svg()
      #expect(XMLChecker().check(svg))
    }
    let long = FeatureMatrix(dimension: 1, values: (0..<10_000).map { Float($0) })
    #expect(FeaturePicture(long, options: .energy(EnergyOptions()), title: "x").svg().utf8.count < 100_000)
  }
}

/// Counts elements of a document while it follows its nesting.
private final class XMLChecker {
  var images = 0
  var polylines = 0

  /// Whether every element that is opened is closed in order.
  func check(_ text: String) -> Bool {
    var open: [Substring] = []
    var rest = text[...]
    while let start = rest.firstIndex(of: "<") {
      guard let end = rest[start...].firstIndex(of: ">") else { return false }
      let tag = rest[rest.index(after: start)..<end]
      let name = tag.drop { $0 == "/" }.prefix { $0 != " " && $0 != "/" }
      if name == "image" { images += 1 }
      if name == "polyline" { polylines += 1 }
      if tag.hasPrefix("/") {
        guard open.popLast() == name else { return false }
      } else if !tag.hasSuffix("/") {
        open.append(name)
      }
      rest = rest[rest.index(after: end)...]
    }
    return open.isEmpty
  }
}
