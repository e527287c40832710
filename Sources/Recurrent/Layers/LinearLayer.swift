internal import Arithmetic

extension PackedMatrix {
  /// How many floats a matrix takes that is packed in both directions, for the forward and for the backward pass.
  static func floatCount(_ rows: Int, _ columns: Int) -> Double {
    Double(Kernels.current.packedCount(rows: rows, columns: columns))
      + Double(Kernels.current.packedCount(rows: columns, columns: rows))
  }
}

/// y = x Wᵀ, the bias being the caller's. N rows of I inputs, O outputs, W is O × I.
final class LinearLayer {
  let inputSize: Int
  let outputSize: Int
  let forwardWeight: PackedMatrix
  let backwardWeight: PackedMatrix

  init(inputSize: Int, outputSize: Int) {
    self.inputSize = inputSize
    self.outputSize = outputSize
    forwardWeight = PackedMatrix(rows: inputSize, columns: outputSize)
    backwardWeight = PackedMatrix(rows: outputSize, columns: inputSize)
  }

  /// Takes new weights.
  func pack(_ weight: UnsafePointer<Float>) {
    let view = MatrixView(weight, rows: outputSize, columns: inputSize)
    forwardWeight.update(from: view.transposed)
    backwardWeight.update(from: view)
  }

  /// input N × I → output N × O.
  func forward(input: UnsafePointer<Float>, rows: Int, output: UnsafeMutablePointer<Float>, team: ThreadTeam)
  {
    team.multiply(MatrixView(input, rows: rows, columns: inputSize), forwardWeight, into: output)
  }

  /// outputGradient N × O → inputGradient N × I, weightGradient O × I and biasGradient O, the last two added to.
  func backward(
    input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>, rows: Int,
    inputGradient: UnsafeMutablePointer<Float>, weightGradient: UnsafeMutablePointer<Float>,
    biasGradient: UnsafeMutablePointer<Float>, team: ThreadTeam
  ) {
    let gradient = MatrixView(outputGradient, rows: rows, columns: outputSize)
    team.multiply(gradient, backwardWeight, into: inputGradient)
    team.multiply(
      gradient.transposed, MatrixView(input, rows: rows, columns: inputSize), into: weightGradient,
      accumulate: true)
    team.addColumnSums(of: gradient, to: biasGradient)
  }
}
