public import Arithmetic

/// Measures and limits gradients.
public final class GradientClipping {
  private let gradients: AlignedBuffer<Float>
  private let team: ThreadTeam
  private let squareSums: AlignedBuffer<Double>

  /// For a buffer of gradients, by the threads of `team`.
  public init(_ gradients: AlignedBuffer<Float>, team: ThreadTeam) {
    self.gradients = gradients
    self.team = team
    squareSums = AlignedBuffer(count: (gradients.count + Self.chunkSize - 1) / Self.chunkSize)
  }

  /// The gradients' global norm: the root of the sum of all squares.
  public var norm: Float {
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

  /// Scales the gradients down so that their global norm is at most `limit`, as PyTorch's `clip_grad_norm_` does
  /// (Pascanu et al. 2013).
  /// - Returns: the norm before. If it is not finite the gradients stay as they are.
  @discardableResult
  public func clip(toGlobalNorm limit: Float) -> Float {
    precondition(limit > 0, "a limit of \(limit) for the gradients' norm")
    let norm = norm
    let factor = limit / (norm + 1e-6)
    if norm.isFinite, factor < 1 { scale(by: factor) }
    return norm
  }

  /// Brings every gradient into −`limit` ... `limit`, as PyTorch's `clip_grad_value_` does. One that is no number stays
  /// so.
  public func clip(toMagnitude limit: Float) {
    precondition(limit > 0, "a limit of \(limit) for a gradient")
    team.run { thread in
      let part = team.share(of: gradients.count, unit: 16, threadIndex: thread)
      Kernels.current.clamp(gradients.baseAddress + part.lowerBound, to: limit, count: part.count)
    }
  }

  /// Multiplies every gradient by `factor`.
  public func scale(by factor: Float) {
    team.run { thread in
      let part = team.share(of: gradients.count, unit: 16, threadIndex: thread)
      Kernels.current.scale(gradients.baseAddress + part.lowerBound, by: factor, count: part.count)
    }
  }

  private static var chunkSize: Int { 16_384 }
}
