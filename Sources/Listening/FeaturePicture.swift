internal import Drawing

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Features as a picture: time from left to right, values from bottom to top as colors, and a scale of the colors.
/// A single row of values, such as the energy, is drawn as a line.
public struct FeaturePicture: Sendable {
  private let features: FeatureMatrix
  private let options: FeatureOptions
  private let title: String

  private static let plot = (x: 78.0, y: 48.0, width: 800.0, height: 340.0)
  private static let size = (width: 1000.0, height: 450.0)
  /// More columns than this are averaged in groups: no screen shows more, and the file stays small.
  private static let columnLimit = 1600
  private static let rowLimit = 1024
  private static let style = """
    text{font:12px sans-serif;fill:#333}.title{font-size:15px;font-weight:bold}.axis{stroke:#666}\
    .frame{fill:none;stroke:#666}.curve{fill:none;stroke:#2f6db3}
    """

  /// A picture of `features`, which were computed with `options`.
  /// - Parameters:
  ///   - features: the features.
  ///   - options: what they were computed with.
  ///   - title: what the sound is, such as a file's name.
  public init(_ features: FeatureMatrix, options: FeatureOptions, title: String) {
    precondition(
      features.dimension == options.dimension,
      "frames of \(features.dimension) values are not what these options give (\(options.dimension))")
    self.features = features
    self.options = options
    self.title = title
  }

  /// The picture as an SVG document.
  public func svg() -> String {
    var picture = SVG(width: Self.size.width, height: Self.size.height, title: title, style: Self.style)
    picture.rectangle(x: 0, y: 0, width: Self.size.width, height: Self.size.height, fill: "#ffffff")
    let plot = Self.plot
    picture.text("\(title): \(options.name)", x: plot.x, y: plot.y - 18, class: "title")
    let range = valueRange
    if features.dimension == 1 {
      drawCurve(in: &picture, range: range)
    } else {
      picture.image(
        png: image(range: range).encoded(), x: plot.x, y: plot.y, width: plot.width, height: plot.height)
      drawVerticalAxis(in: &picture)
      drawColorScale(in: &picture, range: range)
    }
    picture.openGroup(class: "frame")
    picture.rectangle(x: plot.x, y: plot.y, width: plot.width, height: plot.height)
    picture.closeGroup()
    drawTimeAxis(in: &picture)
    return picture.document
  }

  /// From the lowest percentile, below which there is mostly digital silence, to the greatest value.
  private var valueRange: ClosedRange<Double> {
    let finite = features.values.lazy.filter(\.isFinite)
    // A sample of the values is enough for a quantile.
    let step = max(1, features.values.count / 100_000)
    let sorted = stride(from: 0, to: features.values.count, by: step).map { features.values[$0] }
      .filter(\.isFinite).sorted()
    guard let last = finite.max(), !sorted.isEmpty else { return 0...1 }
    let first = min(sorted[sorted.count / 100], last)
    return first < last ? Double(first)...Double(last) : Double(first)...Double(first) + 1
  }

  /// The features as colors, the first value in the lowest row.
  private func image(range: ClosedRange<Double>) -> PNG {
    let width = max(1, min(features.frameCount, Self.columnLimit))
    let height = min(features.dimension, Self.rowLimit)
    var pixels = [UInt8](repeating: 0, count: width * height)
    let scale = 255 / (range.upperBound - range.lowerBound)
    for row in 0..<height {
      let rows = part(row, of: height, in: features.dimension)
      for column in 0..<width where features.frameCount > 0 {
        let columns = part(column, of: width, in: features.frameCount)
        var sum = 0.0
        for frame in columns {
          for index in rows { sum += Double(features.values[frame * features.dimension + index]) }
        }
        let value = (sum / Double(columns.count * rows.count) - range.lowerBound) * scale
        pixels[(height - 1 - row) * width + column] = value.isNaN ? 0 : UInt8(max(0, min(255, value)))
      }
    }
    return PNG(width: width, height: height, palette: Palette.magnitude, pixels: pixels)
  }

  /// Part `index` of `count` about equal parts of 0 ..< `total`.
  private func part(_ index: Int, of count: Int, in total: Int) -> Range<Int> {
    index * total / count..<(index + 1) * total / count
  }

  private var seconds: Double {
    let frames = options.frames
    return Double(max(1, features.frameCount)) * Double(frames.shift) / frames.sampleRate
  }

  private func drawTimeAxis(in picture: inout SVG) {
    let plot = Self.plot
    let ticks = AxisTicks(range: 0...seconds, count: 10)
    let bottom = plot.y + plot.height
    for value in ticks.values {
      let x = plot.x + plot.width * value / seconds
      picture.line(from: (x, bottom), to: (x, bottom + 5), class: "axis")
      picture.text(ticks.label(value), x: x, y: bottom + 19, anchor: .middle)
    }
    picture.text("time (s)", x: plot.x + plot.width / 2, y: bottom + 42, anchor: .middle)
  }

  private func drawVerticalAxis(in picture: inout SVG) {
    let plot = Self.plot
    for (label, place) in options.verticalTicks where place >= 0 && place <= 1 {
      let y = plot.y + plot.height * (1 - place)
      picture.line(from: (plot.x - 5, y), to: (plot.x, y), class: "axis")
      picture.text(label, x: plot.x - 8, y: y + 4, anchor: .end)
    }
    picture.text(
      options.verticalTitle, x: 20, y: plot.y + plot.height / 2, anchor: .middle, rotation: -90)
  }

  private func drawColorScale(in picture: inout SVG, range: ClosedRange<Double>) {
    let plot = Self.plot
    let x = plot.x + plot.width + 22
    let colors = Palette.magnitude
    let step = plot.height / Double(colors.count / 4)
    for index in stride(from: 0, to: colors.count, by: 4) {
      let y = plot.y + plot.height - step * Double(index / 4 + 1)
      // A little taller, so that no gap is visible between them.
      picture.rectangle(x: x, y: y, width: 14, height: step + 0.5, fill: colors[index].css)
    }
    drawScale(in: &picture, range: range, x: x + 14, towards: 1)
    picture.text(
      options.valueTitle, x: x + 68, y: plot.y + plot.height / 2, anchor: .middle, rotation: -90)
  }

  /// Marks and numbers of the values next to a vertical edge.
  private func drawScale(in picture: inout SVG, range: ClosedRange<Double>, x: Double, towards side: Double) {
    let plot = Self.plot
    let ticks = AxisTicks(range: range, count: 7)
    for value in ticks.values {
      let place = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
      let y = plot.y + plot.height * (1 - place)
      picture.line(from: (x, y), to: (x + 5 * side, y), class: "axis")
      picture.text(ticks.label(value), x: x + 8 * side, y: y + 4, anchor: side > 0 ? .start : .end)
    }
  }

  private func drawCurve(in picture: inout SVG, range: ClosedRange<Double>) {
    let plot = Self.plot
    let count = min(features.frameCount, 2 * Self.columnLimit)
    let points = (0..<count).map { index -> (x: Double, y: Double) in
      let frames = part(index, of: count, in: features.frameCount)
      let mean = frames.reduce(0) { $0 + Double(features.values[$1]) } / Double(frames.count)
      let place = (mean - range.lowerBound) / (range.upperBound - range.lowerBound)
      let x = plot.x + plot.width * (Double(index) + 0.5) / Double(count)
      return (x, plot.y + plot.height * (1 - max(0, min(1, place.isNaN ? 0 : place))))
    }
    picture.polyline(points, class: "curve")
    drawScale(in: &picture, range: range, x: plot.x, towards: -1)
    picture.text(
      options.valueTitle, x: 20, y: plot.y + plot.height / 2, anchor: .middle, rotation: -90)
  }
}

extension FeatureOptions {
  /// What the features are called in a title.
  fileprivate var name: String {
    switch self {
    case .fbank(let options): "\(options.usesLog ? "log " : "")mel energies (\(options.mel.count) filters)"
    case .mfcc(let options): "\(options.count) mel-frequency cepstral coefficients"
    case .spectrogram: "log power spectrum"
    case .energy: "log energy"
    }
  }

  fileprivate var verticalTitle: String {
    switch self {
    case .fbank: "frequency (Hz)"
    case .mfcc: "coefficient"
    case .spectrogram: "frequency (kHz)"
    case .energy: ""
    }
  }

  fileprivate var valueTitle: String {
    switch self {
    case .fbank(let options) where !options.usesLog: options.usesPower ? "energy" : "magnitude"
    case .fbank, .energy: "ln energy"
    case .mfcc: "value"
    case .spectrogram: "ln power"
    }
  }

  /// Labels of the rows and their positions, 0 at the lower edge and 1 at the upper.
  fileprivate var verticalTicks: [(label: String, place: Double)] {
    switch self {
    case .fbank(let options): melTicks(options)
    case .mfcc(let options):
      AxisTicks(range: 0...Double(options.count - 1), count: 7).values.filter { $0 == $0.rounded() }.map {
        (coefficientName(Int($0), options), ($0 + 0.5) / Double(options.count))
      }
    case .spectrogram:
      {
        let limit = frames.sampleRate / 2000
        let ticks = AxisTicks(range: 0...limit, count: 8)
        return ticks.values.map { (ticks.label($0), $0 / limit) }
      }()
    case .energy: []
    }
  }

  private func coefficientName(_ row: Int, _ options: MFCCOptions) -> String {
    let first = options.usesEnergy ? "E" : "0"
    guard options.isHTKCompatible else { return row == 0 ? first : "\(row)" }
    return row == options.count - 1 ? first : "\(row + 1)"
  }

  /// Round frequencies where they lie among the filters' centers.
  private func melTicks(_ options: FbankOptions) -> [(label: String, place: Double)] {
    let low = MelFilterBank.mel(options.mel.lowFrequency)
    let high = MelFilterBank.mel(options.mel.highFrequency(sampleRate: frames.sampleRate))
    let below = options.usesEnergy && !options.putsEnergyLast ? 1.0 : 0
    let step = (high - low) / Double(options.mel.count + 1)
    var ticks = [100, 200, 500, 1000, 2000, 4000, 8000, 16_000].map { frequency in
      let filter = (MelFilterBank.mel(frequency) - low) / step - 1
      return ("\(Int(frequency))", (filter + 0.5 + below) / Double(dimension))
    }
    if options.usesEnergy {
      ticks.append(("E", below > 0 ? 0.5 / Double(dimension) : 1 - 0.5 / Double(dimension)))
    }
    return ticks
  }
}
