extension LayerVoice {
  /// Semitones by which a tone's pitch has wandered `seconds` after the note began.
  func drift(after seconds: Double) -> Float {
    guard case .tone(let tone) = layer.source, tone.drift > 0 else { return 0 }
    return tone.drift / 100 * SlowNoise.value(seed: seed &+ 0x51, cycles: seconds * Self.driftRate)
  }

  /// How often a second the pitch of a tone turns.
  private static let driftRate = 4.0

  /// How much of each lane of a tone is heard `seconds` after the note began.
  func weights(of tone: TonePatch, after seconds: Double) -> SIMD4<Float> {
    var weights = SIMD4<Float>(1, 0, 0, softness)
    if tone.bloom != 0 { weights.w += tone.bloom * exponential(-3 * Float(seconds) / tone.bloomTime) }
    if tone.flutters {
      let cycles = seconds * Double(tone.rate)
      weights.y = SlowNoise.value(seed: seed &+ 0x1_0000, cycles: cycles)
      weights.z = SlowNoise.value(seed: seed &+ 0x2_0000, cycles: cycles)
    }
    return weights
  }

  /// How loud a copy is against the one in tune: soft enough that their beats do not make harmonics vanish.
  private static let copyGain: Float = 0.3

  /// Writes `frames` samples of a tone and its copies.
  mutating func fillTone(_ frames: Int, _ tone: TonePatch, cyclesPerSample: Float, _ workspace: Workspace) {
    let unison = layer.unison
    let copies = 1 + 2 * unison.pairs
    let isStereo = unison.pairs > 0 && unison.spread > 0
    let follower = Self.copyGain
    let leaderGain = 1 / (1 + Float(copies - 1) * follower * follower).squareRoot()
    let zero = SIMD4<Float>(repeating: 0)
    for frame in 0..<frames { workspace.lanesLeft[frame] = zero }
    let sides = sides
    let before = tone.zones[toneZone]
    toneZone = ToneTables.zone(of: cyclesPerSample * sampleRate)
    let after = tone.zones[toneZone]
    for copy in 0..<copies {
      let place = place(ofCopy: copy)
      let rate = copy == 0 ? cyclesPerSample : cyclesPerSample * exponential2(place * unison.detune / 1200)
      let gain = copy == 0 ? leaderGain : leaderGain * follower
      tones[copy].add(
        to: isStereo && place > 0 ? workspace.lanesRight : workspace.lanesLeft, frames, from: before,
        to: after,
        cyclesPerSample: rate, gain: copy == 0 && isStereo ? gain / (sides.near + sides.far) : gain)
      if isStereo, copy == 0 {
        for frame in 0..<frames { workspace.lanesRight[frame] = workspace.lanesLeft[frame] }
      }
    }
    mixLanes(frames, to: weights(of: tone, after: Double(age) / Double(sampleRate)), isStereo, workspace)
  }

  /// How much of a copy is heard on its own side, and on the other.
  private var sides: (near: Float, far: Float) {
    ((1 + layer.unison.spread).squareRoot(), (1 - layer.unison.spread).squareRoot())
  }

  /// Adds up the lanes, with weights that move evenly from what they were to `target`.
  private mutating func mixLanes(
    _ frames: Int, to target: SIMD4<Float>, _ isStereo: Bool, _ workspace: Workspace
  ) {
    let step = (target - toneWeights) / Float(frames)
    var weights = toneWeights
    if isStereo {
      let sides = sides
      for frame in 0..<frames {
        weights += step
        let l = (workspace.lanesLeft[frame] * weights).sum()
        let r = (workspace.lanesRight[frame] * weights).sum()
        workspace.left[frame] = sides.near * l + sides.far * r
        workspace.right[frame] = sides.far * l + sides.near * r
      }
    } else {
      for frame in 0..<frames {
        weights += step
        workspace.left[frame] = (workspace.lanesLeft[frame] * weights).sum()
      }
    }
    toneWeights = target
  }
}
