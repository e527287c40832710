import Arithmetic
import Foundation
import TestSupport
import Testing

@testable import Synthesis

/// Samples between their frames, against the definition: a sinc over eight frames in a Kaiser window, whose weights are scaled to a sum of 1.
@Suite("Reading samples between their frames") struct SampleReadingTests {
  /// The frames that a sample gives from `position` on, in 2⁻³² frames, in blocks.
  private func read(
    _ sample: [Float], from position: Int64, step: Int64, blocks: [Int], kernels: Kernels = .current
  ) -> [Float] {
    let reading = SampleReading(.sinc)
    let margin = SampleReading.margin
    let padded =
      [Float](repeating: 0, count: margin) + sample + [Float](repeating: 0, count: 3 * margin)
    var output = [Float](repeating: 0, count: blocks.reduce(0, +))
    var position = position
    padded.withUnsafeBufferPointer { frames in
      output.withUnsafeMutableBufferPointer { output in
        guard let frames = frames.baseAddress, let output = output.baseAddress else { return }
        var written = 0
        for count in blocks {
          reading.read(frames + margin, &position, step: step, into: output + written, count, kernels)
          written += count
        }
      }
    }
    return output
  }

  private static func weight(_ distance: Double) -> Double {
    guard abs(distance) < 4 else { return 0 }
    func bessel(_ x: Double) -> Double {
      (1...40).reduce((1.0, 1.0)) { sum, k in
        let term = sum.1 * pow(x / (2 * Double(k)), 2)
        return (sum.0 + term, term)
      }.0
    }
    let angle = Double.pi * distance
    let sinc = abs(angle) < 1e-12 ? 1 : sin(angle) / angle
    return sinc * bessel(6.5 * (1 - distance * distance / 16).squareRoot()) / bessel(6.5)
  }

  @Test(
    "At low speeds it is the windowed sinc within 0.0001 for each frame", arguments: [0.31, 0.9, 1, 1.02])
  func sinc(speed: Double) {
    var generator = RepeatableGenerator(seed: 4)
    let sample = (0..<600).map { _ in Float.random(in: -1...1, using: &generator) }
    let step = Int64(speed * 0x1p32)
    let start: Int64 = 7 << 32 + 0x3456_789A
    let output = read(sample, from: start, step: step, blocks: [500])
    for (index, value) in output.enumerated() {
      let place = Double(start + Int64(index) * step) * 0x1p-32
      let first = Int(place) - 3
      let weights = (0..<8).map { Self.weight(Double(first + $0) - place) }
      let sum = weights.reduce(0, +)
      let expected = (0..<8).reduce(0.0) { $0 + Double(sample[first + $1]) * weights[$1] / sum }
      #expect(abs(Double(value) - expected) < 2e-4, "frame \(index)")
    }
  }

  @Test("A sample that does not move stays what it is, and a frame is read as it stands") func exactly() {
    let still = read(
      [Float](repeating: 0.75, count: 500), from: 20 << 32, step: 0xDEAD_BEEF, blocks: [400])
    #expect(still.allSatisfy { abs($0 - 0.75) < 1e-6 })
    let sample = (0..<100).map { sin(Float($0)) }
    let same = read(sample, from: 10 << 32, step: 1 << 32, blocks: [80])
    for (index, value) in same.enumerated() { #expect(abs(value - sample[10 + index]) < 2e-4) }
  }

  @Test("Blocks of any size give the same bits", arguments: [0.7, 1, 1.01, 1.4, 1.9, 2.05, 2.8, 5])
  func blocks(speed: Double) {
    var generator = RepeatableGenerator(seed: 9)
    let sample = (0..<3000).map { _ in Float.random(in: -1...1, using: &generator) }
    let step = Int64(speed * 0x1p32)
    let whole = read(sample, from: 0x89AB_CDEF, step: step, blocks: [500])
    #expect(
      read(sample, from: 0x89AB_CDEF, step: step, blocks: [1, 7, 8, 9, 15, 16, 17, 31, 64, 332]) == whole)
  }
}
