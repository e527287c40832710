internal import Arithmetic

extension LanguageModelPass {
  /// Scales the gradients down so that their global norm, the root of the sum of all squares, is at most `limit`, as
  /// PyTorch's `clip_grad_norm_` does (Pascanu et al. 2013).
  /// - Returns: the norm before. If it is not finite the gradients stay as they are.
  @discardableResult
  public func clipGradients(toGlobalNorm limit: Float) -> Float {
    precondition(limit > 0, "a limit of \(limit) for the gradients' norm")
    let norm = gradientNorm
    let factor = limit / (norm + 1e-6)
    guard norm.isFinite, factor < 1 else { return norm }
    team.run { thread in
      let part = team.share(of: gradients.count, unit: 16, threadIndex: thread)
      Kernels.current.scale(gradients.baseAddress + part.lowerBound, by: factor, count: part.count)
    }
    return norm
  }

  /// The gradients' global norm.
  public var gradientNorm: Float {
    // Chunks of a fixed size, each with a sum of its own: the result is the same for any number of threads.
    team.run { thread in
      for chunk in team.share(of: squareSums.count, threadIndex: thread) {
        let first = chunk * Self.chunkSize
        squareSums.baseAddress[chunk] = Kernels.current.sumOfSquares(
          gradients.baseAddress + first, count: min(Self.chunkSize, gradients.count - first))
      }
    }
    return Float(squareSums.elements.reduce(0, +).squareRoot())
  }

  static var chunkSize: Int { 16_384 }

  static func chunkCount(of count: Int) -> Int { (count + chunkSize - 1) / chunkSize }
}
