internal import Arithmetic

/// How far two distributions of numbers are from each other, as smoothed densities on one grid.
///
/// Densities are sums of Gaussians at the values, of one width for both sides: 0.9 · min(standard deviation, interquartile range ∕ 1.34) · n^(−1∕5)
/// of the reference (Silverman 1986, *Density Estimation for Statistics and Data Analysis*, equation 3.31), at least a hundredth of the
/// range of all values. The grid has 256 points and reaches three widths beyond the values. A hundredth of each density is spread evenly over the
/// grid, so that a divergence stays finite where one side has no values.
public struct DistributionDistance: Sendable, Hashable {
  /// The area under both densities, 0...1; 1 where they are the same (Yang and Lerch 2020). NaN where a side has fewer than two values.
  public let overlappingArea: Double
  /// The divergence of Kullback and Leibler of the other distribution from the reference, KL(reference ‖ other), in nats. NaN where
  /// a side has fewer than two values.
  public let divergence: Double

  /// The distance of two samples. Values that are not numbers are left out.
  /// - Parameters:
  ///   - reference: Values of what is the measure, such as human pieces.
  ///   - other: Values of what is measured.
  public init(reference: [Double], other: [Double]) {
    let reference = reference.filter(\.isFinite)
    let other = other.filter(\.isFinite)
    guard let grid = DensityGrid(reference: reference, all: reference + other) else {
      self.init(overlappingArea: .nan, divergence: .nan)
      return
    }
    self.init(reference: reference, other: other, grid: grid)
  }

  private init(overlappingArea: Double, divergence: Double) {
    self.overlappingArea = overlappingArea
    self.divergence = divergence
  }

  /// The distance of two samples without values that are not numbers, on a grid that is there.
  init(reference: [Double], other: [Double], grid: DensityGrid) {
    guard reference.count > 1 && other.count > 1 else {
      self.init(overlappingArea: .nan, divergence: .nan)
      return
    }
    let p = grid.density(of: reference)
    let q = grid.density(of: other)
    var area = 0.0
    var divergence = 0.0
    for (a, b) in zip(p, q) {
      area += min(a, b)
      divergence += a * logarithm(a / b)
    }
    self.init(overlappingArea: min(1, area), divergence: max(0, divergence))
  }
}

/// The points at which densities are compared, and how wide a value is spread.
struct DensityGrid {
  static let count = 256
  /// The share of a density that is spread evenly.
  static let floor = 0.01

  private let start: Double
  private let step: Double
  /// The Gaussian's weights at 0, 1, 2... points from its middle, summing to 1 over both sides.
  private let kernel: [Double]

  /// The grid for values of which `reference` says how wide they are spread; nil for fewer than two.
  init?(reference: [Double], all: [Double]) {
    guard reference.count > 1, let low = all.min(), let high = all.max() else { return nil }
    let range = high - low
    var width = Self.width(reference)
    if range > 0 { width = max(width, range / 100) }
    // Where all values are the same any width gives the same areas.
    if width <= 0 { width = max(1e-6, 1e-6 * abs(low)) }
    start = low - 3 * width
    step = (range + 6 * width) / Double(Self.count - 1)
    let reach = min(Self.count, Int(4 * width / step) + 1)
    var kernel: [Double] = []
    for point in 0...reach {
      let z = Double(point) * step / width
      kernel.append(exponential(-z * z / 2))
    }
    let sum = 2 * kernel.reduce(0, +) - kernel[0]
    self.kernel = kernel.map { $0 / sum }
  }

  private static func width(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let spread = quantile(sorted, 0.75) - quantile(sorted, 0.25)
    let deviation = Measures.deviation(values)
    let scale = spread > 0 ? min(deviation, spread / 1.34) : deviation
    return 0.9 * scale * exponential(-0.2 * logarithm(Double(values.count)))
  }

  /// The probability at each point of the grid; the sum is 1.
  func density(of values: [Double]) -> [Double] {
    var histogram = [Double](repeating: 0, count: Self.count)
    for value in values {
      // Each value is shared by the two points beside it, so that the grid's place does not matter.
      let place = min(max((value - start) / step, 0), Double(Self.count - 1))
      let point = min(Int(place), Self.count - 2)
      let rest = place - Double(point)
      histogram[point] += 1 - rest
      histogram[point + 1] += rest
    }
    var density = [Double](repeating: 0, count: Self.count)
    for (point, weight) in histogram.enumerated() where weight > 0 {
      for (distance, part) in kernel.enumerated() {
        if point + distance < Self.count { density[point + distance] += weight * part }
        if distance > 0 && point >= distance { density[point - distance] += weight * part }
      }
    }
    let sum = density.reduce(0, +)
    return density.map { (1 - Self.floor) * $0 / sum + Self.floor / Double(Self.count) }
  }
}
