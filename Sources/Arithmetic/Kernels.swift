internal import CKernels

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The kernels of one instruction set, in Swift's terms. Which set runs is settled once, at the first use: the best
/// that the processor has, or the one that the environment variable `GRUPPETTO_KERNELS` names, if there is one of that
/// name here.
///
/// Pointers are to Float; strides and counts are in elements. Documentation of each kernel: `CKernels.h`.
package struct Kernels: @unchecked Sendable, BitwiseCopyable {
  let table: UnsafePointer<gruppetto_kernel_table>

  /// The kernels in use. A name in the environment that means nothing here is passed over, for it is no reason to end a
  /// program that this is only a part of; a program that offers the choice to its user calls `check` when it starts.
  package static let current = Kernels(nameOrBest: environmentName)

  /// Checks that the environment names no kernels, or some that can run here.
  package static func check() throws(KernelsError) {
    _ = try Kernels(name: environmentName)
  }

  /// The names of all kernels that this processor can run, the fastest first.
  package static var available: [String] {
    var names: [String] = []
    while let table = gruppetto_kernels_at(names.count) { names.append(String(cString: table.pointee.name)) }
    return names
  }

  /// The kernels of this name; without one, the fastest.
  package init(name: String?) throws(KernelsError) {
    if let name, gruppetto_kernels_named(name) == nil {
      throw KernelsError(name: name, available: Self.available)
    }
    self.init(nameOrBest: name)
  }

  /// The kernels of this name; without one, or where this processor runs none of it, the fastest.
  init(nameOrBest name: String?) {
    table = name.flatMap { gruppetto_kernels_named($0) } ?? gruppetto_kernels_best()
  }

  private static var environmentName: String? {
    guard let value = getenv("GRUPPETTO_KERNELS"), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  /// `plain`, `avx2`, `avx512` or `neon`.
  package var name: String { String(cString: table.pointee.name) }
  /// The unit in which rows of a product are best shared among threads.
  package var tileRows: Int { table.pointee.tile_rows }
  /// The unit in which columns of a product are best shared among threads.
  package var tileColumns: Int { table.pointee.tile_columns }
  /// How many floats a product needs as scratch.
  package var scratchCount: Int { table.pointee.scratch_count }

  package func packedCount(rows: Int, columns: Int) -> Int { table.pointee.packed_count(rows, columns) }

  package func pack(_ matrix: MatrixView, into packed: UnsafeMutablePointer<Float>) {
    table.pointee.pack(
      matrix.rows, matrix.columns, matrix.values, matrix.rowStride, matrix.columnStride, packed)
  }

  package func multiply(
    _ a: MatrixView, packed: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>, columns: Int,
    rowStride: Int, accumulate: Bool, scratch: UnsafeMutablePointer<Float>
  ) {
    table.pointee.multiply_packed(
      a.rows, columns, a.columns, a.values, a.rowStride, a.columnStride, packed, c, rowStride,
      accumulate ? 1 : 0, scratch)
  }

  package func multiply(
    _ a: MatrixView, _ b: MatrixView, into c: UnsafeMutablePointer<Float>, rowStride: Int, accumulate: Bool,
    scratch: UnsafeMutablePointer<Float>
  ) {
    table.pointee.multiply(
      a.rows, b.columns, a.columns, a.values, a.rowStride, a.columnStride, b.values, b.rowStride,
      b.columnStride, c, rowStride, accumulate ? 1 : 0, scratch)
  }

  /// y = W x + bias for a W of `rows` x `columns`.
  package func multiply(
    rows: Int, columns: Int, _ w: UnsafePointer<Float>, _ x: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?,
    into y: UnsafeMutablePointer<Float>
  ) {
    table.pointee.matrix_vector(rows, columns, w, x, bias, y)
  }

  package func storedSize(format: WeightFormat, rows: Int, columns: Int) -> Int {
    table.pointee.stored_size(format.kernelFormat, rows, columns)
  }

  package func store(
    format: WeightFormat, rows: Int, columns: Int, _ w: UnsafePointer<Float>,
    into stored: UnsafeMutableRawPointer
  ) {
    table.pointee.store_matrix(format.kernelFormat, rows, columns, w, stored)
  }

  package func storedScratchSize(format: WeightFormat, columns: Int, streams: Int) -> Int {
    table.pointee.stored_scratch_size(format.kernelFormat, columns, streams)
  }

  package func multiplyStored(
    format: WeightFormat, rows: Int, columns: Int, _ stored: UnsafeRawPointer, streams: Int,
    _ x: UnsafePointer<Float>, xStride: Int, into y: UnsafeMutablePointer<Float>, yStride: Int,
    scratch: UnsafeMutableRawPointer
  ) {
    table.pointee.multiply_stored(
      format.kernelFormat, rows, columns, stored, streams, x, xStride, y, yStride, scratch)
  }

  package func softmaxCrossEntropy(
    count: Int, logits: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>, target: Int, scale: Float
  ) -> Float {
    table.pointee.softmax_cross_entropy(count, logits, bias, target, scale)
  }

  /// - Returns: log Σ exp of the logits.
  @discardableResult
  package func softmax(
    count: Int, logits: UnsafePointer<Float>, probabilities: UnsafeMutablePointer<Float>?
  ) -> Float {
    table.pointee.softmax(count, logits, probabilities)
  }

  /// The sum of the values whose key is at least `threshold`.
  package func sum(
    of values: UnsafePointer<Float>, whereAtLeast threshold: Float, _ keys: UnsafePointer<Float>, count: Int
  ) -> Float {
    table.pointee.sum_at_least(count, threshold, keys, values)
  }

  package func bernoulliCrossEntropy(
    count: Int, logits: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>,
    targets: UnsafePointer<Float>,
    scale: Float
  ) -> Float {
    table.pointee.bernoulli_cross_entropy(count, logits, bias, targets, scale)
  }

  package func add(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int) {
    table.pointee.add(count, x, y)
  }

  package func scale(_ x: UnsafeMutablePointer<Float>, by factor: Float, count: Int) {
    table.pointee.scale(count, factor, x)
  }

  package func sumOfSquares(_ x: UnsafePointer<Float>, count: Int) -> Double {
    table.pointee.sum_of_squares(count, x)
  }

  package func addColumnSums(
    _ x: UnsafePointer<Float>, rows: Int, columns: Int, rowStride: Int, to sums: UnsafeMutablePointer<Float>
  ) {
    table.pointee.add_column_sums(rows, columns, x, rowStride, sums)
  }

  /// x becomes tanh(x).
  package func tanh(_ x: UnsafeMutablePointer<Float>, count: Int) { table.pointee.tanh(count, x) }

  /// The gradient of y = tanh(x) becomes that of x.
  package func tanhBackward(y: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>, count: Int) {
    table.pointee.tanh_backward(count, y, gradient)
  }

  /// x becomes softmax(x).
  package func softmax(_ x: UnsafeMutablePointer<Float>, count: Int) {
    _ = table.pointee.softmax(count, x, x)
  }

  /// The gradient of y = softmax(x) becomes that of x.
  package func softmaxBackward(y: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>, count: Int) {
    table.pointee.softmax_backward(count, y, gradient)
  }

  package func additiveScores(
    rows: Int, size: Int, query: UnsafePointer<Float>, keys: UnsafePointer<Float>,
    weight: UnsafePointer<Float>, scores: UnsafeMutablePointer<Float>
  ) {
    table.pointee.additive_scores(rows, size, query, keys, weight, scores)
  }

  /// The gradients of query, keys and weight are added to.
  package func additiveScoresBackward(
    rows: Int, size: Int, query: UnsafePointer<Float>, keys: UnsafePointer<Float>,
    weight: UnsafePointer<Float>, scoreGradients: UnsafePointer<Float>,
    queryGradient: UnsafeMutablePointer<Float>, keyGradients: UnsafeMutablePointer<Float>,
    weightGradient: UnsafeMutablePointer<Float>
  ) {
    table.pointee.additive_scores_backward(
      rows, size, query, keys, weight, scoreGradients, queryGradient, keyGradients, weightGradient)
  }

  /// Runs fused multiply-adds that touch no memory.
  /// - Returns: how many floating-point operations they were.
  package func runPeak(iterations: Int) -> Double { table.pointee.peak(iterations) }

  /// Inverted dropout of `count` elements that begin at index `first` of the random blocks from `counter` on; see
  /// `gruppetto_dropout`.
  package func dropOut(
    _ x: UnsafeMutablePointer<Float>, count: Int, probability: Double, key: UInt64, counter: UInt64,
    first: Int
  ) {
    gruppetto_dropout(key, counter, first, count, probability, x)
  }
}
