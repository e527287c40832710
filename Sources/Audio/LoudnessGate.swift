internal import Arithmetic

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Which blocks count for the integrated loudness (ITU-R BS.1770-4, annex 1, equations 4 to 7).
///
/// The relative gate is known only at the end. Blocks are stored as counts and sums of their powers in classes 0.01 LU
/// wide, so that the memory is the same for a second and for a day.
struct LoudnessGate {
  /// In LUFS.
  private static let absoluteGate = -70.0
  /// Below the mean of the blocks that pass the absolute gate, in LU.
  private static let relativeGate = -10.0
  private static let classesPerUnit = 100.0
  /// Classes up to 40 LUFS; the last takes what is louder.
  private static let classCount = 11_000

  private let counts = AlignedBuffer<Int>(count: classCount)
  private let sums = AlignedBuffer<Double>(count: classCount)

  /// Takes the K-weighted mean square of a block, all channels added up by their weights.
  mutating func add(blockPower power: Double) {
    let excess = (Self.loudness(ofPower: power) - Self.absoluteGate) * Self.classesPerUnit
    guard excess > 0 else { return }
    let index = Int(min(excess, Double(Self.classCount - 1)))
    counts[index] += 1
    sums[index] += power
  }

  /// The loudness of the blocks that pass both gates, in LUFS; nil if there is none.
  var integratedLoudness: Double? {
    guard let mean = meanPower(above: 0) else { return nil }
    // A class passes as a whole: the recommendation does not define differences of 0.01 LU.
    let gate = mean * pow(10, Self.relativeGate / 10)
    return meanPower(above: gate).map(Self.loudness(ofPower:))
  }

  /// The mean power of the blocks in classes whose own mean lies above `gate`.
  private func meanPower(above gate: Double) -> Double? {
    var (count, sum) = (0, 0.0)
    for index in 0..<Self.classCount where counts[index] > 0 && sums[index] > gate * Double(counts[index]) {
      count += counts[index]
      sum += sums[index]
    }
    return count > 0 ? sum / Double(count) : nil
  }

  /// In LUFS; −∞ for silence.
  private static func loudness(ofPower power: Double) -> Double { -0.691 + 10 * log10(power) }
}
