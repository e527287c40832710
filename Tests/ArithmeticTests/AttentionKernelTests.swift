internal import CKernels
internal import Testing

@Suite struct AttentionKernelTests {
  @Test(arguments: KernelSet.vectorised)
  func softmaxAgreesForwardAndBackward(kernels: KernelSet) {
    for count in kernels.sizes where count > 0 {
      let x = randomFloats(count, seed: 1, scale: 20), gradient = randomFloats(count, seed: 2)
      let results = [kernels, KernelSet.plain].map { set in
        var y = x, through = gradient
        _ = set.table.pointee.softmax(count, x, &y)
        set.table.pointee.softmax_backward(count, y, &through)
        return (y, through)
      }
      expectClose(results[0].0, results[1].0, tolerance: 1e-6, "softmax of \(count)")
      expectClose(results[0].1, results[1].1, tolerance: 1e-6, "gradient of \(count)")
      #expect(abs(results[0].0.reduce(0, +) - 1) < 1e-5)
    }
  }

  @Test(arguments: KernelSet.vectorised)
  func tanhGradientsAgree(kernels: KernelSet) {
    for count in kernels.sizes {
      let y = randomFloats(count, seed: 3)
      var a = randomFloats(count, seed: 4), b = a
      kernels.table.pointee.tanh_backward(count, y, &a)
      KernelSet.plain.table.pointee.tanh_backward(count, y, &b)
      expectClose(a, b, tolerance: 1e-6, "\(count) elements")
    }
  }

  @Test(arguments: KernelSet.vectorised)
  func additiveScoresAgreeForwardAndBackward(kernels: KernelSet) {
    let rows = 5
    for size in kernels.sizes where size > 0 && size < 100 {
      let query = randomFloats(size, seed: 5), keys = randomFloats(rows * size, seed: 6)
      let weight = randomFloats(size, seed: 7), above = randomFloats(rows, seed: 8)
      let results = [kernels, KernelSet.plain].map { set in
        var scores = [Float](repeating: 0, count: rows)
        var queryGradient = [Float](repeating: 1, count: size), weightGradient = queryGradient
        var keyGradients = [Float](repeating: 1, count: rows * size)
        set.table.pointee.additive_scores(rows, size, query, keys, weight, &scores)
        set.table.pointee.additive_scores_backward(
          rows, size, query, keys, weight, above, &queryGradient, &keyGradients, &weightGradient)
        return scores + queryGradient + keyGradients + weightGradient
      }
      expectClose(results[0], results[1], tolerance: 3e-6, "\(size) units")
    }
  }
}
