internal import Arithmetic

/// The negative log-likelihood of labels under a softmax, in nats, as PyTorch's `cross_entropy` defines it. N rows,
/// V classes; p is the softmax of a row, y its label, w the classes' weights (1 without), ε the smoothing:
///
///     loss = −(1 − ε) w_y log p_y − ε/V Σ_k w_k log p_k
///
/// and the mean over a batch is Σ loss / Σ w_y. A label of −1 is not counted.
struct SoftmaxCrossEntropy {
  let classCount: Int
  /// ε in 0 ..< 1: how much of a label is shared out among all classes (Szegedy et al. 2016).
  let labelSmoothing: Float
  /// w, or nil if all classes weigh the same.
  let classWeights: AlignedBuffer<Float>?
  private let totalWeight: Float

  init(classCount: Int, labelSmoothing: Double = 0, classWeights: [Double]? = nil) {
    precondition((0..<1).contains(labelSmoothing), "a label smoothing of \(labelSmoothing) is not in 0 ..< 1")
    precondition(
      classWeights.map { $0.count == classCount && $0.allSatisfy { $0 >= 0 && $0.isFinite } } ?? true,
      "\(classWeights?.count ?? 0) weights for \(classCount) classes: one each, none below 0")
    self.classCount = classCount
    self.labelSmoothing = Float(labelSmoothing)
    self.classWeights = classWeights.map { AlignedBuffer($0.map(Float.init)) }
    totalWeight = classWeights.map { Float($0.reduce(0, +)) } ?? Float(classCount)
  }

  /// How many labels count and what they weigh, with a sum of 0.
  func counted(_ labels: UnsafePointer<Int32>, rows: Int) -> LossSum {
    var count = 0, weight = 0.0
    for n in 0..<rows where labels[n] >= 0 {
      count += 1
      if let classWeights { weight += Double(classWeights[Int(labels[n])]) }
    }
    return LossSum(count: count, weight: classWeights == nil ? nil : weight)
  }

  /// logits N × V without their bias → losses N, 0 if the label is −1. With a `scale` other than 0 the logits
  /// become the gradient of scale · Σ losses; otherwise the bias is added to them.
  func run(
    logits: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>, targets: UnsafePointer<Int32>,
    count: Int,
    scale: Float, losses: UnsafeMutablePointer<Float>, team: ThreadTeam
  ) {
    let isPlain = labelSmoothing == 0 && classWeights == nil
    team.run { thread in
      for n in team.share(of: count, threadIndex: thread) {
        let row = logits + n * classCount
        if targets[n] >= 0 {
          losses[n] =
            isPlain
            ? Kernels.current.softmaxCrossEntropy(
              count: classCount, logits: row, bias: bias, target: Int(targets[n]), scale: scale)
            : smoothedLoss(row, bias, label: Int(targets[n]), scale: scale)
        } else {
          losses[n] = 0
          if scale != 0 {
            row.update(repeating: 0, count: classCount)
          } else {
            Kernels.current.add(bias, to: row, count: classCount)
          }
        }
      }
    }
  }

  /// One row. With A = (1 − ε) w_y + ε/V Σ w the loss is A times the plain one plus ε/V Σ_k w_k (x_y − x_k), and its
  /// gradient A p − (1 − ε) w_y δ_y − ε/V w.
  private func smoothedLoss(
    _ row: UnsafeMutablePointer<Float>, _ bias: UnsafePointer<Float>, label: Int, scale: Float
  ) -> Float {
    let share = labelSmoothing / Float(classCount)
    let own = (1 - labelSmoothing) * (classWeights?[label] ?? 1)
    let factor = own + share * totalWeight
    var distance: Float = 0
    if share > 0 {
      let logit = row[label] + bias[label]
      if let weights = classWeights?.baseAddress {
        for k in 0..<classCount { distance += weights[k] * (logit - (row[k] + bias[k])) }
      } else {
        for k in 0..<classCount { distance += logit - (row[k] + bias[k]) }
      }
    }
    let plain = Kernels.current.softmaxCrossEntropy(
      count: classCount, logits: row, bias: bias, target: label, scale: scale * factor)
    guard scale != 0 else { return factor * plain + share * distance }
    row[label] += scale * (factor - own)
    if share > 0 {
      if let weights = classWeights?.baseAddress {
        for k in 0..<classCount { row[k] -= scale * share * weights[k] }
      } else {
        for k in 0..<classCount { row[k] -= scale * share }
      }
    }
    // A label that weighs nothing and is not smoothed leaves the kernel without a gradient to write.
    if factor == 0 { row.update(repeating: 0, count: classCount) }
    return factor * plain + share * distance
  }
}
