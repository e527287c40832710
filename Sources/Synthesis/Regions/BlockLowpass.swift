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
    self.resonance = resonance
    // The peak of a second-order low-pass of quality Q is Q/√(1 − 1/4Q²): this is the Q that has the wanted one, 1/√2 for none.
    let peak = decibels(max(0, resonance))
    let square = peak * peak
    let quality = ((square + (square * square - square).squareRoot()) / 2).squareRoot()
    let g = tangent(.pi * cutoff)
    let a1 = 1 / (1 + g * (g + 1 / quality))
    let a2 = g * a1
    let a3 = g * a2
    let direct = a3 / peak.squareRoot()
    stateToState = (2 * a1 - 1, -2 * a2, 2 * a2, 1 - 2 * a3)
    inputToState = (2 * a2, 2 * a3)
    let gain = 1 / peak.squareRoot()
    stateToOutput = (a2 * gain, (1 - a3) * gain)
    prepareEight(direct)
  }

  private mutating func prepareEight(_ direct: Float) {
    let (a, b, c, d) = stateToState
    // Outputs: the row C·Aᵏ for the states, and C·Aᵏ⁻¹·B for the inputs.
    var row = stateToOutput
    eight.response[7] = direct
    for index in 0..<8 {
      eight.firstToOutputs[index] = row.0
      eight.secondToOutputs[index] = row.1
      if index < 7 { eight.response[8 + index] = row.0 * inputToState.0 + row.1 * inputToState.1 }
      row = (row.0 * a + row.1 * c, row.0 * b + row.1 * d)
    }
    // States: Aᵏ·B for the inputs, the latest first, and A⁸ for the states.
    var column = inputToState
    for index in 0..<8 {
      eight.inputsToFirst[7 - index] = column.0
      eight.inputsToSecond[7 - index] = column.1
      column = (a * column.0 + b * column.1, c * column.0 + d * column.1)
    }
    var power = stateToState
    for _ in 0..<3 {
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
