internal import CKernels
internal import Testing

@testable import Arithmetic

/// A table of kernels that this processor can run, under its name.
struct KernelSet: CustomTestStringConvertible, @unchecked Sendable {
  let name: String
  let table: UnsafePointer<gruppetto_kernel_table>

  var testDescription: String { name }

  static let plain = KernelSet(name: "plain", table: gruppetto_kernels_best()).replaced(by: "plain")
  /// All but the plain one.
  static let vectorised = ["avx2", "avx512"].compactMap { name in
    gruppetto_kernels_named(name).map { KernelSet(name: name, table: $0) }
  }

  private func replaced(by name: String) -> KernelSet {
    KernelSet(name: name, table: gruppetto_kernels_named(name) ?? table)
  }

  /// 0, 1, around one, two and four vectors, and something large and odd.
  var sizes: [Int] {
    let w = table.pointee.vector_width
    return [0, 1, w - 1, w, w + 1, 2 * w + 3, 4 * w - 1, 517]
  }
}

/// Floats in −1 … 1 that depend on the seed alone.
func randomFloats(_ count: Int, seed: UInt64, scale: Float = 1) -> [Float] {
  var random = RandomStream(seed: seed, name: "test")
  return (0..<count).map { _ in scale * (2 * random.uniformFloat() - 1) }
}

/// Whether each pair differs by at most `tolerance` times the larger of 1 and the expected size.
func expectClose(_ values: [Float], _ expected: [Float], tolerance: Float, _ what: String) {
  let worst = zip(values, expected).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
  #expect(values.count == expected.count && worst <= tolerance, "\(what): off by \(worst)")
}

@Suite struct KernelTests {
  @Test func theBestKernelsAreAmongTheNamedOnes() {
    let best = String(cString: gruppetto_kernels_best().pointee.name)
    #expect(gruppetto_kernels_named(best) == gruppetto_kernels_best())
    #expect(gruppetto_kernels_named("plain") != nil)
    #expect(gruppetto_kernels_named("abacus") == nil)
  }

  /// The plain product against sums in double precision; all others are then compared with the plain one.
  @Test func plainProductIsTheSumOfProducts() {
    let (m, n, k) = (5, 7, 11)
    let a = randomFloats(m * k, seed: 1), b = randomFloats(k * n, seed: 2)
    let product = multiplied(KernelSet.plain, m, n, k, a, b, isPacked: false)
    for i in 0..<m {
      for j in 0..<n {
        let sum = (0..<k).reduce(0.0) { $0 + Double(a[i * k + $1]) * Double(b[$1 * n + j]) }
        #expect(abs(Double(product[i * n + j]) - sum) < 1e-6)
      }
    }
  }

  @Test(arguments: KernelSet.vectorised, [false, true])
  func productsAgreeWithPlainOnes(kernels: KernelSet, isPacked: Bool) {
    let rows = kernels.table.pointee.tile_rows, columns = kernels.table.pointee.tile_columns
    for m in [0, 1, rows - 1, rows, rows + 1, 131] {
      for n in [0, 1, columns / 3, columns - 1, columns, columns + 1, 12 * columns + 5] {
        for k in [0, 1, 7, 8, 257] where m * n * k < 10_000_000 {
          let a = randomFloats(m * k, seed: 3), b = randomFloats(k * n, seed: 4)
          let tolerance = 4e-7 * Float(max(1, k)).squareRoot() * 4
          expectClose(
            multiplied(kernels, m, n, k, a, b, isPacked: isPacked),
            multiplied(KernelSet.plain, m, n, k, a, b, isPacked: false), tolerance: tolerance,
            "\(m) x \(n) x \(k)")
        }
      }
    }
  }

  @Test(arguments: KernelSet.vectorised)
  func transposedFactorsGiveTheSameProduct(kernels: KernelSet) {
    let (m, n, k) = (37, 101, 63)
    let a = randomFloats(m * k, seed: 5), b = randomFloats(k * n, seed: 6)
    let expected = multiplied(kernels, m, n, k, a, b, isPacked: true)
    let aTransposed = (0..<k * m).map { a[$0 % m * k + $0 / m] }
    let bTransposed = (0..<n * k).map { b[$0 % k * n + $0 / k] }
    var c = [Float](repeating: 0, count: m * n)
    let scratch = AlignedBuffer<Float>(count: kernels.table.pointee.scratch_count)
    kernels.table.pointee.multiply(
      m, n, k, aTransposed, 1, m, bTransposed, 1, k, &c, n, 0, scratch.baseAddress)
    #expect(c == expected, "bit for bit: the order of the sums is a matter of shape alone")
  }

  @Test(arguments: KernelSet.vectorised)
  func accumulationAddsToWhatIsThere(kernels: KernelSet) {
    let (m, n, k) = (9, 50, 300)
    let a = randomFloats(m * k, seed: 7), b = randomFloats(k * n, seed: 8)
    let product = multiplied(KernelSet.plain, m, n, k, a, b, isPacked: false)
    var c = [Float](repeating: 2, count: m * n)
    let scratch = AlignedBuffer<Float>(count: kernels.table.pointee.scratch_count)
    kernels.table.pointee.multiply(m, n, k, a, k, 1, b, n, 1, &c, n, 1, scratch.baseAddress)
    expectClose(c, product.map { $0 + 2 }, tolerance: 1e-5, "accumulated")
  }

  private func multiplied(
    _ kernels: KernelSet, _ m: Int, _ n: Int, _ k: Int, _ a: [Float], _ b: [Float], isPacked: Bool
  ) -> [Float] {
    let table = kernels.table.pointee
    let scratch = AlignedBuffer<Float>(count: table.scratch_count)
    // A row's neighbours must stay as they are: C is wider than the product.
    let stride = n + 3
    var c = [Float](repeating: 9, count: m * stride)
    if isPacked {
      let packed = AlignedBuffer<Float>(count: table.packed_count(k, n))
      table.pack(k, n, b, n, 1, packed.baseAddress)
      table.multiply_packed(m, n, k, a, k, 1, packed.baseAddress, &c, stride, 0, scratch.baseAddress)
    } else {
      table.multiply(m, n, k, a, k, 1, b, n, 1, &c, stride, 0, scratch.baseAddress)
    }
    #expect((0..<m).allSatisfy { i in c[(i * stride + n)..<((i + 1) * stride)].allSatisfy { $0 == 9 } })
    return (0..<m).flatMap { c[$0 * stride..<$0 * stride + n] }
  }

  @Test(arguments: KernelSet.vectorised)
  func matrixTimesVectorAgrees(kernels: KernelSet) {
    for m in [0, 1, 7, 8, 9, 33] {
      for k in kernels.sizes {
        let w = randomFloats(m * k, seed: 9), x = randomFloats(k, seed: 10), bias = randomFloats(m, seed: 11)
        var y = [Float](repeating: 0, count: m), expected = y
        kernels.table.pointee.matrix_vector(m, k, w, x, bias, &y)
        KernelSet.plain.table.pointee.matrix_vector(m, k, w, x, bias, &expected)
        expectClose(y, expected, tolerance: 1e-5, "\(m) x \(k)")
      }
    }
  }

  @Test(arguments: KernelSet.vectorised)
  func gatedStepsAgree(kernels: KernelSet) {
    for h in kernels.sizes {
      let start = randomFloats(4 * h, seed: 12, scale: 3), recurrent = randomFloats(3 * h, seed: 13, scale: 3)
      let biases = randomFloats(6 * h, seed: 14), previous = randomFloats(h, seed: 15)
      let above = randomFloats(h, seed: 16), carry = randomFloats(h, seed: 17)
      let results = [kernels, KernelSet.plain].map { set in
        var gates = start, next = [Float](repeating: 0, count: h), carry = carry
        biases.withUnsafeBufferPointer { biases in
          guard let base = biases.baseAddress else { return }
          set.table.pointee.gru_forward(h, &gates, recurrent, base, base + 3 * h, previous, &next)
        }
        let forward = gates + next
        set.table.pointee.gru_backward(h, &gates, previous, above, &carry)
        return (forward, gates + carry)
      }
      expectClose(results[0].0, results[1].0, tolerance: 1e-6, "forward, \(h) units")
      expectClose(results[0].1, results[1].1, tolerance: 2e-6, "backward, \(h) units")
    }
  }

  @Test(arguments: KernelSet.vectorised)
  func softmaxLossesAgree(kernels: KernelSet) {
    for count in kernels.sizes where count > 0 {
      let logits = randomFloats(count, seed: 18, scale: 20), bias = randomFloats(count, seed: 19)
      for scale in [Float(0), 0.25] {
        var a = logits, b = logits
        let target = count / 2
        let loss = kernels.table.pointee.softmax_cross_entropy(count, &a, bias, target, scale)
        let expected = KernelSet.plain.table.pointee.softmax_cross_entropy(count, &b, bias, target, scale)
        expectClose([loss], [expected], tolerance: 1e-6, "loss of \(count)")
        expectClose(a, b, tolerance: 1e-6, "gradient of \(count)")
      }
    }
  }

  @Test(arguments: KernelSet.vectorised)
  func elementwiseKernelsAgree(kernels: KernelSet) {
    let constants = gruppetto_adamw_step(
      decay: 0.99, beta1: 0.9, beta2: 0.999, step: 0.01, second_correction: 1.5, epsilon: 1e-8)
    for count in kernels.sizes {
      let x = randomFloats(count, seed: 20, scale: 10), y = randomFloats(count, seed: 21)
      let second = randomFloats(count, seed: 22).map { $0 * $0 }
      let results = [kernels, KernelSet.plain].map { set in
        let table = set.table.pointee
        var sum = y, scaled = x, parameters = y, first = x, second = second
        table.add(count, x, &sum)
        table.scale(count, 0.3, &scaled)
        table.adamw(count, constants, x, &parameters, &first, &second)
        return sum + scaled + parameters + first + second + [Float(table.sum_of_squares(count, x))]
      }
      expectClose(results[0], results[1], tolerance: 2e-6, "\(count) elements")
    }
  }

  @Test(arguments: KernelSet.vectorised)
  func columnSumsAgree(kernels: KernelSet) {
    for rows in [0, 1, 63, 64, 65, 300] {
      for columns in kernels.sizes where columns < 100 {
        let x = randomFloats(rows * (columns + 2), seed: 23)
        var a = [Float](repeating: 1, count: columns), b = a
        kernels.table.pointee.add_column_sums(rows, columns, x, columns + 2, &a)
        KernelSet.plain.table.pointee.add_column_sums(rows, columns, x, columns + 2, &b)
        expectClose(a, b, tolerance: 1e-5, "\(rows) x \(columns)")
      }
    }
  }

  /// 2e-7 is under four units in the last place; the gates' gradients agree with double precision to 1e-5 with that.
  @Test(arguments: KernelSet.vectorised)
  func sigmoidAndTanhAreAccurate(kernels: KernelSet) {
    let x = (-4000...4000).map { Float($0) / 200 } + (1...200).map { Float($0) * 1e-5 } + [1e-20, -1e-20, 0]
    var sigmoid = x, tangent = x
    kernels.table.pointee.sigmoid(x.count, &sigmoid)
    kernels.table.pointee.tanh(x.count, &tangent)
    for (index, value) in x.enumerated() {
      let exactSigmoid = 1 / (1 + exponential(-Double(value)))
      let grown = exponential(2 * abs(Double(value)))
      let exactTangent = abs(value) < 1e-4 ? Double(value) : (grown - 1) / (grown + 1) * (value < 0 ? -1 : 1)
      #expect(abs(Double(sigmoid[index]) - exactSigmoid) <= 2e-7 * exactSigmoid, "sigmoid of \(value)")
      #expect(abs(Double(tangent[index]) - exactTangent) <= 2e-7 * abs(exactTangent), "tanh of \(value)")
    }
  }

  @Test(arguments: KernelSet.vectorised)
  func infinityAndNaNAreNotSwallowed(kernels: KernelSet) {
    var sigmoid: [Float] = [.infinity, -.infinity, .nan], tangent = sigmoid
    kernels.table.pointee.sigmoid(3, &sigmoid)
    kernels.table.pointee.tanh(3, &tangent)
    #expect(sigmoid[0] == 1 && sigmoid[1] < 1e-37 && sigmoid[2].isNaN)
    #expect(tangent[0] == 1 && tangent[1] == -1 && tangent[2].isNaN)
  }
}

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

private func exponential(_ x: Double) -> Double { exp(x) }
