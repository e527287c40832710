/// A matrix in memory that is owned elsewhere: element (i, j) is `i * rowStride + j * columnStride` elements behind
/// the first.
package struct MatrixView {
  package var values: UnsafePointer<Float>
  package var rows: Int
  package var columns: Int
  package var rowStride: Int
  package var columnStride: Int

  /// Rows that lie one after the other, `rowStride` apart (by default without a gap).
  package init(_ values: UnsafePointer<Float>, rows: Int, columns: Int, rowStride: Int? = nil) {
    self.values = values
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride ?? columns
    columnStride = 1
  }

  /// The same memory with rows as columns.
  package var transposed: MatrixView {
    var result = self
    (result.rows, result.columns) = (columns, rows)
    (result.rowStride, result.columnStride) = (columnStride, rowStride)
    return result
  }

  /// Some of the rows.
  package func rows(_ range: Range<Int>) -> MatrixView {
    var result = self
    result.values += range.lowerBound * rowStride
    result.rows = range.count
    return result
  }

  /// Some of the columns.
  package func columns(_ range: Range<Int>) -> MatrixView {
    var result = self
    result.values += range.lowerBound * columnStride
    result.columns = range.count
    return result
  }
}

/// The right-hand factor of many products, in the order in which the kernel reads it.
package final class PackedMatrix: Sendable {
  /// Rows of the factor: the length of the sums.
  package let rows: Int
  /// Columns of the factor and of the product.
  package let columns: Int
  private let buffer: AlignedBuffer<Float>

  /// Room for a `rows` x `columns` factor, all zero.
  package init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    buffer = AlignedBuffer(count: Kernels.current.packedCount(rows: rows, columns: columns))
  }

  package var values: UnsafePointer<Float> { UnsafePointer(buffer.baseAddress) }

  /// Takes `matrix` for the factor.
  package func update(from matrix: MatrixView) {
    precondition(
      matrix.rows == rows && matrix.columns == columns,
      "a \(matrix.rows) x \(matrix.columns) matrix for a factor of \(rows) x \(columns)")
    Kernels.current.pack(matrix, into: buffer.baseAddress)
  }
}

extension ThreadTeam {
  /// C = A B, or C += A B; rows of C are `rowStride` apart (by default without a gap). Shared out by rows.
  package func multiply(
    _ a: MatrixView, _ b: PackedMatrix, into c: UnsafeMutablePointer<Float>, rowStride: Int? = nil,
    accumulate: Bool = false
  ) {
    precondition(a.columns == b.rows, "\(a.columns) columns times \(b.rows) rows")
    let kernels = Kernels.current
    let rowStride = rowStride ?? b.columns
    run { thread in
      let rows = share(of: a.rows, unit: kernels.tileRows, threadIndex: thread)
      guard !rows.isEmpty else { return }
      kernels.multiply(
        a.rows(rows), packed: b.values, into: c + rows.lowerBound * rowStride, columns: b.columns,
        rowStride: rowStride, accumulate: accumulate, scratch: scratch(threadIndex: thread))
    }
  }

  /// C = A B, or C += A B, for factors that are used once. Shared out by rows or by columns, whichever are more: every
  /// thread packs its share of one factor and all of the other, which should be the smaller.
  package func multiply(
    _ a: MatrixView, _ b: MatrixView, into c: UnsafeMutablePointer<Float>, rowStride: Int? = nil,
    accumulate: Bool = false
  ) {
    precondition(a.columns == b.rows, "\(a.columns) columns times \(b.rows) rows")
    let kernels = Kernels.current
    let rowStride = rowStride ?? b.columns
    let isSharedByRows = a.rows >= b.columns
    run { thread in
      let share =
        isSharedByRows
        ? share(of: a.rows, unit: kernels.tileRows, threadIndex: thread)
        : share(of: b.columns, unit: kernels.tileColumns, threadIndex: thread)
      guard !share.isEmpty else { return }
      kernels.multiply(
        isSharedByRows ? a.rows(share) : a, isSharedByRows ? b : b.columns(share),
        into: c + share.lowerBound * (isSharedByRows ? rowStride : 1), rowStride: rowStride,
        accumulate: accumulate, scratch: scratch(threadIndex: thread))
    }
  }

  /// sums[j] += the sum over the rows of `matrix` of element j. Shared out by columns.
  package func addColumnSums(of matrix: MatrixView, to sums: UnsafeMutablePointer<Float>) {
    run { thread in
      let columns = share(of: matrix.columns, unit: 16, threadIndex: thread)
      guard !columns.isEmpty else { return }
      Kernels.current.addColumnSums(
        matrix.values + columns.lowerBound, rows: matrix.rows, columns: columns.count,
        rowStride: matrix.rowStride,
        to: sums + columns.lowerBound)
    }
  }
}
