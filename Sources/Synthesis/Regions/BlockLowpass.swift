internal import Arithmetic

/// A resonant low-pass filter of second order that computes eight samples at once.
///
/// It is the state-variable filter by trapezoidal integration (Zavalishin, The Art of VA Filter Design, 2012, chapter 4), a linear system of two
/// states: eight outputs are the response of the states and of the eight inputs, and so are the next states. So each output does not have
/// to wait for the one before it.
struct BlockLowpass: BitwiseCopyable {
  private var states = InlineArray<2, Float>(repeating: 0)

  // The system for one sample.
  private var stateToState: (Float, Float, Float, Float) = (0, 0, 0, 0)
  private var inputToState: (Float, Float) = (0, 0)
  private var stateToOutput: (Float, Float) = (0, 0)

  // And for eight.
  private var eight = BlockFilter()

  private var cutoff: Float = -1
  private var resonance: Float = -1
  /// 1/Q, and the part of all frequencies that the resonance leaves.
  private var damping: Float = 1
  private var gain: Float = 1

  /// Forgets what it has heard.
  mutating func clear() {
    states = InlineArray(repeating: 0)
    (cutoff, resonance) = (-1, -1)
  }

  /// - Parameters:
  ///   - cutoff: In cycles a sample.
  ///   - resonance: The height of the peak over the gain at 0 Hz in decibels; half of it is taken off all frequencies (SoundFont 2.04,
  ///     §8.1.3, generator 9).
  mutating func tune(cutoff: Float, resonance: Float) {
    let cutoff = min(max(cutoff, 0.000_1), 0.49)
    if cutoff == self.cutoff, resonance == self.resonance { return }
    self.cutoff = cutoff
    if resonance != self.resonance {
      self.resonance = resonance
      // The peak of a second-order low-pass of quality Q is Q/√(1 − 1/4Q²): this is the Q that has the wanted one, 1/√2 for none.
      let peak = decibels(max(0, resonance))
      let square = peak * peak
      damping = 1 / ((square + (square * square - square).squareRoot()) / 2).squareRoot()
      gain = 1 / peak.squareRoot()
    }
    let g = tangent(.pi * cutoff)
    let a1 = 1 / (1 + g * (g + damping))
    let a2 = g * a1
    let a3 = g * a2
    stateToState = (2 * a1 - 1, -2 * a2, 2 * a2, 1 - 2 * a3)
    inputToState = (2 * a2, 2 * a3)
    stateToOutput = (a2 * gain, (1 - a3) * gain)
    prepareEight(a3 * gain)
  }

  private mutating func prepareEight(_ direct: Float) {
    let (a, b, c, d) = stateToState
    // The square of the matrix takes two steps at once: what holds for a step and the next one is carried on together.
    let (aa, bb, cc, dd) = (a * a + b * c, a * b + b * d, c * a + d * c, c * b + d * d)
    // Outputs: the rows C·Aᵏ for the states, and C·Aᵏ⁻¹·B for the inputs.
    let (x, y) = stateToOutput
    var rows = SIMD4(x, y, x * a + y * c, x * b + y * d)
    // States: the columns Aᵏ·B for the inputs, the latest first, and A⁸ for the states.
    let (p, q) = inputToState
    var columns = SIMD4(p, q, a * p + b * q, c * p + d * q)
    let inputs = SIMD4(p, q, p, q)
    eight.response[7] = direct
    for pair in 0..<4 {
      let index = 2 * pair
      eight.firstToOutputs[index] = rows.x
      eight.firstToOutputs[index + 1] = rows.z
      eight.secondToOutputs[index] = rows.y
      eight.secondToOutputs[index + 1] = rows.w
      let responses = rows * inputs
      eight.response[8 + index] = responses.x + responses.y
      if index < 6 { eight.response[9 + index] = responses.z + responses.w }
      eight.inputsToFirst[7 - index] = columns.x
      eight.inputsToFirst[6 - index] = columns.z
      eight.inputsToSecond[7 - index] = columns.y
      eight.inputsToSecond[6 - index] = columns.w
      rows =
        SIMD4(rows.x, rows.x, rows.z, rows.z) * SIMD4(aa, bb, aa, bb)
        + SIMD4(rows.y, rows.y, rows.w, rows.w) * SIMD4(cc, dd, cc, dd)
      columns =
        SIMD4(columns.x, columns.x, columns.z, columns.z) * SIMD4(aa, cc, aa, cc)
        + SIMD4(columns.y, columns.y, columns.w, columns.w) * SIMD4(bb, dd, bb, dd)
    }
    var power = (aa, bb, cc, dd)
    for _ in 0..<2 {
      let (a, b, c, d) = power
      power = (a * a + b * c, a * b + b * d, c * a + d * c, c * b + d * d)
    }
    eight.states = [power.0, power.1, power.2, power.3]
  }

  /// Filters `frames` samples in place.
  mutating func process(_ samples: UnsafeMutablePointer<Float>, _ frames: Int, _ kernels: Kernels) {
    let whole = frames & ~7
    if whole > 0 {
      withUnsafeMutableBytes(of: &states) { states in
        withUnsafePointer(to: &eight) { filter in
          guard let states = states.assumingMemoryBound(to: Float.self).baseAddress else { return }
          kernels.filter(samples, by: filter, state: states, count: whole)
        }
      }
    }
    for index in whole..<frames { samples[index] = next(samples[index]) }
    // What would become denormal numbers, which are slow, is set to zero.
    if abs(states[0]) < 1e-15 { states[0] = 0 }
    if abs(states[1]) < 1e-15 { states[1] = 0 }
  }

  private mutating func next(_ input: Float) -> Float {
    let (first, second) = (states[0], states[1])
    let (a, b, c, d) = stateToState
    states[0] = a * first + b * second + inputToState.0 * input
    states[1] = c * first + d * second + inputToState.1 * input
    return eight.response[7] * input + stateToOutput.0 * first + stateToOutput.1 * second
  }
}
