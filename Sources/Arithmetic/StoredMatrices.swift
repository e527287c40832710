internal import CKernels

/// A matrix for products with few vectors, in memory that is owned elsewhere.
package struct StoredMatrix: @unchecked Sendable {
  /// Rows: the length of a product.
  package let rows: Int
  /// Columns: the length of the sums.
  package let columns: Int
  fileprivate let format: WeightFormat
  fileprivate let address: UnsafeRawPointer

  /// How many bytes of scratch a product with `streams` vectors needs.
  package func scratchSize(streams: Int) -> Int {
    Kernels.current.storedScratchSize(format: format, columns: columns, streams: streams)
  }

  /// y_s = W x_s for `streams` vectors, which are `xStride` and `yStride` apart. What a stream gets does not depend on the
  /// others, bit for bit.
  package func multiply(
    _ x: UnsafePointer<Float>, xStride: Int, streams: Int, into y: UnsafeMutablePointer<Float>, yStride: Int,
    scratch: UnsafeMutableRawPointer
  ) {
    Kernels.current.multiplyStored(
      format: format, rows: rows, columns: columns, address, streams: streams, x, xStride: xStride, into: y,
      yStride: yStride, scratch: scratch)
  }
}

/// Matrices after each other in memory, in the order in which a step of a network reads them.
package final class StoredMatrices: @unchecked Sendable {
  /// How the weights lie in memory.
  package let format: WeightFormat
  /// How many bytes they take.
  package var byteCount: Int { memory.count }
  private let memory: AlignedBuffer<UInt8>
  private var matrices: [StoredMatrix] = []

  /// Stores copies of `sources`, matrices whose rows lie after each other.
  package init(_ sources: [MatrixView], format: WeightFormat) {
    let kernels = Kernels.current
    let sizes = sources.map {
      // Every matrix begins on a boundary of 64 bytes.
      (kernels.storedSize(format: format, rows: $0.rows, columns: $0.columns) + 63) / 64 * 64
    }
    self.format = format
    memory = AlignedBuffer(count: sizes.reduce(0, +))
    var address = UnsafeMutableRawPointer(memory.baseAddress)
    for (source, size) in zip(sources, sizes) {
      precondition(
        source.columnStride == 1 && source.rowStride == source.columns, "a matrix with gaps between its rows")
      kernels.store(
        format: format, rows: source.rows, columns: source.columns, source.values, into: address)
      matrices.append(
        StoredMatrix(rows: source.rows, columns: source.columns, format: format, address: address))
      address += size
    }
  }

  /// The matrices in their order; valid while this object is alive.
  package var views: [StoredMatrix] { matrices }
}
