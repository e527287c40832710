import Testing

@testable import Drawing

@Suite struct LineChartTests {
  func chart(_ series: [LineChart.Series], yScale: LineChart.Scale = .linear) -> String {
    LineChart(title: "T", xTitle: "x", yTitle: "y", yScale: yScale, series: series).svg().document
  }

  @Test("A curve is broken where it has no value") func aCurveIsBrokenWhereItHasNoValue() {
    let document = chart([.init("a", [(0, 1), (1, 2), (2, .nan), (3, 1), (4, 2), (5, 3)])])
    #expect(document.split(separator: "<polyline").count == 1 + 2)
  }

  @Test("A logarithm has no place for zero") func aLogarithmHasNoPlaceForZero() {
    let points = [(0.0, 0.0), (1, 0.01), (2, 10), (3, -1)]
    let document = chart([.init("a", points)], yScale: .logarithmic)
    #expect(document.split(separator: "<polyline").count == 1 + 1)
    #expect(document.contains(">0.1<") && document.contains(">1<"))
  }

  @Test("Several curves have a legend") func severalCurvesHaveALegend() {
    #expect(!chart([.init("lonely", [(0, 1), (1, 2)])]).contains("lonely"))
    #expect(chart([.init("one", [(0, 1), (1, 2)]), .init("two", [(0, 2), (1, 1)])]).contains("two"))
  }

  @Test("Nothing to show is reported") func nothingToShowIsReported() {
    #expect(chart([]).contains("nothing to show yet"))
    #expect(chart([.init("a", [(0, .infinity)])]).contains("nothing to show yet"))
  }

  @Test("A level curve has an axis") func aLevelCurveHasAnAxis() {
    let document = chart([.init("a", [(0, 5), (10, 5)])])
    #expect(document.contains("<polyline") && !document.contains("nan") && !document.contains("inf"))
  }

  @Test("A level curve has room of its own size") func aLevelCurveHasRoomOfItsOwnSize() {
    let document = chart([.init("a", [(0, 0.003), (10, 0.003)])])
    #expect(document.contains(">0.0030<") && document.contains(">0.0040<"))
    #expect(!document.contains(">0.01<") && !document.contains(">0.05<"))
  }

  @Test("Any values can be drawn, on either scale")
  func anyValuesCanBeDrawn() {
    let smallest = Double.leastNonzeroMagnitude
    let odd: [Double] = [
      0, -0.0, smallest, 2 * smallest, 6 * smallest, 1e-300, 0.1, 1, 1e15, 1e300,
      Double.greatestFiniteMagnitude, -1e300,
      -1, .nan,
      .infinity, -.infinity,
    ]
    for first in odd {
      for second in odd {
        for scale in [LineChart.Scale.linear, .logarithmic] {
          let document = chart([.init("a", [(0, first), (1, second), (second, first)])], yScale: scale)
          #expect(document.hasSuffix("</svg>\n") && document.utf8.count < 20_000, "\(first), \(second)")
        }
      }
    }
  }

  @Test("An axis runs and is marked as set") func anAxisRunsAndIsMarkedAsSet() {
    let document = LineChart(
      title: "T", xTitle: "x", yTitle: "y", xScale: .logarithmic, yRange: 0...1, xTicks: [1, 4, 64],
      series: [.init("a", [(1, 0.4), (64, 0.5)])]
    ).svg().document
    for label in [">0.0<", ">1.0<", ">1<", ">4<", ">64<"] { #expect(document.contains(label), "\(label)") }
    #expect(!document.contains(">10<"))
  }
}
