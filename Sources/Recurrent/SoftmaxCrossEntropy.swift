internal import Arithmetic

/// The negative log-likelihood of targets under a softmax, in nats. N positions, V classes.
struct SoftmaxCrossEntropy {
  let classCount: Int

  /// logits N × V without their bias → losses N, 0 where the target is −1. With a `scale` other than 0 the logits
  /// become the gradient of scale · Σ losses.
  func run(
    logits: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>, targets: UnsafePointer<Int32>,
    count: Int,
    scale: Float, losses: UnsafeMutablePointer<Float>, team: ThreadTeam
  ) {
    team.run { thread in
      for n in team.share(of: count, threadIndex: thread) {
        let row = logits + n * classCount
        if targets[n] >= 0 {
          losses[n] = Kernels.current.softmaxCrossEntropy(
            count: classCount, logits: row, bias: bias, target: Int(targets[n]), scale: scale)
        } else {
          losses[n] = 0
          if scale != 0 { row.update(repeating: 0, count: classCount) }
        }
      }
    }
  }
}
