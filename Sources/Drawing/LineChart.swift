#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Curves over a common axis, with marked axes and, where there are several, a legend.
public struct LineChart: Sendable {
  /// The scale of an axis.
  public enum Scale: Sendable {
    /// Equal distances are equal differences.
    case linear
    /// Equal distances are equal ratios; values that are not above 0 are left out.
    case logarithmic
  }

  /// A curve.
  public struct Series: Sendable {
    /// What the legend calls it.
    public var name: String
    /// Its points in rising order of x; the curve is broken where y is not finite.
    public var points: [(x: Double, y: Double)]
    /// Its color; one of the palette where it is nil.
    public var color: Color?
    /// A point to be marked by a dot, by its place in `points`.
    public var markedPoint: Int?

    /// A curve.
    public init(
      _ name: String, _ points: [(x: Double, y: Double)], color: Color? = nil, markedPoint: Int? = nil
    ) {
      self.name = name
      self.points = points
      self.color = color
      self.markedPoint = markedPoint
    }
  }

  /// What it shows.
  public var title: String
  /// The title of the horizontal axis.
  public var xTitle: String
  /// The title of the vertical axis.
  public var yTitle: String
  /// The scale of the horizontal axis.
  public var xScale: Scale
  /// The scale of the vertical axis.
  public var yScale: Scale
  /// Where the vertical axis begins and ends, which for a logarithmic one are decimal logarithms; nil if the values
  /// decide.
  public var yRange: ClosedRange<Double>?
  /// The values that the horizontal axis is marked at; nil for round ones.
  public var xTicks: [Double]?
  /// The curves in drawing order.
  public var series: [Series]

  private let size = (width: 720.0, height: 340.0)

  /// A chart of 720 by 340 units.
  public init(
    title: String, xTitle: String, yTitle: String, xScale: Scale = .linear, yScale: Scale = .linear,
    yRange: ClosedRange<Double>? = nil, xTicks: [Double]? = nil, series: [Series]
  ) {
    self.title = title
    self.xTitle = xTitle
    self.yTitle = yTitle
    self.xScale = xScale
    self.yScale = yScale
    self.yRange = yRange
    self.xTicks = xTicks
    self.series = series
  }

  /// The picture.
  public func svg() -> SVG {
    var svg = SVG(width: size.width, height: size.height, title: title, style: Self.style)
    svg.rectangle(x: 0, y: 0, width: size.width, height: size.height, class: "paper")
    svg.text(title, x: margins.left, y: 24, class: "title")
    let points = series.flatMap(\.points).filter(isDrawable)
    guard
      let x = Axis(
        points.map(\.x), scale: xScale, ticks: xTicks, from: margins.left, to: size.width - margins.right),
      let y = Axis(
        points.map(\.y), scale: yScale, range: yRange, from: size.height - margins.bottom, to: margins.top)
    else {
      svg.text("nothing to show yet", x: size.width / 2, y: size.height / 2, anchor: .middle)
      return svg
    }
    draw(x, y, in: &svg)
    for (index, curve) in series.enumerated() { draw(curve, index, x, y, in: &svg) }
    if series.count > 1 { drawLegend(in: &svg) }
    return svg
  }

  private var margins: (left: Double, right: Double, top: Double, bottom: Double) {
    (left: 72, right: series.count > 1 ? 172 : 24, top: 44, bottom: 48)
  }

  private func color(_ index: Int) -> Color { series[index].color ?? Palette.kind(index) }

  /// The palette's colors repeat; curves that use them a second time are dashed.
  private func curveClass(_ index: Int) -> String { index < 10 ? "curve" : "curve dashed" }

  private func isDrawable(_ point: (x: Double, y: Double)) -> Bool {
    point.x.isFinite && point.y.isFinite && (xScale == .linear || point.x > 0)
      && (yScale == .linear || point.y > 0)
  }

  private func draw(_ x: Axis, _ y: Axis, in svg: inout SVG) {
    let (left, right) = (margins.left, size.width - margins.right)
    let bottom = size.height - margins.bottom
    for mark in y.marks {
      svg.line(from: (left, mark.place), to: (right, mark.place), class: "grid")
      svg.text(mark.label, x: left - 8, y: mark.place + 4, anchor: .end)
    }
    for mark in x.marks {
      svg.line(from: (mark.place, bottom), to: (mark.place, bottom + 5), class: "axis")
      svg.text(mark.label, x: mark.place, y: bottom + 19, anchor: .middle)
    }
    svg.line(from: (left, bottom), to: (right, bottom), class: "axis")
    svg.text(xTitle, x: (left + right) / 2, y: size.height - 10, anchor: .middle)
    svg.text(
      yScale == .logarithmic ? "\(yTitle) (logarithmic)" : yTitle, x: 14, y: (margins.top + bottom) / 2,
      anchor: .middle, rotation: -90)
  }

  private func draw(_ curve: Series, _ index: Int, _ x: Axis, _ y: Axis, in svg: inout SVG) {
    let color = color(index)
    let places = { (point: (x: Double, y: Double)) in (x: x.place(of: point.x), y: y.place(of: point.y)) }
    for part in curve.points.split(whereSeparator: { !isDrawable($0) }) {
      if part.count == 1, let point = part.first {
        dot(places(point), radius: 2, color, in: &svg)
      } else {
        svg.polyline(part.map(places), class: curveClass(index), stroke: color.css)
      }
    }
    if let marked = curve.markedPoint, curve.points.indices.contains(marked), isDrawable(curve.points[marked])
    {
      dot(places(curve.points[marked]), radius: 4, color, in: &svg)
    }
  }

  private func dot(_ center: (x: Double, y: Double), radius: Double, _ color: Color, in svg: inout SVG) {
    svg.rectangle(
      x: center.x - radius, y: center.y - radius, width: 2 * radius, height: 2 * radius, fill: color.css,
      cornerRadius: radius)
  }

  private func drawLegend(in svg: inout SVG) {
    let left = size.width - margins.right + 14
    let step = min(18, (size.height - margins.top - 16) / Double(series.count))
    for (index, curve) in series.enumerated() {
      let y = margins.top + 6 + step * Double(index)
      svg.polyline([(left, y), (left + 16, y)], class: curveClass(index), stroke: color(index).css)
      svg.text(curve.name, x: left + 22, y: y + 4, class: series.count > 16 ? "small" : nil)
    }
  }

  private static let style = """
    text{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;font-size:12px;fill:#444}\
    .paper{fill:#fff}.title{font-size:15px;font-weight:600;fill:#111}.small{font-size:9px}\
    .grid{stroke:#e5e5e5}.axis{stroke:#444}.curve{fill:none;stroke-width:2;stroke-linejoin:round}\
    .dashed{stroke-dasharray:6 3}
    """
}

/// An axis: from values to places in the picture.
private struct Axis {
  let marks: [(label: String, place: Double)]
  private let scale: LineChart.Scale
  private let range: ClosedRange<Double>
  private let places: (from: Double, to: Double)

  /// An axis that has room for all values; nil if there are none.
  init?(
    _ values: [Double], scale: LineChart.Scale, range: ClosedRange<Double>? = nil, ticks: [Double]? = nil,
    from: Double, to: Double
  ) {
    guard let least = values.min(), let most = values.max() else { return nil }
    self.scale = scale
    places = (from, to)
    let isVertical = from > to
    let range = range ?? Self.range(from: least, to: most, scale: scale, isVertical: isVertical)
    self.range = range
    let fraction = { (value: Double) in (value - range.lowerBound) / (range.upperBound - range.lowerBound) }
    if let ticks {
      marks = ticks.map { value in
        let label = Int(exactly: value).map(String.init) ?? "\(value)"
        return (label, from + fraction(scale == .linear ? value : log10(value)) * (to - from))
      }
      return
    }
    switch scale {
    case .linear:
      let ticks = AxisTicks(range: range, count: isVertical ? 6 : 7)
      marks = ticks.values.map { (ticks.label($0), from + fraction($0) * (to - from)) }
    case .logarithmic
    where range.upperBound - range.lowerBound < 0.5 && range.lowerBound > -3 && range.upperBound < 5:
      // So short a range holds hardly any round ratio, so round differences are used.
      let ticks = AxisTicks(range: pow(10, range.lowerBound)...pow(10, range.upperBound), count: 5)
      marks = ticks.values.map { (ticks.label($0), from + fraction(log10($0)) * (to - from)) }
    case .logarithmic:
      marks = Self.powers(within: range).map { ($0.label, from + fraction($0.exponent) * (to - from)) }
    }
  }

  /// A range of values, or of their logarithms, with some room above and below, and with some height where all values are
  /// the same.
  private static func range(
    from least: Double, to most: Double, scale: LineChart.Scale, isVertical: Bool
  ) -> ClosedRange<Double> {
    let (low, high) = scale == .linear ? (least, most) : (log10(least), log10(most))
    guard high > low else {
      let room = scale == .logarithmic || high == 0 ? 0.5 : 0.5 * abs(high)
      return (least == 0 ? 0 : low - room)...(high + room)
    }
    let room = isVertical ? 0.05 * (high - low) : 0
    return (scale == .linear && least >= 0 ? max(0, low - room) : low - room)...(high + room)
  }

  func place(of value: Double) -> Double {
    let value = scale == .linear ? value : log10(value)
    return places.from
      + (value - range.lowerBound) / (range.upperBound - range.lowerBound) * (places.to - places.from)
  }

  /// Round values of a range of decimal logarithms: 1, 2 and 5 where it is short, powers of ten, or every few of them.
  private static func powers(within range: ClosedRange<Double>) -> [(label: String, exponent: Double)] {
    let decades = range.upperBound - range.lowerBound
    let (first, last) = (Int(range.lowerBound.rounded(.down)), Int(range.upperBound.rounded(.up)))
    let every = max(1, Int((decades / 7).rounded(.up)))
    let digits = decades > 3 ? [1] : decades > 1 ? [1, 3] : [1, 2, 3, 5, 7]
    return (first...last).filter { $0 % every == 0 }.flatMap { power in
      digits.map { digit in
        (label: Self.label(digit, power), exponent: Double(power) + log10(Double(digit)))
      }
    }.filter { range.contains($0.exponent) }
  }

  /// A digit times a power of ten: 0.02, 300, 1e-7.
  private static func label(_ digit: Int, _ power: Int) -> String {
    switch power {
    case 0...5: "\(digit)" + String(repeating: "0", count: power)
    case -4 ... -1: "0." + String(repeating: "0", count: -power - 1) + "\(digit)"
    default: "\(digit)e\(power)"
    }
  }
}
