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
      let place = flutter(of: tone, after: seconds)
      weights.y = place.x
      weights.z = place.y
    }
    return weights
  }

  /// Where each harmonic's level is on its way up and down: a walk of its own, and where there is vibrato partly that, since a body's
  /// resonances turn a moving pitch into moving levels.
  private func flutter(of tone: TonePatch, after seconds: Double) -> SIMD2<Float> {
    let place = SlowNoise.point(seed: seed &+ 0x1_0000, cycles: seconds * Double(tone.rate))
    let share = tone.vibratoFlutter * layer.vibrato.growth(after: seconds)
    guard share > 0 else { return place }
    let angle = 2 * .pi * layer.vibrato.turn(after: seconds, seed: seed)
    return (1 - share) * place + share * SIMD2(cosine(angle), sine(angle))
  }

  /// How loud a copy is against the one in tune: soft enough that their beats do not make harmonics vanish.
  private static let copyGain: Float = 0.3

  /// Writes `frames` samples of a tone and its copies.
  mutating func fillTone(_ frames: Int, _ tone: TonePatch, cyclesPerSample: Float, _ workspace: Workspace) {
    let copies = 1 + 2 * layer.unison.pairs
    let isStereo = layer.unison.pairs > 0 && layer.unison.spread > 0
    let follower = Self.copyGain
    let leaderGain = 1 / (1 + Float(copies - 1) * follower * follower).squareRoot()
    let sides = sides
    let before = tone.zones[toneZone]
    followZone(cyclesPerSample * sampleRate)
    let after = tone.zones[toneZone]
    let target = weights(of: tone, after: Double(age) / Double(sampleRate))
    workspace.left.update(repeating: 0, count: frames)
    for copy in 0..<copies {
      let gain =
        copy > 0 ? leaderGain * follower : isStereo ? leaderGain / (sides.near + sides.far) : leaderGain
      tones[copy].add(
        to: isStereo && place(ofCopy: copy) > 0 ? workspace.right : workspace.left, frames, from: before,
        to: after, cyclesPerSample: cyclesPerSample, before: gain * toneWeights, after: gain * target,
        workspace.kernels)
      // The one in tune is heard on both sides.
      if isStereo, copy == 0 { workspace.right.update(from: workspace.left, count: frames) }
    }
    toneWeights = target
    guard isStereo else { return }
    for frame in 0..<frames {
      let (l, r) = (workspace.left[frame], workspace.right[frame])
      workspace.left[frame] = sides.near * l + sides.far * r
      workspace.right[frame] = sides.far * l + sides.near * r
    }
  }

  /// Finds the zone of a frequency in hertz.
  private mutating func followZone(_ frequency: Float) {
    guard frequency < toneRange.from || frequency >= toneRange.to else { return }
    toneZone = ToneTables.zone(of: frequency)
    toneRange = ToneTables.range(ofZone: toneZone)
  }

  /// How much of a copy is heard on its own side, and on the other.
  private var sides: (near: Float, far: Float) {
    ((1 + layer.unison.spread).squareRoot(), (1 - layer.unison.spread).squareRoot())
  }
}
