internal import Arithmetic

/// (f(x + ε) − f(x − ε)) / 2ε for the numbers of these indices.
///
/// In Float a sum f of size 1 is known to about 1e-7, so the quotient's rounding error is 1e-7 / ε, while its truncation
/// error grows as ε². ε = 1e-2 with losses added in Double keeps both near 1e-4 of a gradient of size 1. Compared are whole
/// tensors, since single elements may be as small as one likes: ‖a − b‖ / ‖b‖ < 2e-3.
func centralDifferences(
  _ values: UnsafeMutablePointer<Float>, _ indices: [Int], step: Float = 1e-2, _ loss: () -> Double
) -> [Float] {
  indices.map { index in
    let value = values[index]
    defer { values[index] = value }
    values[index] = value + step
    let above = loss(), high = values[index]
    values[index] = value - step
    let below = loss(), low = values[index]
    return Float((above - below) / Double(high - low))
  }
}

/// The same for all numbers of a buffer.
func centralDifferences(
  _ values: AlignedBuffer<Float>, step: Float = 1e-2, _ loss: () -> Double
) -> [Float] {
  centralDifferences(values.baseAddress, Array(0..<values.count), step: step, loss)
}

func randomBuffer(_ count: Int, _ seed: UInt64, scale: Float = 0.5) -> AlignedBuffer<Float> {
  var random = RandomStream(seed: seed, name: "values")
  return AlignedBuffer((0..<count).map { _ in scale * (2 * random.uniformFloat() - 1) })
}

func weightedSum(_ a: AlignedBuffer<Float>, _ b: AlignedBuffer<Float>) -> Double {
  zip(a.elements, b.elements).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}
