internal import Arithmetic
internal import Testing

@testable import Recurrent

@Suite struct StackTests {
  private static let ragged = StepLayout(lengths: [9, 9, 7, 7, 7, 4, 3, 3, 2, 1, 1])

  @Test(
    "The result is bit for bit the same for any number of threads", arguments: Cell.allCases, [false, true])
  func theResultIsBitForBitTheSameForAnyNumberOfThreads(cell: Cell, isBidirectional: Bool) {
    let configuration = StackConfiguration(
      cell: cell, hiddenSize: 21, layerCount: 2, isBidirectional: isBidirectional, dropout: 0.2,
      dropoutKind: .locked, isResidual: true, normalizesLayers: true)
    for layout in [Self.ragged, StepLayout(streamCount: 40, stepCount: 3), StepLayout(lengths: [5])] {
      let results = (1...4).map { threadCount in
        let problem = StackProblem(configuration, inputSize: 13, layout: layout, threadCount: threadCount)
        problem.forward()
        let forward = problem.stack.output.array + problem.stack.state.array
        problem.backward()
        return forward + problem.gradients.array + problem.inputGradient.array
          + problem.stack.stateGradient.array
      }
      for result in results { #expect(result == results[0]) }
    }
  }

  /// Each stream by itself gives what it gives among the others.
  @Test("Streams do not touch each other", arguments: Cell.allCases, [false, true])
  func streamsDoNotTouchEachOther(cell: Cell, isBidirectional: Bool) {
    let configuration = StackConfiguration(
      cell: cell, hiddenSize: 7, layerCount: 2, isBidirectional: isBidirectional)
    let layout = Self.ragged, inputs = 5, outputs = configuration.outputSize
    let together = StackProblem(configuration, inputSize: inputs, layout: layout)
    together.firstState.clear()
    together.forward()
    for (stream, length) in layout.lengths.enumerated() {
      let alone = StackProblem(configuration, inputSize: inputs, layout: StepLayout(lengths: [length]))
      alone.firstState.clear()
      alone.parameters.values.update(from: together.parameters.values.elements)
      for step in 0..<length {
        let row = layout.row(step: step, stream: stream)
        for i in 0..<inputs { alone.input[step * inputs + i] = together.input[row * inputs + i] }
      }
      alone.forward()
      for step in 0..<length {
        let row = layout.row(step: step, stream: stream)
        let expected = together.stack.output.elements[row * outputs..<(row + 1) * outputs]
        let found = alone.stack.output.elements[step * outputs..<(step + 1) * outputs]
        #expect(relativeDistance(found, expected) < 1e-6)
      }
      for layer in 0..<2 {
        for direction in 0..<configuration.directionCount {
          let width = together.stack.stateWidth
          let from = together.stack.stateOffset(layer: layer, direction: direction) + stream * width
          let to = alone.stack.stateOffset(layer: layer, direction: direction)
          #expect(
            relativeDistance(
              alone.stack.state.elements[to..<to + width], together.stack.state.elements[from..<from + width])
              < 1e-6)
        }
      }
    }
  }

  /// The second direction is the first over the streams turned round.
  @Test("The second direction reads backward") func theSecondDirectionReadsBackward() {
    let layout = StepLayout(streamCount: 2, stepCount: 4), inputs = 3, hidden = 4
    let both = StackProblem(
      StackConfiguration(cell: .lstm, hiddenSize: hidden, layerCount: 1, isBidirectional: true),
      inputSize: inputs, layout: layout)
    let one = StackProblem(
      StackConfiguration(cell: .lstm, hiddenSize: hidden, layerCount: 1), inputSize: inputs, layout: layout)
    one.parameters.values.update(
      from: both.parameters.entries.filter { $0.name.hasSuffix("_reverse") }.flatMap {
        both.parameters.values.elements[$0.range]
      })
    both.firstState.clear()
    one.firstState.clear()
    for row in 0..<8 {
      let mirrored = (3 - row / 2) * 2 + row % 2
      for i in 0..<inputs { one.input[row * inputs + i] = both.input[mirrored * inputs + i] }
    }
    both.forward()
    one.forward()
    for row in 0..<8 {
      let mirrored = (3 - row / 2) * 2 + row % 2
      #expect(
        Array(one.stack.output.elements[row * hidden..<(row + 1) * hidden])
          == Array(both.stack.output.elements[mirrored * 2 * hidden + hidden..<(mirrored + 1) * 2 * hidden]))
    }
  }

  @Test("Locked dropout keeps a unit for all steps") func lockedDropoutKeepsAUnitForAllSteps() {
    let layout = StepLayout(lengths: [6, 4, 4, 1]), width = 50
    var random = RandomStream(seed: 3, name: "dropout")
    let dropout = Dropout(probability: 0.4, kind: .locked, width: width, layout: layout, random: &random)
    let values = AlignedBuffer<Float>([Float](repeating: 3, count: layout.rowCount * width))
    dropout.apply(to: values.baseAddress, layout: layout, team: ThreadTeam(threadCount: 3))
    // What is kept grows by 1 / 0.6, with the probability rounded to 65536ths.
    let kept = 3 * Float(65536) / Float(65536 - 26214)
    #expect(Set(values.elements) == [0, kept])
    let masks = (0..<4).map { Array(values.elements[$0 * width..<($0 + 1) * width]) }
    for (stream, length) in layout.lengths.enumerated() {
      for step in 0..<length {
        let row = layout.row(step: step, stream: stream)
        #expect(Array(values.elements[row * width..<(row + 1) * width]) == masks[stream])
      }
    }
    #expect(Set(masks).count == 4)
    let share = Double(masks.joined().count { $0 == 0 }) / 200
    #expect(abs(share - 0.4) < 0.12)
  }

  /// Streams are cut among threads so that none has much more to do than another, and each has one thread.
  @Test("Threads share the rows", arguments: [1, 2])
  func threadsShareTheRows(directionCount: Int) {
    var random = RandomStream(seed: 8, name: "lengths")
    let lengths = (0..<90).map { _ in 1 + random.integer(below: 60) }.sorted(by: >)
    let layout = StepLayout(lengths: lengths)
    for threadCount in 1...4 {
      var rows = [Int](repeating: 0, count: threadCount)
      for direction in 0..<directionCount {
        var seen: [Int] = []
        for thread in 0..<threadCount {
          let streams = layout.streams(
            ofThread: thread, of: threadCount, direction: direction, directionCount: directionCount)
          seen += streams
          rows[thread] += streams.reduce(0) { $0 + lengths[$1] }
        }
        #expect(seen == Array(0..<90))
      }
      let share = Double(layout.rowCount * directionCount) / Double(threadCount)
      // A cut stands between two tiles of streams, at the nearer end of the one that it would go through.
      let tile = Double(Kernels.current.tileRows * 60)
      for count in rows { #expect(abs(Double(count) - share) <= tile, "\(rows)") }
    }
  }
}
