/// A resonant low-pass filter of second order that computes eight samples at once.
///
/// It is the state-variable filter by trapezoidal integration (Zavalishin, The Art of VA Filter Design, 2012, chapter 4), a linear system of two
/// states: eight outputs are the response of the states and of the eight inputs, and so are the next states. So each output does not have
/// to wait for the one before it.
struct BlockLowpass: BitwiseCopyable {
  private var first: Float = 0
  private var second: Float = 0

  // The system for one sample.
  private var stateToState: (Float, Float, Float, Float) = (0, 0, 0, 0)
  private var inputToState: (Float, Float) = (0, 0)
  private var stateToOutput: (Float, Float) = (0, 0)
  private var gain: Float = 1

  // And for eight.
  private var firstToOutputs = SIMD8<Float>(repeating: 0)
  private var secondToOutputs = SIMD8<Float>(repeating: 0)
  /// The response to an impulse, after seven zeros.
  private var response = InlineArray<16, Float>(repeating: 0)
  private var inputsToFirst = SIMD8<Float>(repeating: 0)
  private var inputsToSecond = SIMD8<Float>(repeating: 0)
  private var stateToLastState: (Float, Float, Float, Float) = (0, 0, 0, 0)

  private var cutoff: Float = -1
  private var resonance: Float = -1

  /// Forgets what it has heard.
  mutating func clear() { (first, second, cutoff, resonance) = (0, 0, -1, -1) }

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
    gain = 1 / peak.squareRoot()
    stateToOutput = (a2 * gain, (1 - a3) * gain)
    prepareEight(direct)
  }

  private mutating func prepareEight(_ direct: Float) {
    let (a, b, c, d) = stateToState
    // Outputs: the row C·Aᵏ for the states, and C·Aᵏ⁻¹·B for the inputs.
    var row = stateToOutput
    response[7] = direct
    for index in 0..<8 {
      firstToOutputs[index] = row.0
      secondToOutputs[index] = row.1
      if index < 7 { response[8 + index] = row.0 * inputToState.0 + row.1 * inputToState.1 }
      row = (row.0 * a + row.1 * c, row.0 * b + row.1 * d)
    }
    // States: Aᵏ·B for the inputs, the latest first, and A⁸ for the states.
    var column = inputToState
    for index in 0..<8 {
      inputsToFirst[7 - index] = column.0
      inputsToSecond[7 - index] = column.1
      column = (a * column.0 + b * column.1, c * column.0 + d * column.1)
    }
    var power = stateToState
    for _ in 0..<3 {
      let (a, b, c, d) = power
      power = (a * a + b * c, a * b + b * d, c * a + d * c, c * b + d * d)
    }
    stateToLastState = power
  }

  /// Filters `frames` samples in place.
  mutating func process(_ samples: UnsafeMutablePointer<Float>, _ frames: Int) {
    let whole = frames & ~7
    if whole > 0 { processEights(samples, whole) }
    for index in whole..<frames { samples[index] = next(samples[index]) }
    // What would become denormal numbers, which are slow, is set to zero.
    if abs(first) < 1e-15 { first = 0 }
    if abs(second) < 1e-15 { second = 0 }
  }

  private mutating func processEights(_ samples: UnsafeMutablePointer<Float>, _ frames: Int) {
    var s1 = first
    var s2 = second
    let (fromFirst, fromSecond, toFirst, toSecond) = (firstToOutputs, secondToOutputs, inputsToFirst, inputsToSecond)
    let (a, b, c, d) = stateToLastState
    withUnsafeBytes(of: &response) { bytes in
      @inline(__always) func shifted(_ index: Int) -> SIMD8<Float> {
        bytes.loadUnaligned(fromByteOffset: (7 - index) * MemoryLayout<Float>.stride, as: SIMD8<Float>.self)
      }
      let (h0, h1, h2, h3) = (shifted(0), shifted(1), shifted(2), shifted(3))
      let (h4, h5, h6, h7) = (shifted(4), shifted(5), shifted(6), shifted(7))
      var index = 0
      while index < frames {
        let place = UnsafeMutableRawPointer(samples + index)
        let x = place.loadUnaligned(as: SIMD8<Float>.self)
        var y = fromFirst * s1 + fromSecond * s2
        y += h0 * x[0] + h1 * x[1]
        y += h2 * x[2] + h3 * x[3]
        y += h4 * x[4] + h5 * x[5]
        y += h6 * x[6] + h7 * x[7]
        let entering = ((x * toFirst).sum(), (x * toSecond).sum())
        (s1, s2) = (a * s1 + b * s2 + entering.0, c * s1 + d * s2 + entering.1)
        place.storeBytes(of: y, as: SIMD8<Float>.self)
        index += 8
      }
    }
    first = s1
    second = s2
  }

  private mutating func next(_ input: Float) -> Float {
    let output = response[7] * input + stateToOutput.0 * first + stateToOutput.1 * second
    let (a, b, c, d) = stateToState
    (first, second) = (
      a * first + b * second + inputToState.0 * input, c * first + d * second + inputToState.1 * input
    )
    return output
  }
}
