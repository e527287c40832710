internal import Arithmetic

extension LinearLayer {
  /// input N × I with any stride → output N × O.
  func forward(_ input: MatrixView, into output: UnsafeMutablePointer<Float>, team: ThreadTeam) {
    team.multiply(input, forwardWeight, into: output)
  }

  /// outputGradient N × O → inputGradient N × I, with rows `inputStride` apart (by default without a gap), replaced or
  /// added to; weightGradient O × I is added to.
  func backward(
    _ input: MatrixView, outputGradient: MatrixView, inputGradient: UnsafeMutablePointer<Float>,
    inputStride: Int? = nil, isInputAccumulated: Bool = false, weightGradient: UnsafeMutablePointer<Float>,
    team: ThreadTeam
  ) {
    team.multiply(
      outputGradient, backwardWeight, into: inputGradient, rowStride: inputStride,
      accumulate: isInputAccumulated)
    team.multiply(outputGradient.transposed, input, into: weightGradient, accumulate: true)
  }
}
