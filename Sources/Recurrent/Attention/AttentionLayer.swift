internal import Arithmetic

/// Attention of queries over the memories of their own sequences: α = softmax(e), c = Σ α m, with the scores e of an
/// `AttentionConfiguration`.
///
/// N queries of H numbers, M rows of memory of K numbers, in the order of an `AttentionLayout`; P is the length of what is
/// compared: H (= K) for `dot`, H for `general`, the alignment size for `additive`. Threads share the sequences.
final class AttentionLayer {
  let configuration: AttentionConfiguration
  let querySize: Int
  let memorySize: Int
  let comparedSize: Int

  /// α: for each sequence a matrix, queries × rows of memory.
  let weights: AlignedBuffer<Float>
  /// The gradients of the weights, then of the scores.
  let scoreGradients: AlignedBuffer<Float>
  let queryProjection: LinearLayer?
  let keyProjection: LinearLayer?
  /// M × P: the memory as the scores see it; unused by `dot`, which sees it as it is.
  let keys: AlignedBuffer<Float>
  let keyGradients: AlignedBuffer<Float>
  /// N × P: the queries as the additive score sees them.
  let projectedQueries: AlignedBuffer<Float>
  let projectedQueryGradients: AlignedBuffer<Float>
  /// A sequence × P: each sequence's part of the gradient of v, so that the order of the sum is always the same.
  let energyGradients: AlignedBuffer<Float>

  /// The most that one call takes.
  struct Capacity {
    var sequences: Int
    var queries: Int
    var memory: Int
    var weights: Int
    /// Whether there will be backward passes.
    var isTrained: Bool
  }

  init(configuration: AttentionConfiguration, querySize: Int, memorySize: Int, capacity: Capacity) {
    precondition(
      configuration.score != .dot || querySize == memorySize,
      "the dot product of queries of \(querySize) numbers and memory of \(memorySize)")
    self.configuration = configuration
    self.querySize = querySize
    self.memorySize = memorySize
    let isAdditive = configuration.score == .additive
    let size = isAdditive ? configuration.alignmentSize : querySize
    comparedSize = size
    queryProjection = isAdditive ? LinearLayer(inputSize: querySize, outputSize: size) : nil
    keyProjection = configuration.score == .dot ? nil : LinearLayer(inputSize: memorySize, outputSize: size)
    weights = AlignedBuffer(count: capacity.weights)
    let keyCount = configuration.score == .dot ? 0 : capacity.memory * size
    let queryCount = isAdditive ? capacity.queries * size : 0
    keys = AlignedBuffer(count: keyCount)
    projectedQueries = AlignedBuffer(count: queryCount)
    let trained = capacity.isTrained ? 1 : 0
    scoreGradients = AlignedBuffer(count: trained * capacity.weights)
    keyGradients = AlignedBuffer(count: trained * keyCount)
    projectedQueryGradients = AlignedBuffer(count: trained * queryCount)
    energyGradients = AlignedBuffer(count: isAdditive ? trained * capacity.sequences * size : 0)
  }

  /// The layer's tensors or their gradients; nil if the score has none.
  struct Tensors {
    /// P × H.
    var query: UnsafeMutablePointer<Float>?
    /// P × K.
    var key: UnsafeMutablePointer<Float>?
    /// v, P.
    var energy: UnsafeMutablePointer<Float>?
  }

  /// Takes new weights.
  func pack(_ tensors: Tensors) {
    if let queryProjection, let weight = tensors.query { queryProjection.pack(weight) }
    if let keyProjection, let weight = tensors.key { keyProjection.pack(weight) }
  }

  /// What the scores are divided by.
  var scale: Float {
    configuration.isScaled && configuration.score != .additive ? 1 / Float(comparedSize).squareRoot() : 1
  }

  /// Prepares the memory M × K, on which any number of calls of `attend` may follow.
  func projectKeys(memory: UnsafePointer<Float>, rows: Int, team: ThreadTeam) {
    keyProjection?.forward(input: memory, rows: rows, output: keys.baseAddress, team: team)
  }

  /// queries N × H → `weights` and context N × K, whose rows are `contextStride` apart.
  func attend(
    queries: MatrixView, memory: UnsafePointer<Float>, layout: AttentionLayout, tensors: Tensors,
    context: UnsafeMutablePointer<Float>, contextStride: Int, team: ThreadTeam
  ) {
    queryProjection?.forward(queries, into: projectedQueries.baseAddress, team: team)
    team.run { thread in
      for sequence in team.share(of: layout.sequenceCount, threadIndex: thread) {
        let rows = layout.queries(of: sequence), columns = layout.memory(of: sequence)
        let scratch = team.scratch(threadIndex: thread)
        let weights = weights.baseAddress + layout.weightOffsets[sequence]
        score(queries.rows(rows), rows, columns, memory: memory, tensors: tensors, into: weights, scratch)
        for row in 0..<rows.count {
          Kernels.current.softmax(weights + row * columns.count, count: columns.count)
        }
        Kernels.current.multiply(
          MatrixView(weights, rows: rows.count, columns: columns.count),
          MatrixView(memory, rows: layout.memoryCount, columns: memorySize).rows(columns),
          into: context + rows.lowerBound * contextStride, rowStride: contextStride, accumulate: false,
          scratch: scratch)
      }
    }
  }

  private func score(
    _ queries: MatrixView, _ rows: Range<Int>, _ columns: Range<Int>, memory: UnsafePointer<Float>,
    tensors: Tensors, into scores: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let kernels = Kernels.current
    if let energy = tensors.energy {
      for (index, row) in rows.enumerated() {
        kernels.additiveScores(
          rows: columns.count, size: comparedSize, query: projectedQueries.baseAddress + row * comparedSize,
          keys: keys.baseAddress + columns.lowerBound * comparedSize, weight: energy,
          scores: scores + index * columns.count)
      }
    } else {
      kernels.multiply(
        queries, keys(memory, columns).transposed, into: scores, rowStride: columns.count, accumulate: false,
        scratch: scratch)
      if scale != 1 { kernels.scale(scores, by: scale, count: rows.count * columns.count) }
    }
  }

  /// Rows of memory as a product sees them.
  func keys(_ memory: UnsafePointer<Float>, _ rows: Range<Int>) -> MatrixView {
    let values = keyProjection == nil ? memory : UnsafePointer(keys.baseAddress)
    return MatrixView(values, rows: rows.upperBound, columns: comparedSize).rows(rows)
  }
}
