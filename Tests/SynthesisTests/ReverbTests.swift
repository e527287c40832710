internal import Foundation
import TestSupport
import Testing

@testable import Synthesis

@Suite("Reverb and chorus") struct ReverbTests {
  private static let rate = 16_000

  /// What a reverb gives for some input on both sides, which is handed over in portions.
  private func response(
    _ settings: ReverbSettings, to left: [Float], _ right: [Float]? = nil, seconds: Double,
    portions: [Int] = [64]
  ) -> (left: [Float], right: [Float]) {
    let arena = Arena()
    var reverb = Reverb(settings, sampleRate: Float(Self.rate), arena: arena)
    let count = Int(seconds * Double(Self.rate))
    let padding = [Float](repeating: 0, count: max(0, count - left.count))
    var outLeft = [Float](repeating: 0, count: count), outRight = outLeft
    let inLeft = left + padding, inRight = (right ?? left) + padding
    var start = 0, turn = 0
    while start < count {
      let frames = min(portions[turn % portions.count], count - start)
      turn += 1
      var (l, r) = ([Float](repeating: 0, count: frames), [Float](repeating: 0, count: frames))
      reverb.add(
        left: Array(inLeft[start..<start + frames]), right: Array(inRight[start..<start + frames]),
        toLeft: &l, right: &r, frames)
      outLeft.replaceSubrange(start..<start + frames, with: l)
      outRight.replaceSubrange(start..<start + frames, with: r)
      start += frames
    }
    return withExtendedLifetime(arena) { (outLeft, outRight) }
  }

  /// Seconds to −60 dB from a fit between −5 and −35 dB of the integrated tail (Schroeder 1965).
  private func decay(_ samples: [Float]) -> Double {
    var sum = 0.0
    var energies = [Double](repeating: 0, count: samples.count)
    for index in samples.indices.reversed() {
      sum += Double(samples[index]) * Double(samples[index])
      energies[index] = sum
    }
    let levels = energies.map { 10 * log10($0 / energies[0] + 1e-30) }
    let from = levels.firstIndex { $0 < -5 } ?? 0, to = levels.firstIndex { $0 < -35 } ?? levels.count - 1
    return -60 / ((levels[to] - levels[from]) / (Double(to - from) / Double(Self.rate)))
  }

  /// An octave about a frequency: two resonators after each other.
  private func octave(_ samples: [Float], _ frequency: Double) -> [Float] {
    var result = samples
    for factor in [0.84, 1.0, 1.19] {
      let w = 2 * Double.pi * frequency * factor / Double(Self.rate)
      let alpha = sin(w) / (2 * 2.2)
      let (b0, a1, a2) = (alpha / (1 + alpha), -2 * cos(w) / (1 + alpha), (1 - alpha) / (1 + alpha))
      var (x1, x2, y1, y2) = (0.0, 0.0, 0.0, 0.0)
      for index in result.indices {
        let x = Double(result[index])
        let y = b0 * (x - x2) - a1 * y1 - a2 * y2
        (x2, x1, y2, y1) = (x1, x, y1, y)
        result[index] = Float(y)
      }
    }
    return result
  }

  @Test(
    "A room decays in its nominal time in the middle of the spectrum",
    arguments: [ReverbPreset.room, .hall, .church])
  func decays(preset: ReverbPreset) {
    let sound = response(ReverbSettings(preset), to: [1], seconds: Double(preset.decay) * 1.1 + 0.2)
    for frequency in [500.0, 1000] {
      let measured = decay(octave(sound.left, frequency))
      #expect(abs(measured / Double(preset.decay) - 1) < 0.12, "\(frequency) Hz: \(measured) s")
    }
    // Air and walls absorb more of what is high.
    #expect(decay(octave(sound.left, 4000)) < 0.9 * decay(octave(sound.left, 500)))
  }

  @Test("Another decay can be asked for, and the level stays")
  func otherDecays() {
    let long = response(ReverbSettings(.hall, decay: 2.6), to: [1], seconds: 3)
    #expect(abs(decay(octave(long.left, 700)) / 2.6 - 1) < 0.12)
    let energy = { (samples: [Float]) in samples.reduce(0.0) { $0 + Double($1 * $1) } }
    let usual = response(ReverbSettings(.hall), to: [1], seconds: 2.5)
    #expect(abs(10 * log10(energy(long.left) / energy(usual.left))) < 1.5)
  }

  @Test("The tail becomes as dense as noise, and no tone stands out of it")
  func density() {
    let tail = response(ReverbSettings(.hall), to: [1], seconds: 1.2).left
    // The share of samples beyond a standard deviation is 0.317 in noise (Abel & Huang 2006).
    func density(at start: Double) -> Double {
      let window = tail[Int(start * Double(Self.rate))..<Int((start + 0.03) * Double(Self.rate))]
      let deviation = (window.reduce(0) { $0 + $1 * $1 } / Float(window.count)).squareRoot()
      return Double(window.count { abs($0) > deviation }) / Double(window.count) / 0.3173
    }
    #expect(density(at: 0.03) < density(at: 0.2))
    for start in [0.12, 0.2, 0.4] { #expect(density(at: start) > 0.8, "\(start) s: \(density(at: start))") }
    // Long-lived resonances would stand out at the end, where all others have died away.
    let late = Array(tail[Int(0.7 * Double(Self.rate))...])
    var powers: [Double] = []
    for bin in 0..<160 {
      let w = 2 * Double.pi * (600 + Double(bin) * 4) / Double(Self.rate)
      var re = 0.0, im = 0.0
      for (index, sample) in late.enumerated() {
        let window = 0.5 - 0.5 * cos(2 * .pi * Double(index) / Double(late.count))
        re += Double(sample) * window * cos(w * Double(index))
        im += Double(sample) * window * sin(w * Double(index))
      }
      powers.append(re * re + im * im)
    }
    let mean = powers.reduce(0, +) / Double(powers.count)
    #expect((powers.max() ?? 0) < 12 * mean, "\((powers.max() ?? 0) / mean)")
  }

  @Test("It is linear, whatever portions the input comes in, and both sides differ")
  func linear() {
    var generator = RepeatableGenerator(seed: 5)
    let a = (0..<2000).map { _ in Float.random(in: -1...1, using: &generator) }
    let b = (0..<2000).map { _ in Float.random(in: -1...1, using: &generator) }
    let sum = zip(a, b).map { $0 + $1 }
    let settings = ReverbSettings(.room)
    let whole = response(settings, to: sum, seconds: 0.5)
    let cut = response(settings, to: sum, seconds: 0.5, portions: [1, 7, 64, 300, 33])
    #expect(whole.left == cut.left && whole.right == cut.right)
    let parts = [a, b].map { response(settings, to: $0, seconds: 0.5).left }
    for index in whole.left.indices {
      #expect(abs(whole.left[index] - parts[0][index] - parts[1][index]) < 2e-6)
    }
    let product = zip(whole.left, whole.right).reduce(Float(0)) { $0 + $1.0 * $1.1 }
    let power = whole.left.reduce(Float(0)) { $0 + $1 * $1 }
    #expect(abs(product) < 0.75 * power)
  }

  @Test("Silence in is silence out, and a tail ends")
  func ends() {
    let arena = Arena()
    var reverb = Reverb(ReverbSettings(.room), sampleRate: Float(Self.rate), arena: arena)
    #expect(reverb.isSilent)
    let silence = [Float](repeating: 0, count: 256)
    var block = silence
    block[3] = 0.5
    var out = silence, ignored = silence
    reverb.add(left: block, right: block, toLeft: &out, right: &ignored, 256)
    #expect(!reverb.isSilent)
    for _ in 0..<Self.rate * 2 / 256 {
      out = silence
      reverb.add(left: silence, right: silence, toLeft: &out, right: &ignored, 256)
    }
    withExtendedLifetime(arena) {}
    #expect(reverb.isSilent)
    #expect(out.allSatisfy { $0 == 0 })
  }

  @Test("A chorus is as loud as the sound, sways, and differs on both sides")
  func chorus() {
    let arena = Arena()
    var chorus = Chorus(sampleRate: Float(Self.rate), arena: arena)
    let count = Self.rate * 3
    let input = (0..<count).map { 0.5 * sin(2 * Float.pi * 440 * Float($0) / Float(Self.rate)) }
    var left = [Float](repeating: 0, count: count), right = left
    withExtendedLifetime(arena) { chorus.add(input, toLeft: &left, right: &right, count) }
    let power = { (samples: ArraySlice<Float>) in
      samples.reduce(Float(0)) { $0 + $1 * $1 } / Float(samples.count)
    }
    let levels = stride(from: 4000, to: count - 1600, by: 1600).map { power(left[$0..<$0 + 1600]) }
    let mean = levels.reduce(0, +) / Float(levels.count)
    #expect(abs(10 * log10(mean / 0.125)) < 3)
    #expect((levels.max() ?? 0) > 1.5 * (levels.min() ?? 0))
    #expect(zip(left, right).contains { abs($0 - $1) > 0.1 })
  }
}
