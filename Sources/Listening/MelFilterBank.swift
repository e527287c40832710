internal import Arithmetic

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Triangular filters over a power spectrum, evenly spaced on the mel scale.
struct MelFilterBank {
  /// One filter: its first bin and its weights from there on.
  struct Filter {
    var firstBin: Int
    var weights: [Float]
  }

  let filters: [Filter]
  /// The least output of a filter.
  let floor: Float

  /// Where each filter's weights begin in `weights`.
  private let weights: AlignedBuffer<Float>
  private let ranges: [Range<Int>]

  init(_ options: MelOptions, frames: FrameOptions) {
    let filters =
      switch options.convention {
      case .kaldi: Self.kaldiFilters(options, frames)
      case .htk: Self.htkFilters(options, frames)
      }
    self.filters = filters
    floor = options.convention == .htk ? 1 : 0
    var all: [Float] = []
    var ranges: [Range<Int>] = []
    for filter in filters {
      ranges.append(all.count..<all.count + filter.weights.count)
      all += filter.weights
    }
    weights = AlignedBuffer(all)
    self.ranges = ranges
  }

  /// Writes each filter's weighted sum of `spectrum` to `sums`.
  func apply(to spectrum: UnsafePointer<Lanes>, into sums: UnsafeMutablePointer<Lanes>) {
    for index in filters.indices {
      let range = ranges[index]
      let bins = spectrum + filters[index].firstBin
      let factors = weights.baseAddress + range.lowerBound
      let count = range.count
      // Four sums at a time, which do not depend on each other.
      var (a, b, c, d) = (Lanes(), Lanes(), Lanes(), Lanes())
      var bin = 0
      while bin + 4 <= count {
        a += bins[bin] * factors[bin]
        b += bins[bin + 1] * factors[bin + 1]
        c += bins[bin + 2] * factors[bin + 2]
        d += bins[bin + 3] * factors[bin + 3]
        bin += 4
      }
      while bin < count {
        a += bins[bin] * factors[bin]
        bin += 1
      }
      let sum = (a + b) + (c + d)
      sums[index] = sum.replacing(with: floor, where: .!(sum .>= floor))
    }
  }

  /// mel(f) = 1127 ln(1 + f / 700 Hz).
  static func mel(_ frequency: Double) -> Double { 1127 * log(1 + frequency / 700) }

  /// The frequency of a mel value, in Hz.
  static func frequency(mel: Double) -> Double { 700 * (exp(mel / 1127) - 1) }
}

extension MelFilterBank {
  /// Kaldi's filters (`MelBanks`): edges and center of each triangle are warped; the bin at half the sample rate is left out.
  private static func kaldiFilters(_ options: MelOptions, _ frames: FrameOptions) -> [Filter] {
    let high = options.highFrequency(sampleRate: frames.sampleRate)
    let lowMel = mel(options.lowFrequency)
    let step = (mel(high) - lowMel) / Double(options.count + 1)
    let binWidth = frames.sampleRate / Double(frames.transformLength)
    let binMels = (0..<frames.transformLength / 2).map { mel(binWidth * Double($0)) }
    func warped(_ edge: Int) -> Double {
      let value = lowMel + Double(edge) * step
      guard options.warpFactor != 1 else { return value }
      return mel(kaldiWarp(frequency(mel: value), options, frames, high: high))
    }
    return (0..<options.count).map { index in
      let left = warped(index)
      let center = warped(index + 1)
      let right = warped(index + 2)
      let first = Self.firstIndex(in: binMels) { $0 > left }
      let end = Self.firstIndex(in: binMels) { $0 >= right }
      let weights = binMels[first..<max(first, end)].map { value in
        Float(value <= center ? (value - left) / (center - left) : (right - value) / (right - center))
      }
      return Filter(firstBin: first, weights: weights)
    }
  }

  /// The first of rising values for which `condition`, which never becomes false again, is true; else their number.
  private static func firstIndex(in rising: [Double], where condition: (Double) -> Bool) -> Int {
    var (low, high) = (0, rising.count)
    while low < high {
      let middle = (low + high) / 2
      if condition(rising[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Kaldi's warping function (`VtlnWarpFreq`): f / α in the middle, bent to keep both ends.
  private static func kaldiWarp(
    _ frequency: Double, _ options: MelOptions, _ frames: FrameOptions, high: Double
  ) -> Double {
    let low = options.lowFrequency
    guard frequency >= low, frequency <= high else { return frequency }
    let factor = options.warpFactor
    let lowBend = options.warpLowFrequency * max(1, factor)
    let highBend = options.warpHighFrequency(sampleRate: frames.sampleRate) * min(1, factor)
    if frequency < lowBend { return low + (lowBend / factor - low) / (lowBend - low) * (frequency - low) }
    if frequency < highBend { return frequency / factor }
    return high + (high - highBend / factor) / (high - highBend) * (frequency - high)
  }

  /// HTK's filters (`InitFBank`): only the centers are warped; each bin's power is shared between the filter whose
  /// center is at or above it and the one before; the bins at the limits are found by rounding and the first is left out.
  private static func htkFilters(_ options: MelOptions, _ frames: FrameOptions) -> [Filter] {
    let high = options.highFrequency(sampleRate: frames.sampleRate)
    let lowMel = mel(options.lowFrequency)
    let span = mel(high) - lowMel
    let binWidth = frames.sampleRate / Double(frames.transformLength)
    let halfLength = frames.transformLength / 2
    let centers = (0...options.count + 1).map { index in
      let value = lowMel + span * Double(index) / Double(options.count + 1)
      guard options.warpFactor != 1, index > 0 else { return value }
      return mel(htkWarp(frequency(mel: value), options, frames, high: high))
    }
    let firstBin = max(1, Int(options.lowFrequency / binWidth + 1.5))
    let lastBin = min(halfLength - 1, Int(high / binWidth - 0.5))
    var filters = [Filter](repeating: Filter(firstBin: 0, weights: []), count: options.count)
    func add(_ weight: Double, bin: Int, to index: Int) {
      guard filters.indices.contains(index) else { return }
      if filters[index].weights.isEmpty { filters[index].firstBin = bin }
      filters[index].weights.append(Float(weight))
    }
    var upper = 1
    for bin in stride(from: firstBin, through: lastBin, by: 1) {
      let value = mel(binWidth * Double(bin))
      while upper < centers.count - 1, centers[upper] < value { upper += 1 }
      let share = (centers[upper] - value) / (centers[upper] - centers[upper - 1])
      // Filter i has its center at place i + 1.
      add(share, bin: bin, to: upper - 2)
      add(1 - share, bin: bin, to: upper - 1)
    }
    return filters
  }

  /// HTK's warping function (`WarpFreq`): f / α in the middle; the bends are moved by 2α / (α + 1).
  private static func htkWarp(
    _ frequency: Double, _ options: MelOptions, _ frames: FrameOptions, high: Double
  ) -> Double {
    let low = options.lowFrequency
    let scale = 1 / options.warpFactor
    let lowBend = options.warpLowFrequency * 2 / (1 + scale)
    let highBend = options.warpHighFrequency(sampleRate: frames.sampleRate) * 2 / (1 + scale)
    if frequency > highBend {
      return (high - highBend * scale) / (high - highBend) * (frequency - highBend) + scale * highBend
    }
    if frequency < lowBend { return (lowBend * scale - low) / (lowBend - low) * (frequency - low) + low }
    return scale * frequency
  }
}
