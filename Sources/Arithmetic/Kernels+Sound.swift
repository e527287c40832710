internal import CKernels

// The kernels of sound: `CKernels.h` documents each. They give the same bytes on every instruction set.
extension Kernels {
  /// Reads a sample at any speed; `weights` has a row of `taps` weights and `taps` differences for each of 256 places.
  @inline(__always)
  package func interpolate(
    _ data: UnsafePointer<Float>, from position: Int64, step: Int64, weights: UnsafePointer<Float>, taps: Int,
    into output: UnsafeMutablePointer<Float>, count: Int
  ) {
    table.pointee.interpolate(count, data, position, step, weights, taps, output)
  }

  /// Reads a sample at any speed over eight frames, by weights that are polynomials of fifth order; `coefficients` are
  /// four times six, each eight times in a row.
  @inline(__always)
  package func interpolatePolynomial(
    _ data: UnsafePointer<Float>, from position: Int64, step: Int64, coefficients: UnsafePointer<Float>,
    into output: UnsafeMutablePointer<Float>, count: Int
  ) {
    table.pointee.interpolate_polynomial(count, data, position, step, coefficients, output)
  }

  /// Reads a sample at any speed by a polynomial of third order.
  @inline(__always)
  package func interpolateCubic(
    _ data: UnsafePointer<Float>, from position: Int64, step: Int64, into output: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    table.pointee.interpolate_cubic(count, data, position, step, output)
  }

  /// Adds samples times a gain that grows by `step` for each, from `gain` + `step` on.
  @inline(__always)
  package func addRamp(
    _ samples: UnsafePointer<Float>, gain: Float, step: Float, to output: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    table.pointee.add_ramp(count, samples, gain, step, output)
  }

  /// Adds samples to four outputs, each times a gain of its own that grows as in `addRamp`.
  @inline(__always)
  package func addRamps(
    _ samples: UnsafePointer<Float>, gains: SIMD4<Float>, steps: SIMD4<Float>,
    left: UnsafeMutablePointer<Float>, right: UnsafeMutablePointer<Float>,
    reverb: UnsafeMutablePointer<Float>, chorus: UnsafeMutablePointer<Float>, count: Int
  ) {
    withUnsafeBytes(of: gains) { gains in
      withUnsafeBytes(of: steps) { steps in
        guard let gains = gains.assumingMemoryBound(to: Float.self).baseAddress,
          let steps = steps.assumingMemoryBound(to: Float.self).baseAddress
        else { return }
        table.pointee.add_ramps(count, samples, gains, steps, left, right, reverb, chorus)
      }
    }
  }

  /// Adds decaying sines, in groups of eight modes: `turns` has 144 floats for each group, `states` 16.
  @inline(__always)
  package func addModes(
    _ groups: Int, turns: UnsafePointer<Float>, states: UnsafeMutablePointer<Float>,
    to output: UnsafeMutablePointer<Float>, count: Int
  ) {
    table.pointee.add_modes(count, groups, turns, states, output)
  }

  /// Adds a wave of four lanes, with a weight for each that grows evenly: `weights` has four of them, and four steps.
  @inline(__always)
  package func addTone(
    _ samples: UnsafePointer<SIMD4<Float>>, shift: UInt32, phase: UInt32, step: UInt32, glide: UInt32,
    weights: SIMD8<Float>, to output: UnsafeMutablePointer<Float>, count: Int
  ) {
    withUnsafePointer(to: weights) {
      table.pointee.add_tone(
        count, UnsafeRawPointer(samples).assumingMemoryBound(to: Float.self), shift, phase, step, glide,
        UnsafeRawPointer($0).assumingMemoryBound(to: Float.self), output)
    }
  }

  /// Adds a wave times a gain.
  @inline(__always)
  package func addWave(
    _ samples: UnsafePointer<Float>, shift: UInt32, phase: UInt32, step: UInt32, glide: UInt32, gain: Float,
    to output: UnsafeMutablePointer<Float>, count: Int
  ) {
    table.pointee.add_wave(count, samples, shift, phase, step, glide, gain, output)
  }

  /// Filters samples in place, eight at once; `count` is a multiple of 8.
  @inline(__always)
  package func filter(
    _ samples: UnsafeMutablePointer<Float>, by filter: UnsafePointer<BlockFilter>,
    state: UnsafeMutablePointer<Float>, count: Int
  ) {
    filter.withMemoryRebound(to: gruppetto_block_filter.self, capacity: 1) {
      table.pointee.filter_eights(count, $0, state, samples)
    }
  }
}

/// A linear system of one input, two states and one output, for eight samples at once; laid out as `gruppetto_block_filter`.
package struct BlockFilter: BitwiseCopyable {
  /// What the states add to each output.
  package var firstToOutputs = InlineArray<8, Float>(repeating: 0)
  package var secondToOutputs = InlineArray<8, Float>(repeating: 0)
  /// Seven zeros, and the response to an impulse.
  package var response = InlineArray<16, Float>(repeating: 0)
  /// What each input adds to the next states.
  package var inputsToFirst = InlineArray<8, Float>(repeating: 0)
  package var inputsToSecond = InlineArray<8, Float>(repeating: 0)
  /// What the states add to the next states, row by row.
  package var states = InlineArray<4, Float>(repeating: 0)

  package init() {}
}
