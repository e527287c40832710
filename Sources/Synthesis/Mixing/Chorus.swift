/// A chorus: delayed copies whose delays sway slowly and apart from each other, three on each side, so that one player sounds
/// like several. Only the copies come out, not the direct sound.
///
/// Rate and depth are those of Chorus 3, the one that General MIDI level 2 begins with (RP-024, 4.9): 0.4 Hz, 6.3 ms from end to end.
/// As in the reverb, the output lags by `effectFrames`, which is part of the delay, and does not depend on how the input is cut.
struct Chorus {
  private var line: BlockDelay
  private let oscillators: UnsafeMutablePointer<SlowOscillator>
  private let delaysBefore: UnsafeMutablePointer<Float>
  private let output: UnsafeMutablePointer<Float>
  private var place = 0
  private let center: Float
  private let depth: Float
  private let level: Float
  private var quietFrames: Int
  private let longest: Int

  private static let voiceCount = 6
  /// How many frames weights are interpolated over; within them the delay moves by less than a sixth of a sample.
  private static let stepFrames = 16
  private static let rate: Float = 0.4
  private static let center: Float = 0.0112
  private static let depth: Float = 0.003_15

  /// - Parameter amount: How much of it is heard, 1 being the usual amount.
  init(amount: Float = 1, sampleRate: Float, arena: Arena) {
    center = max(Self.center * sampleRate, Self.depth * sampleRate + Float(effectFrames) + 4)
    depth = Self.depth * sampleRate
    let longest = Int(center + depth) + 4
    line = BlockDelay(longest: longest, arena: arena)
    let still = SlowOscillator(frequency: 0, phase: 0, frames: Self.stepFrames, sampleRate: sampleRate)
    oscillators = arena.allocate(Self.voiceCount, of: still)
    delaysBefore = arena.allocate(Self.voiceCount, of: 0)
    for voice in 0..<Self.voiceCount {
      // The three of a side are a third of a turn apart, the sides a quarter; no two sway at quite the same rate.
      let phase = Float(voice / 2) / 3 + Float(voice % 2) / 4
      oscillators[voice] = SlowOscillator(
        frequency: Self.rate * (1 + 0.09 * Float(voice - 2)), phase: phase, frames: Self.stepFrames,
        sampleRate: sampleRate)
      delaysBefore[voice] = center + depth * oscillators[voice].sine
    }
    output = arena.allocate(2 * effectFrames, of: 0)
    // Three copies add up to the power of the direct sound.
    level = max(0, amount) * 0.577_350_3
    self.longest = longest + 2 * effectFrames
    quietFrames = self.longest
  }

  /// Whether nothing of it sounds any more.
  var isSilent: Bool { quietFrames >= longest }

  /// Adds the chorus of `frames` frames of input to both sides.
  mutating func add(
    _ input: UnsafePointer<Float>, toLeft outLeft: UnsafeMutablePointer<Float>,
    right outRight: UnsafeMutablePointer<Float>, _ frames: Int
  ) {
    guard level > 0 else { return }
    var done = 0
    while done < frames {
      let count = min(frames - done, effectFrames - place)
      (line.block + place).update(from: input + done, count: count)
      if !isSilent { addBlock(output, from: place, toLeft: outLeft + done, right: outRight + done, count) }
      place += count
      done += count
      if place == effectFrames { processBlock() }
    }
  }

  private mutating func processBlock() {
    place = 0
    line.complete()
    var loudest: Float = 0
    for frame in 0..<effectFrames { loudest = max(loudest, abs(line.block[frame])) }
    if loudest == 0, isSilent {
      // The oscillators go on, so that what is heard does not depend on when there was something to hear.
      for voice in 0..<Self.voiceCount {
        for _ in 0..<effectFrames / Self.stepFrames { oscillators[voice].advance() }
        delaysBefore[voice] = center + depth * oscillators[voice].sine
      }
      line.advance()
      return
    }
    output.update(repeating: 0, count: 2 * effectFrames)
    for voice in 0..<Self.voiceCount {
      add(voice, to: output + (voice % 2) * effectFrames)
    }
    line.advance()
    quietFrames = loudest < 1e-9 ? quietFrames + effectFrames : 0
  }

  @inline(__always)
  private func add(_ voice: Int, to output: UnsafeMutablePointer<Float>) {
    for start in stride(from: 0, to: effectFrames, by: Self.stepFrames) {
      oscillators[voice].advance()
      let before = delaysBefore[voice]
      let delay = center + depth * oscillators[voice].sine
      delaysBefore[voice] = delay
      let whole = (0.5 * (before + delay)).rounded(.down)
      let first = lagrangeWeights(before - whole) * level
      let step = (lagrangeWeights(delay - whole) * level - first) / Float(Self.stepFrames)
      let samples = line.samples(Int(whole) + 2) + start
      let ramp = SIMD4<Float>(0, 1, 2, 3)
      var frame = 0
      while frame < Self.stepFrames {
        let place = ramp + Float(frame)
        let late =
          load4(samples, frame) * (first.w + place * step.w)
          + load4(samples, frame + 1) * (first.z + place * step.z)
        let early =
          load4(samples, frame + 2) * (first.y + place * step.y)
          + load4(samples, frame + 3) * (first.x + place * step.x)
        store4(load4(output, start + frame) + late + early, output, start + frame)
        frame += 4
      }
    }
  }
}
