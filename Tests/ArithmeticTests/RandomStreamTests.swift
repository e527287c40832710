internal import CKernels
internal import Foundation
internal import Testing

@testable import Arithmetic

@Suite struct RandomStreamTests {
  /// The known answers of the generator's authors (Random123, kat_vectors): philox4x32-10 of zeros.
  @Test("Philox gives the known answer") func philoxGivesTheKnownAnswer() {
    var block: [UInt32] = [0, 0, 0, 0]
    gruppetto_philox(0, 0, &block)
    #expect(block == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
  }

  @Test("The same seed and name give the same numbers") func theSameSeedAndNameGiveTheSameNumbers() {
    var a = RandomStream(seed: 7, name: "x"), b = RandomStream(seed: 7, name: "x")
    var otherName = RandomStream(seed: 7, name: "y"), otherSeed = RandomStream(seed: 8, name: "x")
    let words = (0..<100).map { _ in a.nextWord() }
    #expect(words == (0..<100).map { _ in b.nextWord() })
    #expect(words != (0..<100).map { _ in otherName.nextWord() })
    #expect(words != (0..<100).map { _ in otherSeed.nextWord() })
  }

  @Test("The position is the whole state") func thePositionIsTheWholeState() {
    var stream = RandomStream(seed: 1, name: "x")
    for _ in 0..<17 { _ = stream.normal() }
    _ = stream.nextWord()
    var copy = RandomStream(seed: 1, name: "x", position: stream.position)
    #expect(copy == stream)
    #expect((0..<9).map { _ in copy.next() } == (0..<9).map { _ in stream.next() })
  }

  @Test("Moments are those of the distributions") func momentsAreThoseOfTheDistributions() {
    var stream = RandomStream(seed: 3, name: "moments")
    let count = 40_000
    // Five standard errors: a correct generator fails once in two million seeds, and the seed is fixed.
    let uniforms = (0..<count).map { _ in Double(stream.uniformFloat()) }
    #expect(abs(uniforms.reduce(0, +) / Double(count) - 0.5) < 5 * 0.2887 / Double(count).squareRoot())
    #expect(uniforms.allSatisfy { (0..<1).contains($0) })
    let normals = (0..<count).map { _ in stream.normal() }
    #expect(abs(normals.reduce(0, +) / Double(count)) < 5 / Double(count).squareRoot())
    let variance = normals.reduce(0) { $0 + $1 * $1 } / Double(count)
    #expect(abs(variance - 1) < 5 * (2 / Double(count)).squareRoot())
    var histogram = [Int](repeating: 0, count: 6)
    for _ in 0..<count { histogram[stream.integer(below: 6)] += 1 }
    #expect(
      histogram.allSatisfy { abs(Double($0) - Double(count) / 6) < 5 * (Double(count) * 5 / 36).squareRoot() }
    )
  }

  @Test("Indices are drawn from the softmax", arguments: [0.5, 1, 2]) func indicesAreDrawnFromTheSoftmax(
    temperature: Double
  ) {
    let logits: [Float] = [100, 101, -.infinity, 102.5, 60]
    var stream = RandomStream(seed: 5, name: "indices"), counts = [Double](repeating: 0, count: 5)
    let count = 20_000
    for _ in 0..<count {
      counts[logits.withUnsafeBufferPointer { stream.index(logits: $0, temperature: temperature) }] += 1
    }
    let weights = logits.map { exp(Double($0 - 102.5) / temperature) }
    for (drawn, weight) in zip(counts, weights) {
      let share = weight / weights.reduce(0, +)
      #expect(abs(drawn - Double(count) * share) <= 5 * (Double(count) * share * (1 - share)).squareRoot())
    }
  }

  @Test("Shuffling keeps the elements") func shufflingKeepsTheElements() {
    var stream = RandomStream(seed: 4, name: "shuffle")
    var elements = Array(0..<50)
    stream.shuffle(&elements)
    #expect(elements != Array(0..<50))
    #expect(elements.sorted() == Array(0..<50))
  }

  /// A probability that is no whole number of 65536ths is rounded, and few numbers are left to make up for it.
  @Test("A high dropout keeps the mean", arguments: [0.999, 0.9999, 0.99999, 1 - 1e-9])
  func aHighDropoutKeepsTheMean(probability: Double) {
    let count = 1 << 22
    let x = AlignedBuffer<Float>([Float](repeating: 1, count: count))
    gruppetto_dropout(6, 1, 0, count, probability, x.baseAddress)
    let kept = (65536 - (probability * 65536).rounded()) / 65536, share = max(kept, 1 / 65536)
    let mean = x.elements.reduce(0) { $0 + Double($1) } / Double(count)
    #expect(abs(mean - 1) < 5 * ((1 - share) / share / Double(count)).squareRoot())
  }

  @Test("Dropout is the same in parts and keeps the mean") func dropoutIsTheSameInPartsAndKeepsTheMean() {
    let count = 10_000, probability = 0.2
    let whole = AlignedBuffer<Float>([Float](repeating: 1, count: count))
    let parts = AlignedBuffer<Float>([Float](repeating: 1, count: count))
    gruppetto_dropout(5, 9, 0, count, probability, whole.baseAddress)
    for range in [0..<3, 3..<17, 17..<4096, 4096..<count] {
      gruppetto_dropout(
        5, 9, range.lowerBound, range.count, probability, parts.baseAddress + range.lowerBound)
    }
    #expect(whole.array == parts.array)
    // The probability is rounded to 65536ths: what is kept grows by the factor of the rounded one.
    let factor = 65536 / (65536 - (probability * 65536).rounded())
    #expect(whole.array.allSatisfy { $0 == 0 || $0 == Float(factor) })
    let dropped = Double(whole.array.count { $0 == 0 }) / Double(count)
    #expect(abs(dropped - probability) < 5 * (probability * (1 - probability) / Double(count)).squareRoot())
  }
}
