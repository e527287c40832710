internal import Arithmetic

/// Layer normalization (Ba et al. 2016) of rows of W numbers, as PyTorch's `LayerNorm`:
///
///     y = (x − mean) / √(variance + ε) ⊙ weight + bias
///
/// with mean and (population) variance over the row, and ε = 1e-5.
final class LayerNormalization {
  /// N × W: y.
  let output: AlignedBuffer<Float>

  static let epsilon: Float = 1e-5
  private let width: Int
  /// Where the weight and the bias begin in the parameters.
  private let weight: Int
  private let bias: Int
  /// N × 2: a row's mean and one over the root.
  private let statistics: AlignedBuffer<Float>

  init(width: Int, rowCapacity: Int, weight: Int, bias: Int) {
    self.width = width
    self.weight = weight
    self.bias = bias
    output = AlignedBuffer(count: rowCapacity * width)
    statistics = AlignedBuffer(count: rowCapacity * 2)
  }

  /// input N × W → `output`.
  func forward(
    input: UnsafePointer<Float>, rowCount: Int, parameters: AlignedBuffer<Float>, team: ThreadTeam
  ) {
    team.run { thread in
      for row in team.share(of: rowCount, threadIndex: thread) {
        Kernels.current.normalize(
          input + row * width, count: width, weight: parameters.baseAddress + weight,
          bias: parameters.baseAddress + bias, epsilon: Self.epsilon, into: output.baseAddress + row * width,
          statistics: statistics.baseAddress + 2 * row)
      }
    }
  }

  /// gradient N × W of the output → that of the input, in the same place; those of weight and bias are added to
  /// `gradients`. The input is used up.
  func backward(
    input: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>, rowCount: Int,
    parameters: AlignedBuffer<Float>, gradients: AlignedBuffer<Float>, team: ThreadTeam
  ) {
    team.addColumnSums(
      of: MatrixView(gradient, rows: rowCount, columns: width), to: gradients.baseAddress + bias)
    team.run { thread in
      for row in team.share(of: rowCount, threadIndex: thread) {
        Kernels.current.normalizeBackward(
          count: width, weight: parameters.baseAddress + weight, statistics: statistics.baseAddress + 2 * row,
          x: input + row * width, gradient: gradient + row * width)
      }
    }
    team.addColumnSums(
      of: MatrixView(input, rows: rowCount, columns: width), to: gradients.baseAddress + weight)
  }
}
