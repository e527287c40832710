internal import Arithmetic
internal import Recurrent
internal import Tokenization

// MARK: - Sketching

/// Where limits leave a bar less room than the parts would take, another piece is written beside this one, as the model would without them,
/// a bar at a time: each bar of this one is divided among its parts in proportion to what they do there. What the limits have done to the
/// piece so far has no part in it, or a part that was left too little once would go on resting.
extension PieceInProgress {
  /// The other piece.
  struct Sketch {
    var piece: PieceInProgress
    /// The network's state for the piece that waits: the other one, or while a bar of that is written, this one.
    var state: [Float]
    /// The index of the limits that ask for it.
    var limits: Int
    /// Whether a bar of it is being written, and how many steps that has taken.
    var isUnderWay = true
    var stepCount = 0
  }

  /// After this many steps in a bar a sketch is given up: no bar has as many ids.
  private static let sketchStepLimit = 1024

  /// Whether the network is being fed the other piece.
  var isSketching: Bool { sketches.first?.isUnderWay ?? false }

  /// Begins to sketch the bar that has just begun, where limits ask for it.
  mutating func beginSketch(_ sampler: LanguageModelSampler, stream: Int) {
    guard options.filling == nil, !isSketching, !isFinished else { return }
    for index in progress.constraints.indices {
      guard let limits = progress.constraints[index] as? CellLimits, limits.wantsSketch else { continue }
      if !sketches.isEmpty { return resumeSketch(sampler, stream: stream) }
      guard let relaxed = limits.sketching() else { continue }
      var piece = self
      piece.progress.constraints[index] = relaxed
      piece.progress.random = RandomStream(seed: progress.random.next(), name: "sketch")
      sketches.append(Sketch(piece: piece, state: sampler.state(ofStream: stream), limits: index))
      return
    }
  }

  private mutating func resumeSketch(_ sampler: LanguageModelSampler, stream: Int) {
    let own = sampler.state(ofStream: stream)
    sampler.setState(sketches[0].state, ofStream: stream)
    sketches[0].state = own
    (sketches[0].isUnderWay, sketches[0].stepCount) = (true, 0)
    // It is taken back no further than its last bar.
    sketches[0].piece.bars.removeFirst(max(0, sketches[0].piece.bars.count - 1))
    nextID = sketches[0].piece.nextID
    nextContext = sketches[0].piece.nextContext
  }

  /// Goes one step further in the sketch that is under way.
  mutating func sketch(
    _ sampler: LanguageModelSampler, stream: Int, chooser: inout TokenChooser
  ) throws(ComposingError) {
    sketches[0].stepCount += 1
    let barCount = sketches[0].piece.progress.grammar.barCount
    do throws(ComposingError) {
      _ = try sketches[0].piece.take(sampler, stream: stream, chooser: &chooser)
    } catch {
      switch error {
      case .contradiction, .endless:
        // What makes a sketch impossible need not make the bar so.
        return endSketch(sampler, stream: stream, outcome: nil)
      default: throw error
      }
    }
    let bars = sketches[0].piece.progress.grammar.barCount, hasEnded = sketches[0].piece.isFinished
    if hasEnded || bars > barCount {
      let limits = sketches[0].piece.progress.constraints[sketches[0].limits] as? CellLimits
      endSketch(
        sampler, stream: stream,
        outcome: limits.map { ($0.wishes(hasEnded: hasEnded), $0.view.timeSignature) })
    } else if bars < barCount || sketches[0].stepCount > Self.sketchStepLimit {
      endSketch(sampler, stream: stream, outcome: nil)
    } else {
      nextID = sketches[0].piece.nextID
      nextContext = sketches[0].piece.nextContext
    }
  }

  /// Goes back to the beginning of this piece's bar.
  /// - Parameter outcome: What the parts do in the sketch, and its time signature; nil where it came to nothing.
  private mutating func endSketch(
    _ sampler: LanguageModelSampler, stream: Int, outcome: (wishes: [BarShares.Wish], signature: Int)?
  ) {
    let place = sketches[0].limits, own = sketches[0].state
    if outcome == nil || sketches[0].piece.isFinished {
      sketches.removeAll()
    } else {
      sketches[0].state = sampler.state(ofStream: stream)
      sketches[0].isUnderWay = false
    }
    sampler.setState(own, ofStream: stream)
    nextID = ids[ids.count - 1]
    context?.write(into: &nextContext)
    guard var limits = progress.constraints[place] as? CellLimits else { return }
    limits.divide(outcome?.wishes ?? [], signature: outcome?.signature)
    progress.constraints[place] = limits
    // Who comes back to this bar line finds it divided.
    guard let last = bars.indices.last, bars[last].idCount == ids.count else { return }
    bars[last].progress = progress
    bars[last].sketches = sketches
  }
}
