internal import Arithmetic

/// Connectionist temporal classification (Graves et al. 2006): the negative log-likelihood of a sequence of labels under
/// all its alignments with the steps of an input, in nats a sequence. N rows in the order of a `StepLayout`, C classes,
/// of which class 0 is the blank, B streams of T steps with U labels each.
///
/// An alignment gives each step a class; without repetitions and then without blanks it is the label sequence. The sum
/// over alignments is taken in the logarithm and in double precision, forward and backward over the S = 2U + 1 states
/// blank, label, blank, …, blank.
///
/// Labels that do not fit their input (each takes a step, and two equal ones a blank between them) have a probability of
/// 0 and an infinite loss. Such a stream is left out: its loss and its gradient are 0 and it is not counted, as with
/// PyTorch's `zero_infinity=True` except for the count.
final class CTCLoss {
  /// C, the blank included.
  let classCount: Int

  /// A thread's own: log α of every step and state, and log β of one step and the one after it.
  private struct Workspace {
    var forward: [Double] = []
    var backward: [Double] = []
    var next: [Double] = []

    mutating func reserve(steps: Int, states: Int) {
      if forward.count < steps * states {
        forward = [Double](repeating: 0, count: max(steps * states, forward.count * 3 / 2))
      }
      if backward.count < states {
        backward = [Double](repeating: 0, count: max(states, backward.count * 3 / 2))
        next = backward
      }
    }
  }

  private let workspaces: UnsafeMutablePointer<Workspace>
  private let workspaceCount: Int

  /// A loss over `classCount` classes, for teams of at most `threadCount` threads. Memory grows to what the longest
  /// sequence so far needed: steps × states × 8 bytes a thread.
  init(classCount: Int, threadCount: Int) {
    precondition(classCount > 1, "\(classCount) classes: a blank and at least one label")
    self.classCount = classCount
    workspaceCount = threadCount
    workspaces = .allocate(capacity: threadCount)
    workspaces.initialize(repeating: Workspace(), count: threadCount)
  }

  deinit {
    workspaces.deinitialize(count: workspaceCount)
    workspaces.deallocate()
  }

  /// Whether `stepCount` steps can be aligned with `labels`.
  static func fits(_ labels: UnsafeBufferPointer<Int32>, stepCount: Int) -> Bool {
    var needed = labels.count
    for index in labels.indices.dropFirst() where labels[index] == labels[index - 1] { needed += 1 }
    return needed <= stepCount
  }

  /// How many streams count, with a sum of 0. Labels of stream b are `labels[offsets[b] ..< offsets[b + 1]]`.
  func counted(_ labels: UnsafePointer<Int32>, offsets: UnsafePointer<Int>, layout: StepLayout) -> LossSum {
    LossSum(
      count: (0..<layout.streamCount).count { stream in
        Self.fits(
          UnsafeBufferPointer(
            start: labels + offsets[stream], count: offsets[stream + 1] - offsets[stream]),
          stepCount: layout.lengths[stream])
      })
  }

  /// logits N × C without their bias → losses B, 0 if the labels do not fit. With a `scale` other than 0 the logits
  /// become the gradient of scale · Σ losses; otherwise logarithms of probabilities.
  /// - Parameters:
  ///   - labels: 1 ..< C each, those of the streams one after the other.
  ///   - offsets: B + 1, where each stream's labels begin.
  func run(
    logits: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>, labels: UnsafePointer<Int32>,
    offsets: UnsafePointer<Int>, layout: StepLayout, scale: Float, losses: UnsafeMutablePointer<Float>,
    team: ThreadTeam
  ) {
    precondition(
      team.threadCount <= workspaceCount, "\(team.threadCount) threads with memory for \(workspaceCount)")
    team.run { thread in
      for n in team.share(of: layout.rowCount, threadIndex: thread) {
        normalize(logits + n * classCount, bias)
      }
    }
    team.run { thread in
      for stream in stride(from: thread, to: layout.streamCount, by: team.threadCount) {
        let own = UnsafeBufferPointer(
          start: labels + offsets[stream], count: offsets[stream + 1] - offsets[stream])
        losses[stream] = loss(
          Stream(logits: logits, labels: own, layout: layout, index: stream), scale: scale,
          in: &workspaces[thread])
      }
    }
  }

  /// A row of logits becomes logarithms of probabilities.
  private func normalize(_ row: UnsafeMutablePointer<Float>, _ bias: UnsafePointer<Float>) {
    Kernels.current.add(bias, to: row, count: classCount)
    let logSum = Kernels.current.softmax(count: classCount, logits: row, probabilities: nil)
    for k in 0..<classCount { row[k] -= logSum }
  }

  /// One stream of the batch.
  private struct Stream {
    let logits: UnsafeMutablePointer<Float>
    let labels: UnsafeBufferPointer<Int32>
    let layout: StepLayout
    let index: Int

    var stepCount: Int { layout.lengths[index] }
    var stateCount: Int { 2 * labels.count + 1 }

    /// The class of a state: a blank at even ones.
    func label(_ state: Int) -> Int { state % 2 == 0 ? 0 : Int(labels[state / 2]) }
    /// Whether a path may go from the state two before to this one, past the blank between them.
    func mayJump(to state: Int) -> Bool {
      state > 1 && state % 2 == 1 && labels[state / 2] != labels[state / 2 - 1]
    }
    /// The states that a path can be in at a step if it is to begin at the first two and to end at the last two.
    func states(atStep step: Int) -> Range<Int> {
      let first = max(0, stateCount - 2 * (stepCount - step))
      return first..<max(first, min(stateCount, 2 * step + 2))
    }
  }

  private func loss(_ stream: Stream, scale: Float, in workspace: inout Workspace) -> Float {
    let steps = stream.stepCount, states = stream.stateCount, classes = classCount
    guard Self.fits(stream.labels, stepCount: steps) else {
      if scale != 0 {
        for step in 0..<steps {
          let row = stream.layout.row(step: step, stream: stream.index)
          (stream.logits + row * classes).update(repeating: 0, count: classes)
        }
      }
      return 0
    }
    workspace.reserve(steps: steps, states: states)
    return workspace.forward.withUnsafeMutableBufferPointer { forward in
      workspace.backward.withUnsafeMutableBufferPointer { backward in
        workspace.next.withUnsafeMutableBufferPointer { next in
          guard let alpha = forward.baseAddress, let beta = backward.baseAddress, let spare = next.baseAddress
          else { return 0 }
          let logLikelihood = runForward(stream, alpha)
          if scale != 0 { runBackward(stream, alpha, beta, spare, logLikelihood, scale) }
          return Float(-logLikelihood)
        }
      }
    }
  }

  /// log α of step t and state s: the probability of all beginnings that are in s at t, its emission included.
  private func runForward(_ stream: Stream, _ alpha: UnsafeMutablePointer<Double>) -> Double {
    let states = stream.stateCount, last = stream.stepCount - 1
    for step in 0...last {
      let emission = stream.logits + stream.layout.row(step: step, stream: stream.index) * classCount
      let now = alpha + step * states, reached = stream.states(atStep: step)
      now.update(repeating: -.infinity, count: states)
      guard step > 0 else {
        for s in reached { now[s] = Double(emission[stream.label(s)]) }
        continue
      }
      let before = now - states
      for s in reached {
        let sum =
          stream.mayJump(to: s)
          ? logSum(before[s], before[s - 1], before[s - 2])
          : s > 0 ? logSum(before[s], before[s - 1]) : before[s]
        now[s] = sum + Double(emission[stream.label(s)])
      }
    }
    let end = alpha + last * states
    return states > 1 ? logSum(end[states - 1], end[states - 2]) : end[0]
  }

  /// log β of step t and state s: the probability of all ends from s at t on, its emission not included; so that
  /// α β / likelihood is the probability of being there, and the gradient of a logit its softmax less that.
  private func runBackward(
    _ stream: Stream, _ alpha: UnsafePointer<Double>, _ first: UnsafeMutablePointer<Double>,
    _ second: UnsafeMutablePointer<Double>, _ logLikelihood: Double, _ scale: Float
  ) {
    let states = stream.stateCount, steps = stream.stepCount
    var beta = first, earlier = second
    beta.update(repeating: -.infinity, count: states)
    beta[states - 1] = 0
    if states > 1 { beta[states - 2] = 0 }
    for step in (0..<steps).reversed() {
      let emission = stream.logits + stream.layout.row(step: step, stream: stream.index) * classCount
      if step > 0 {
        earlier.update(repeating: -.infinity, count: states)
        for s in stream.states(atStep: step - 1) {
          let stay = beta[s] + Double(emission[stream.label(s)])
          guard s + 1 < states else {
            earlier[s] = stay
            continue
          }
          let move = beta[s + 1] + Double(emission[stream.label(s + 1)])
          earlier[s] =
            s + 2 < states && stream.mayJump(to: s + 2)
            ? logSum(stay, move, beta[s + 2] + Double(emission[stream.label(s + 2)])) : logSum(stay, move)
        }
      }
      for k in 0..<classCount { emission[k] = scale * exponential(emission[k]) }
      let now = alpha + step * states
      for s in stream.states(atStep: step) {
        emission[stream.label(s)] -= scale * Float(exponential(now[s] + beta[s] - logLikelihood))
      }
      swap(&beta, &earlier)
    }
  }
}
