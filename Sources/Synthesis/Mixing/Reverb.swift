/// A room: early reflections, then a network of delays that is fed through allpasses. Stereo in, stereo out; only the
/// reverberation comes out, not the direct sound.
///
/// The output lags by `effectFrames`, which is part of the time that sound takes to the first wall. It does not depend on how the
/// input is cut into portions, and is linear: the reverberation of a sum is the sum of the reverberations.
struct Reverb {
  private var network: DelayNetwork
  private let reflections: EarlyReflections
  private var inputLeft: BlockDelay
  private var inputRight: BlockDelay
  private let diffusers: UnsafeMutablePointer<Diffuser>
  private let diffused: UnsafeMutablePointer<Float>
  private let output: UnsafeMutablePointer<Float>
  /// Where in the block input is taken and output given.
  private var place = 0
  private let lateDelay: Int
  private let lateGain: Float
  private let earlyGain: Float
  private let level: Float
  /// Frames for which input and output were silent, and when that means that nothing is left.
  private var quietFrames: Int
  private let longest: Int

  private static let diffuserCount = 4
  /// In seconds, of a room of size 1; those of the right side are a little longer.
  private static let diffusion: [Float] = [0.0023, 0.0037, 0.0061, 0.0089]

  /// - Parameters:
  ///   - settings: The room.
  ///   - amount: How much reverberation there is, 1 being the preset's own amount.
  init(_ settings: ReverbSettings, sampleRate: Float, arena: Arena) {
    let preset = settings.preset
    let decay = settings.usedDecay
    network = DelayNetwork(
      size: preset.size,
      decay: .init(
        low: decay * preset.lowDecay, high: decay * preset.highDecay, crossover: preset.crossover),
      sampleRate: sampleRate, arena: arena)
    reflections = EarlyReflections(preset.room, sampleRate: sampleRate, arena: arena)
    lateDelay = Int(preset.lateDelay * sampleRate)
    inputLeft = BlockDelay(longest: max(lateDelay, reflections.longest), arena: arena)
    inputRight = BlockDelay(longest: max(lateDelay, reflections.longest), arena: arena)
    diffusers = arena.allocate(2 * Self.diffuserCount, of: Diffuser(length: effectFrames, arena: arena))
    for side in 0..<2 {
      for (index, seconds) in Self.diffusion.enumerated() {
        let length = Int(seconds * preset.diffusionSize * (side == 0 ? 1 : 1.13) * sampleRate) | 1
        diffusers[side * Self.diffuserCount + index] = Diffuser(
          length: max(effectFrames + 3 + 8 * index + 4 * side, length), arena: arena)
      }
    }
    diffused = arena.allocate(2 * effectFrames, of: 0)
    output = arena.allocate(2 * effectFrames, of: 0)
    level = preset.level * max(0, Float(settings.amount))
    // Energy: see `DelayNetwork.process`; both sides of the input reach both of the output.
    let energy = decay / 13.8 / (8 * network.meanDelay)
    lateGain = level * ((1 - preset.earlyShare) / max(energy, 1e-9)).squareRoot()
    earlyGain = level * preset.earlyShare.squareRoot()
    longest = 2 * network.longest + max(lateDelay, reflections.longest) + Int(0.1 * sampleRate)
    quietFrames = longest
  }

  /// Whether nothing of it sounds any more.
  var isSilent: Bool { quietFrames >= longest }

  /// Adds the reverberation of `frames` frames of input to both sides.
  mutating func add(
    left: UnsafePointer<Float>, right: UnsafePointer<Float>, toLeft outLeft: UnsafeMutablePointer<Float>,
    right outRight: UnsafeMutablePointer<Float>, _ frames: Int
  ) {
    guard level > 0 else { return }
    var done = 0
    while done < frames {
      let count = min(frames - done, effectFrames - place)
      (inputLeft.block + place).update(from: left + done, count: count)
      (inputRight.block + place).update(from: right + done, count: count)
      if !isSilent { addBlock(output, from: place, toLeft: outLeft + done, right: outRight + done, count) }
      place += count
      done += count
      if place == effectFrames { processBlock() }
    }
  }

  private mutating func processBlock() {
    place = 0
    inputLeft.complete()
    inputRight.complete()
    let loudest = max(peak(inputLeft.block), peak(inputRight.block))
    if loudest == 0, isSilent {
      inputLeft.advance()
      inputRight.advance()
      network.rest()
      return
    }
    output.update(repeating: 0, count: 2 * effectFrames)
    let (left, right) = (output, output + effectFrames)
    reflections.add(left: inputLeft, right: inputRight, toLeft: left, right: right, gain: earlyGain)
    let (lateLeft, lateRight) = (diffused, diffused + effectFrames)
    lateLeft.update(from: inputLeft.samples(lateDelay), count: effectFrames)
    lateRight.update(from: inputRight.samples(lateDelay), count: effectFrames)
    for index in 0..<Self.diffuserCount {
      diffusers[index].process(lateLeft)
      diffusers[Self.diffuserCount + index].process(lateRight)
    }
    network.process(left: lateLeft, right: lateRight, toLeft: left, right: right, gain: lateGain)
    inputLeft.advance()
    inputRight.advance()
    // −126 dB: nothing that 16 bits could hold, with room for a gain.
    let isQuiet = max(loudest, peak(left), peak(right)) < 5e-7
    quietFrames = isQuiet ? quietFrames + effectFrames : 0
  }

  @inline(__always)
  private func peak(_ block: UnsafePointer<Float>) -> Float {
    var most = SIMD4<Float>(repeating: 0)
    var frame = 0
    while frame < effectFrames {
      let value = load4(block, frame)
      most = pointwiseMax(most, pointwiseMax(value, -value))
      frame += 4
    }
    return most.max()
  }
}

/// An allpass that smears a click over its length (Schroeder 1962, “Natural sounding artificial reverberation”).
private struct Diffuser {
  private var line: BlockDelay
  private let length: Int

  private static let gain: Float = 0.62

  /// - Parameter length: In frames, longer than a block.
  init(length: Int, arena: Arena) {
    line = BlockDelay(longest: length, arena: arena)
    self.length = length
  }

  /// A block, in place.
  @inline(__always)
  mutating func process(_ samples: UnsafeMutablePointer<Float>) {
    let delayed = line.samples(length)
    let block = line.block
    var frame = 0
    while frame < effectFrames {
      let old = load4(delayed, frame)
      let new = load4(samples, frame) + old * Self.gain
      store4(new, block, frame)
      store4(old - new * Self.gain, samples, frame)
      frame += 4
    }
    line.complete()
    line.advance()
  }
}
