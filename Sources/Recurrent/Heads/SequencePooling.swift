internal import Arithmetic

/// How the steps of a sequence become one vector.
public enum Pooling: String, Codable, Sendable, CaseIterable {
  /// The last state: the forward direction's at the last step, and next to it the backward direction's at the first.
  case last
  /// The mean over the steps.
  case mean
  /// A mean with learned weights: softmax over the steps of h · q, q a learned query.
  case attention
}

/// Pools the steps of every stream. N rows in the order of a `StepLayout`, B streams, D directions of H numbers each,
/// W = D·H.
struct SequencePooling {
  let kind: Pooling
  let hiddenSize: Int
  let directionCount: Int
  var width: Int { hiddenSize * directionCount }

  /// N: what each step weighs in its stream; for attention alone.
  private let weights: AlignedBuffer<Float>
  /// N: the gradient of each step's score.
  private let scoreGradients: AlignedBuffer<Float>

  init(kind: Pooling, hiddenSize: Int, directionCount: Int, rowCapacity: Int) {
    self.kind = kind
    self.hiddenSize = hiddenSize
    self.directionCount = directionCount
    weights = AlignedBuffer(count: kind == .attention ? rowCapacity : 0)
    scoreGradients = AlignedBuffer(count: kind == .attention ? rowCapacity : 0)
  }

  /// input N × W → output B × W.
  /// - Parameter query: W numbers; read for attention alone.
  func forward(
    input: UnsafePointer<Float>, query: UnsafePointer<Float>, layout: StepLayout,
    output: UnsafeMutablePointer<Float>, team: ThreadTeam
  ) {
    team.run { thread in
      for stream in stride(from: thread, to: layout.streamCount, by: team.threadCount) {
        let pooled = output + stream * width
        switch kind {
        case .last: takeLast(input, layout, stream, pooled)
        case .mean: average(input, layout, stream, pooled)
        case .attention: attend(input, query, layout, stream, pooled)
        }
      }
    }
  }

  /// outputGradient B × W → inputGradient N × W, all of which is written; queryGradient W is added to.
  func backward(
    input: UnsafePointer<Float>, query: UnsafePointer<Float>, layout: StepLayout,
    outputGradient: UnsafePointer<Float>, inputGradient: UnsafeMutablePointer<Float>,
    queryGradient: UnsafeMutablePointer<Float>, team: ThreadTeam
  ) {
    team.run { thread in
      for stream in stride(from: thread, to: layout.streamCount, by: team.threadCount) {
        let gradient = outputGradient + stream * width
        switch kind {
        case .last: giveToLast(gradient, layout, stream, inputGradient)
        case .mean: share(gradient, layout, stream, inputGradient)
        case .attention: attendBack(input, query, layout, stream, gradient, inputGradient)
        }
      }
    }
    if kind == .attention {
      team.multiply(
        MatrixView(scoreGradients.baseAddress, rows: 1, columns: layout.rowCount),
        MatrixView(input, rows: layout.rowCount, columns: width), into: queryGradient, accumulate: true)
    }
  }

  private func takeLast(
    _ input: UnsafePointer<Float>, _ layout: StepLayout, _ stream: Int, _ pooled: UnsafeMutablePointer<Float>
  ) {
    for direction in 0..<directionCount {
      let part = direction * hiddenSize
      (pooled + part).update(
        from: input + layout.lastRow(ofStream: stream, direction: direction) * width + part, count: hiddenSize
      )
    }
  }

  private func giveToLast(
    _ gradient: UnsafePointer<Float>, _ layout: StepLayout, _ stream: Int,
    _ inputGradient: UnsafeMutablePointer<Float>
  ) {
    for step in 0..<layout.lengths[stream] {
      (inputGradient + layout.row(step: step, stream: stream) * width).update(repeating: 0, count: width)
    }
    for direction in 0..<directionCount {
      let part = direction * hiddenSize
      (inputGradient + layout.lastRow(ofStream: stream, direction: direction) * width + part).update(
        from: gradient + part, count: hiddenSize)
    }
  }

  private func average(
    _ input: UnsafePointer<Float>, _ layout: StepLayout, _ stream: Int, _ pooled: UnsafeMutablePointer<Float>
  ) {
    pooled.update(repeating: 0, count: width)
    for step in 0..<layout.lengths[stream] {
      Kernels.current.add(input + layout.row(step: step, stream: stream) * width, to: pooled, count: width)
    }
    Kernels.current.scale(pooled, by: 1 / Float(layout.lengths[stream]), count: width)
  }

  private func share(
    _ gradient: UnsafePointer<Float>, _ layout: StepLayout, _ stream: Int,
    _ inputGradient: UnsafeMutablePointer<Float>
  ) {
    let share = 1 / Float(layout.lengths[stream])
    for step in 0..<layout.lengths[stream] {
      let row = inputGradient + layout.row(step: step, stream: stream) * width
      for i in 0..<width { row[i] = share * gradient[i] }
    }
  }

  /// The steps' weights: softmax of their scores.
  private func attend(
    _ input: UnsafePointer<Float>, _ query: UnsafePointer<Float>, _ layout: StepLayout, _ stream: Int,
    _ pooled: UnsafeMutablePointer<Float>
  ) {
    let weights = weights.baseAddress, length = layout.lengths[stream]
    var largest = -Float.infinity
    for step in 0..<length {
      let row = layout.row(step: step, stream: stream)
      Kernels.current.multiply(
        rows: 1, columns: width, input + row * width, query, bias: nil, into: weights + row)
      // Not `max`, which would swallow a NaN.
      if !(weights[row] <= largest) { largest = weights[row] }
    }
    var total: Float = 0
    for step in 0..<length {
      let row = layout.row(step: step, stream: stream)
      weights[row] = exponential(weights[row] - largest)
      total += weights[row]
    }
    pooled.update(repeating: 0, count: width)
    for step in 0..<length {
      let row = layout.row(step: step, stream: stream)
      weights[row] /= total
      let weight = weights[row], values = input + row * width
      for i in 0..<width { pooled[i] += weight * values[i] }
    }
  }

  /// With a the weights and g = ∂/∂pooled: the score's gradient is a_t (g · h_t − Σ_s a_s g · h_s), a step's a_t g plus that times q.
  private func attendBack(
    _ input: UnsafePointer<Float>, _ query: UnsafePointer<Float>, _ layout: StepLayout, _ stream: Int,
    _ gradient: UnsafePointer<Float>, _ inputGradient: UnsafeMutablePointer<Float>
  ) {
    let weights = weights.baseAddress, scores = scoreGradients.baseAddress
    let length = layout.lengths[stream]
    var mean: Float = 0
    for step in 0..<length {
      let row = layout.row(step: step, stream: stream)
      Kernels.current.multiply(
        rows: 1, columns: width, input + row * width, gradient, bias: nil, into: scores + row)
      mean += weights[row] * scores[row]
    }
    for step in 0..<length {
      let row = layout.row(step: step, stream: stream)
      scores[row] = weights[row] * (scores[row] - mean)
      let values = inputGradient + row * width
      for i in 0..<width { values[i] = weights[row] * gradient[i] + scores[row] * query[i] }
    }
  }
}
