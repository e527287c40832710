internal import Arithmetic

/// Makes what the stack takes of ids and frames. N rows, K vocabularies, E numbers an embedded id, F a frame, I = E + F.
final class InputLayer {
  /// N × I: the sum of the embedded ids, and after it the normalized frame; then the gradients of both.
  let output: AlignedBuffer<Float>

  private let input: Network.Input
  private let parameters: ParameterStore
  private let tables: [Int]
  private let normalization: FrameNormalization?
  private let ids: AlignedBuffer<Int32>
  /// B × F, or F for all streams: what is subtracted from a frame, and what it is multiplied by then.
  private let means: AlignedBuffer<Float>
  private let factors: AlignedBuffer<Float>
  private var dropout: Dropout?

  init(network: Network, rowCapacity: Int, streamCapacity: Int) {
    input = network.configuration.input
    parameters = network.parameters
    normalization = network.normalization
    tables = input.vocabularySizes.indices.map { [parameters, configuration = network.configuration] in
      parameters.offset(of: configuration.embeddingName($0))
    }
    output = AlignedBuffer(count: rowCapacity * input.size)
    ids = AlignedBuffer(count: rowCapacity * input.vocabularySizes.count)
    let count = input.frameSize * (input.normalization == .sequence ? streamCapacity : 1)
    means = AlignedBuffer(count: count)
    factors = AlignedBuffer(count: count)
    factors.elements.update(repeating: 1)
    if let normalization {
      means.update(from: normalization.mean)
      factors.update(from: normalization.variance.map { FrameNormalization.factor(variance: $0) })
    }
  }

  /// Decides what is dropped from a batch of this layout; nil lets nothing be dropped.
  func drawDropout(for layout: StepLayout, kind: DropoutKind, from random: inout RandomStream) {
    dropout =
      input.dropout > 0
      ? Dropout(probability: input.dropout, kind: kind, width: input.size, layout: layout, random: &random)
      : nil
  }

  /// Lets nothing be dropped.
  func omitDropout() { dropout = nil }

  /// N × K ids and N × F numbers → `output`. The ids may be given in two parts, the first of each row and the others.
  func forward(
    ids given: Span<Int32>, contexts: Span<Int32>, frames: Span<Float>, layout: StepLayout, team: ThreadTeam
  ) {
    let rows = layout.rowCount, vocabularies = input.vocabularySizes.count
    let width = contexts.isEmpty ? vocabularies : 1
    precondition(
      given.count == rows * width && contexts.count == rows * (vocabularies - width)
        && frames.count == rows * input.frameSize,
      "\(given.count) ids, \(contexts.count) of contexts and \(frames.count) numbers for \(rows) rows of "
        + "\(vocabularies) ids and frames of \(input.frameSize)")
    take(given, width: width, firstVocabulary: 0, rows: rows)
    if width < vocabularies {
      take(contexts, width: vocabularies - width, firstVocabulary: width, rows: rows)
    }
    if vocabularies > 0 { embed(rows: rows, team: team) }
    if input.frameSize > 0 {
      frames.withUnsafeBufferPointer { frames in
        guard let frames = frames.baseAddress else { return }
        if input.normalization == .sequence { measure(frames, layout, team) }
        normalize(frames, layout, team)
      }
    }
    dropout?.apply(to: output.baseAddress, layout: layout, team: team)
  }

  /// The gradient of `output`, which is there, → the tables' gradients, which are added to. Threads share the columns,
  /// so that each sum keeps its order.
  func backward(layout: StepLayout, gradients: AlignedBuffer<Float>, team: ThreadTeam) {
    guard !tables.isEmpty else { return }
    dropout?.apply(to: output.baseAddress, layout: layout, team: team)
    team.run { thread in
      let columns = team.share(of: input.embeddingSize, unit: 16, threadIndex: thread)
      guard !columns.isEmpty else { return }
      for row in 0..<layout.rowCount {
        for (k, table) in tables.enumerated() {
          let id = ids.baseAddress[row * tables.count + k]
          guard id >= 0 else { continue }
          Kernels.current.add(
            output.baseAddress + row * input.size + columns.lowerBound,
            to: gradients.baseAddress + table + Int(id) * input.embeddingSize + columns.lowerBound,
            count: columns.count)
        }
      }
    }
  }

  /// Copies the ids of some vocabularies in and checks them.
  private func take(_ given: Span<Int32>, width: Int, firstVocabulary: Int, rows: Int) {
    let vocabularies = input.vocabularySizes.count
    for k in 0..<width {
      let size = input.vocabularySizes[firstVocabulary + k]
      for row in 0..<rows {
        let id = given[row * width + k]
        precondition(id >= -1 && Int(id) < size, "id \(id) is outside a vocabulary of \(size)")
        ids.baseAddress[row * vocabularies + firstVocabulary + k] = id
      }
    }
  }

  private func embed(rows: Int, team: ThreadTeam) {
    let size = input.embeddingSize, weights = parameters.values.baseAddress
    team.run { thread in
      for row in team.share(of: rows, threadIndex: thread) {
        let sum = output.baseAddress + row * input.size
        var isEmpty = true
        for (k, table) in tables.enumerated() {
          let id = ids.baseAddress[row * tables.count + k]
          guard id >= 0 else { continue }
          let embedded = weights + table + Int(id) * size
          if isEmpty {
            sum.update(from: embedded, count: size)
          } else {
            Kernels.current.add(embedded, to: sum, count: size)
          }
          isEmpty = false
        }
        if isEmpty { sum.update(repeating: 0, count: size) }
      }
    }
  }

  /// Mean and variance of each stream's frames.
  private func measure(_ frames: UnsafePointer<Float>, _ layout: StepLayout, _ team: ThreadTeam) {
    let size = input.frameSize
    team.run { thread in
      for stream in stride(from: thread, to: layout.streamCount, by: team.threadCount) {
        for i in 0..<size {
          var count = 0.0, sum = 0.0, squares = 0.0
          for step in 0..<layout.lengths[stream] {
            let value = frames[layout.row(step: step, stream: stream) * size + i]
            guard !value.isNaN else { continue }
            count += 1
            sum += Double(value)
          }
          let mean = count > 0 ? sum / count : 0
          for step in 0..<layout.lengths[stream] {
            let difference = Double(frames[layout.row(step: step, stream: stream) * size + i]) - mean
            if !difference.isNaN { squares += difference * difference }
          }
          means.baseAddress[stream * size + i] = Float(mean)
          factors.baseAddress[stream * size + i] =
            FrameNormalization.factor(variance: count > 0 ? Float(squares / count) : 0)
        }
      }
    }
  }

  private func normalize(_ frames: UnsafePointer<Float>, _ layout: StepLayout, _ team: ThreadTeam) {
    let size = input.frameSize, isOfStream = input.normalization == .sequence
    team.run { thread in
      let rows = team.share(of: layout.rowCount, threadIndex: thread)
      for step in 0..<layout.stepCount {
        let first = layout.offsets[step]
        for row in rows.clamped(to: first..<layout.offsets[step + 1]) {
          let place = isOfStream ? (row - first) * size : 0
          InputLayer.normalize(
            frames + row * size, mean: means.baseAddress + place, factor: factors.baseAddress + place,
            into: output.baseAddress + row * input.size + input.embeddingSize, count: size)
        }
      }
    }
  }

  /// (frame − mean) · factor, and 0 for what is missing.
  static func normalize(
    _ frame: UnsafePointer<Float>, mean: UnsafePointer<Float>, factor: UnsafePointer<Float>,
    into output: UnsafeMutablePointer<Float>, count: Int
  ) {
    for i in 0..<count { output[i] = frame[i].isNaN ? 0 : (frame[i] - mean[i]) * factor[i] }
  }
}
