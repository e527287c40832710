/// Brings the numbers of a frame to mean 0 and variance 1 over a training set. It is not trained, and goes with the weights.
public struct FrameNormalization: Sendable, Hashable {
  /// The mean of each number, F of them.
  public let mean: [Float]
  /// The variance of each number, F of them.
  public let variance: [Float]

  /// As many means as variances, none of which is below 0.
  public init(mean: [Float], variance: [Float]) {
    precondition(
      mean.count == variance.count && variance.allSatisfy { $0 >= 0 },
      "\(mean.count) means and \(variance.count) variances, none below 0")
    self.mean = mean
    self.variance = variance
  }

  /// Mean and variance over all frames of some sequences. Numbers that are missing (NaN) are left out; one that is always
  /// missing has mean 0 and variance 1.
  public init(of sequences: [TrainingSequence], frameSize: Int) {
    var counts = [Double](repeating: 0, count: frameSize), sums = counts, squares = counts
    func forEachNumber(_ body: (_ index: Int, _ value: Double) -> Void) {
      for sequence in sequences {
        for (place, value) in sequence.frames.enumerated() where !value.isNaN {
          body(place % frameSize, Double(value))
        }
      }
    }
    forEachNumber { index, value in
      counts[index] += 1
      sums[index] += value
    }
    let means = zip(sums, counts).map { $1 > 0 ? $0 / $1 : 0 }
    forEachNumber { index, value in squares[index] += (value - means[index]) * (value - means[index]) }
    self.init(
      mean: means.map { Float($0) }, variance: zip(squares, counts).map { $1 > 0 ? Float($0 / $1) : 1 })
  }

  /// Mean and variance of frames of `size` numbers from the tensors of these names.
  init(
    size: Int, meanName: String, varianceName: String, tensors: SafetensorsFile
  ) throws(SafetensorsError) {
    mean = try tensors.finiteFloats(named: meanName, shape: [size])
    variance = try tensors.finiteFloats(named: varianceName, shape: [size])
    if let index = variance.firstIndex(where: { $0 < 0 }) {
      throw .negative(file: tensors.path, tensor: varianceName, index: index)
    }
  }

  /// What a number less its mean is multiplied by: 1 / √variance, or 1 where it never changes.
  static func factor(variance: Float) -> Float { variance > 0 ? 1 / variance.squareRoot() : 1 }
}
