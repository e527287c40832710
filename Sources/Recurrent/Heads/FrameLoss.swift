internal import Arithmetic

/// A loss of real-valued frames. N rows, F numbers a frame, O outputs a row. A target number that is NaN is missing and
/// not counted; a frame of nothing else is not counted at all.
protocol FrameLoss {
  /// F.
  var frameSize: Int { get }
  /// O.
  var outputSize: Int { get }
  /// Whether the mean is taken over single numbers rather than frames.
  static var countsNumbers: Bool { get }

  /// One row: outputs O without their bias → its loss. With a `scale` other than 0 the outputs become the gradient of
  /// scale · loss; otherwise the bias is added to them.
  func loss(
    outputs: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>, targets: UnsafePointer<Float>,
    scale: Float
  ) -> Float
}

extension FrameLoss {
  /// How many frames count and what they weigh, with a sum of 0.
  func counted(_ targets: UnsafePointer<Float>, rows: Int) -> LossSum {
    var frames = 0, numbers = 0
    for n in 0..<rows {
      let frame = targets + n * frameSize
      var present = 0
      for i in 0..<frameSize where !frame[i].isNaN { present += 1 }
      numbers += present
      if present > 0 { frames += 1 }
    }
    return LossSum(count: frames, weight: Double(Self.countsNumbers ? numbers : frames))
  }

  /// outputs N × O, targets N × F → losses N; see `loss`.
  func run(
    outputs: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>, targets: UnsafePointer<Float>,
    rows: Int, scale: Float, losses: UnsafeMutablePointer<Float>, team: ThreadTeam
  ) {
    team.run { thread in
      for n in team.share(of: rows, threadIndex: thread) {
        losses[n] = loss(
          outputs: outputs + n * outputSize, bias: bias, targets: targets + n * frameSize, scale: scale)
      }
    }
  }
}

/// F keys that are each on or off by themselves, such as a piano roll's 88: with x the logits and t in 0 ... 1,
///
///     loss = Σ_i max(x_i, 0) − x_i t_i + log(1 + e^−|x_i|)
///
/// in nats a frame (Boulanger-Lewandowski et al. 2012 compare models by it).
struct BernoulliLikelihood: FrameLoss {
  let frameSize: Int
  var outputSize: Int { frameSize }
  static var countsNumbers: Bool { false }

  func loss(
    outputs: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>, targets: UnsafePointer<Float>,
    scale: Float
  ) -> Float {
    Kernels.current.bernoulliCrossEntropy(
      count: frameSize, logits: outputs, bias: bias, targets: targets, scale: scale)
  }
}

/// Σ_i (x_i − t_i)², whose mean over all numbers is PyTorch's `mse_loss`.
struct SquaredError: FrameLoss {
  let frameSize: Int
  var outputSize: Int { frameSize }
  static var countsNumbers: Bool { true }

  func loss(
    outputs: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>, targets: UnsafePointer<Float>,
    scale: Float
  ) -> Float {
    var loss: Float = 0
    for i in 0..<frameSize {
      outputs[i] += bias[i]
      let difference = targets[i].isNaN ? 0 : outputs[i] - targets[i]
      loss += difference * difference
      if scale != 0 { outputs[i] = 2 * scale * difference }
    }
    return loss
  }
}

/// F independent normal distributions. The outputs are F means μ, then F logarithms of variances s:
///
///     loss = Σ_i (log 2π + s_i + (t_i − μ_i)² e^−s_i) / 2
///
/// in nats a frame; PyTorch's `gaussian_nll_loss` with `full=True`, summed over a frame. As there a variance counts as
/// 1e-6 at least, and its gradient is taken at that bound.
struct GaussianLikelihood: FrameLoss {
  let frameSize: Int
  var outputSize: Int { 2 * frameSize }
  static var countsNumbers: Bool { false }

  /// log 1e-6.
  static let leastLogVariance: Float = -13.815511
  private static let logTwoPi: Float = 1.8378770664

  func loss(
    outputs: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>, targets: UnsafePointer<Float>,
    scale: Float
  ) -> Float {
    var loss: Float = 0
    for i in 0..<frameSize {
      let mean = outputs[i] + bias[i]
      let raw = outputs[frameSize + i] + bias[frameSize + i]
      // Written so that a NaN passes through.
      let logVariance = raw < Self.leastLogVariance ? Self.leastLogVariance : raw
      (outputs[i], outputs[frameSize + i]) = (mean, logVariance)
      guard !targets[i].isNaN else {
        if scale != 0 { (outputs[i], outputs[frameSize + i]) = (0, 0) }
        continue
      }
      let difference = mean - targets[i], precision = exponential(-logVariance)
      loss += (Self.logTwoPi + logVariance + difference * difference * precision) / 2
      if scale != 0 {
        outputs[i] = scale * difference * precision
        // The variance e^s of the output, not the one it counts as, is what s changes.
        let passed = raw < logVariance ? exponential(raw - logVariance) : 1
        outputs[frameSize + i] = scale * passed * (1 - difference * difference * precision) / 2
      }
    }
    return loss
  }
}
