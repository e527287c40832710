internal import CKernels
internal import KernelChecks
internal import Testing

@testable import Arithmetic

/// A table of kernels that this processor can run, under its name.
struct KernelSet: CustomTestStringConvertible, @unchecked Sendable {
  let name: String
  let table: UnsafePointer<gruppetto_kernel_table>

  var testDescription: String { name }

  static let plain = KernelSet(name: "plain", table: gruppetto_kernels_best()).replaced(by: "plain")
  /// All but the plain one.
  static let vectorized = Kernels.available.filter { $0 != "plain" }.compactMap { name in
    gruppetto_kernels_named(name).map { KernelSet(name: name, table: $0) }
  }

  private func replaced(by name: String) -> KernelSet {
    KernelSet(name: name, table: gruppetto_kernels_named(name) ?? table)
  }
}

/// A comparison of one kernel, or of a few that belong together, with the plain ones.
struct KernelCheck: CustomTestStringConvertible {
  let index: Int
  let testDescription: String

  static let all: [KernelCheck] = {
    var checks: [KernelCheck] = []
    while let name = gruppetto_kernel_check_name(checks.count) {
      checks.append(KernelCheck(index: checks.count, testDescription: String(cString: name)))
    }
    return checks
  }()
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
  @Test("The best kernels are among the named ones") func theBestKernelsAreAmongTheNamedOnes() {
    let best = String(cString: gruppetto_kernels_best().pointee.name)
    #expect(gruppetto_kernels_named(best) == gruppetto_kernels_best())
    #expect(gruppetto_kernels_named("plain") != nil)
    #expect(gruppetto_kernels_named("abacus") == nil)
    #expect(Kernels.available.first == best)
    #expect(Kernels.available.last == "plain")
  }

  @Test("A name that means nothing is refused where one asks and passed over elsewhere")
  func aNameThatMeansNothingIsRefusedWhereOneAsksAndPassedOverElsewhere() throws {
    let error = #expect(throws: KernelsError.self) { try Kernels(name: "abacus") }
    #expect(error?.message.contains("GRUPPETTO_KERNELS=abacus") == true)
    #expect(Kernels(nameOrBest: "abacus").name == Kernels.available.first)
    for name in Kernels.available {
      #expect(try Kernels(name: name).name == name && Kernels(nameOrBest: name).name == name)
    }
    #expect(try Kernels(name: nil).name == Kernels.available.first)
  }

  @Test("Kernels that this processor lacks are an error") func kernelsThatThisProcessorLacksAreAnError() {
    #expect(throws: KernelsError(name: "abacus", available: Kernels.available)) {
      try Kernels(name: "abacus")
    }
  }

  /// The plain product against sums in double precision; all others are then compared with the plain one.
  @Test("Plain product is the sum of products") func plainProductIsTheSumOfProducts() {
    let (m, n, k) = (5, 7, 11)
    let a = randomFloats(m * k, seed: 1), b = randomFloats(k * n, seed: 2)
    var product = [Float](repeating: 2, count: m * n)
    let scratch = AlignedBuffer<Float>(count: KernelSet.plain.table.pointee.scratch_count)
    KernelSet.plain.table.pointee.multiply(m, n, k, a, k, 1, b, n, 1, &product, n, 0, scratch.baseAddress)
    for i in 0..<m {
      for j in 0..<n {
        let sum = (0..<k).reduce(0.0) { $0 + Double(a[i * k + $1]) * Double(b[$1 * n + j]) }
        #expect(abs(Double(product[i * n + j]) - sum) < 1e-6)
      }
    }
  }

  @Test("Every kernel agrees with the plain one", arguments: KernelSet.vectorized, KernelCheck.all)
  func everyKernelAgreesWithThePlainOne(kernels: KernelSet, check: KernelCheck) {
    var report = [CChar](repeating: 0, count: 256)
    let agrees = gruppetto_run_kernel_check(check.index, kernels.table, &report, report.count)
    #expect(
      agrees == 1, "\(report.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" })")
  }

  @Test("No kernel is without a check") func noKernelIsWithoutACheck() {
    #expect(
      gruppetto_unchecked_kernel() == -1, "the place of a function in the table; see KernelChecks/checks.c")
  }

  /// 2e-7 is under four units in the last place; the gates' gradients agree with double precision to 1e-5 with that.
  @Test("Sigmoid and tanh are accurate", arguments: KernelSet.vectorized)
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

  @Test(
    "Broken numbers survive storing", arguments: [KernelSet.plain] + KernelSet.vectorized,
    [gruppetto_float32, gruppetto_float16, gruppetto_int8])
  func brokenNumbersSurviveStoring(kernels: KernelSet, format: gruppetto_weight_format) {
    let table = kernels.table.pointee, (m, k) = (3, 40)
    for broken in [Float.nan, .infinity] {
      for isInVector in [false, true] {
        var w = [Float](repeating: 0.5, count: m * k), x = [Float](repeating: 1, count: k)
        if isInVector { x[7] = broken } else { w[k + 7] = broken }
        let stored = AlignedBuffer<UInt8>(count: table.stored_size(format, m, k))
        let scratch = AlignedBuffer<UInt8>(count: table.stored_scratch_size(format, k, 1))
        var y = [Float](repeating: 0, count: m)
        table.store_matrix(format, m, k, w, stored.baseAddress)
        table.multiply_stored(format, m, k, stored.baseAddress, 1, x, k, &y, m, scratch.baseAddress)
        #expect(!y[1].isFinite, "\(broken) in the \(isInVector ? "vector" : "matrix")")
        #expect(y[0].isFinite != isInVector)
      }
    }
  }

  /// Every float16 is stored as itself, and what lies between two goes to the nearer, of equally near ones to the even.
  @Test("float16 is rounded as IEEE says", arguments: [KernelSet.plain] + KernelSet.vectorized)
  func float16IsRoundedAsIEEESays(kernels: KernelSet) {
    let table = kernels.table.pointee
    let steps: [Float] = [0, 0x1p-24, 0x3p-24, 0x3FFp-24, 0x1p-14, 1 + 0x1p-10, 65504]
    let between: [Float] = [0x1.8p-25, 1 + 0x1p-11, 1 + 0x1.8p-10, 0x1p-25, 65519, 65520, 2049, 2051]
    let rounded: [Float] = [0x1p-24, 1, 1 + 0x1p-9, 0, 65504, .infinity, 2048, 2052]
    let w = steps + between, expected = steps + rounded
    for sign in [Float(1), -1] {
      let stored = AlignedBuffer<UInt8>(count: table.stored_size(gruppetto_float16, w.count, 1))
      var y = [Float](repeating: 9, count: w.count), scratch: UInt8 = 0
      table.store_matrix(gruppetto_float16, w.count, 1, w.map { sign * $0 }, stored.baseAddress)
      table.multiply_stored(
        gruppetto_float16, w.count, 1, stored.baseAddress, 1, [1], 1, &y, w.count, &scratch)
      #expect(y == expected.map { sign * $0 })
    }
  }

  @Test("Infinity and na n are not swallowed", arguments: KernelSet.vectorized)
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
