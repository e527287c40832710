/// All voices of a synthesizer, and which of them is stolen when there are too many notes.
///
/// There are more voices than notes, so that stolen ones can fade out while new notes begin, and because notes of regions may have several.
struct VoicePool {
  let voices: UnsafeMutablePointer<Voice>
  let count: Int
  /// None of the voices from this place on is active.
  private(set) var used = 0
  /// How many of the voices can play patches: the first.
  private let patchCount: Int
  private let limit: Int
  private let fadeFrames: Int
  /// Which notes were counted, by the low bits of their birth, in which count.
  private let marks: UnsafeMutablePointer<(birth: Int, count: Int)>
  private var countings = 0

  /// How long a voice that is stolen takes to fade out, in seconds.
  private static let stealingFade: Float = 0.006
  /// How many regions the notes have, on the average, at most.
  private static let regionsOfNote = 4
  private static let markCount = 4096

  /// - Parameters:
  ///   - limit: How many notes may sound at once.
  ///   - lowestKey: The lowest key that will be played.
  init(
    limit: Int, sounds: PreparedSounds, reading: SampleReading, lowestKey: Int, sampleRate: Float,
    arena: Arena
  ) {
    let patches = sounds.patchViews
    let layerCount = patches.map(\.layerCount).max() ?? 0
    let patchCount = limit + max(24, limit / 4)
    let count = sounds.anyRegion == nil ? patchCount : patchCount + (Self.regionsOfNote - 1) * limit
    self.limit = limit
    self.patchCount = layerCount > 0 ? patchCount : 0
    self.count = count
    marks = arena.allocate(Self.markCount, of: (birth: 0, count: 0))
    fadeFrames = Int(Self.stealingFade * sampleRate)
    // Strings can be bent down by an octave; further bends stop there.
    let lowestString = frequency(ofKey: Float(lowestKey) - 12) / sampleRate * 0.25
    let idle = LayerVoice(arena: arena, hasBank: false, lowestString: nil)
    let regions = sounds.anyRegion.map { arena.allocate(count, of: RegionVoice($0, reading)) }
    voices = arena.allocate(count, of: Voice(layers: arena.allocate(1, of: idle), region: nil))
    for index in 0..<count {
      let layers = arena.allocate(index < patchCount ? layerCount : 0, of: idle)
      for slot in 0..<(index < patchCount ? layerCount : 0) {
        let sources = patches.filter { slot < $0.layerCount }.map { $0.layers[slot].source }
        layers[slot] = LayerVoice(
          arena: arena, hasBank: sources.contains(where: \.isModes),
          lowestString: sources.contains(where: \.isString) ? lowestString : nil)
      }
      voices[index] = Voice(layers: layers, region: regions.map { $0 + index })
    }
  }

  /// Whether any voice sounds.
  var isSounding: Bool {
    for index in 0..<used where voices[index].isActive { return true }
    return false
  }

  /// A voice for a new note or a further region of it: a free one. At the limit the note that is missed least ends; nil where there is no voice.
  /// - Parameters:
  ///   - birth: Which note it is: its own voices are not stolen.
  ///   - isRegion: Whether it plays a region; otherwise a patch.
  ///   - frame: When it begins.
  mutating func take(for birth: Int, isRegion: Bool, at frame: Int) -> Int? {
    var sounding = 0
    // The first free voice, and the first of those that play regions alone.
    var (free, freeBehind, hasBegun) = (-1, -1, false)
    countings += 1
    for index in 0..<used {
      if !voices[index].isActive {
        if free < 0 { free = index }
        if freeBehind < 0, index >= patchCount { freeBehind = index }
      } else if !voices[index].isFading {
        let itsBirth = voices[index].birth
        if itsBirth == birth { hasBegun = true }
        let mark = marks + itsBirth & (Self.markCount - 1)
        if mark.pointee.birth != itsBirth || mark.pointee.count != countings {
          mark.pointee = (itsBirth, countings)
          sounding += 1
        }
      }
    }
    if !hasBegun, sounding >= limit, let victim = leastMissed(except: birth) { steal(victim, at: frame) }
    if used < count {
      if free < 0 { free = used }
      if freeBehind < 0 { freeBehind = max(used, patchCount) }
    }
    let voice = isRegion && freeBehind >= 0 ? freeBehind : free
    guard voice >= 0, isRegion || voice < patchCount else { return nil }
    used = max(used, voice + 1)
    return voice
  }

  /// Notes which voices are over.
  mutating func forgetEnded() { while used > 0, !voices[used - 1].isActive { used -= 1 } }

  /// Ends the note that a voice belongs to: both sides of a stereo sound.
  private func steal(_ victim: Int, at frame: Int) {
    let birth = voices[victim].birth
    for index in 0..<used where voices[index].isActive && voices[index].birth == birth {
      voices[index].fadeOut(frames: fadeFrames, at: frame)
    }
  }

  /// A note cuts off the others of its exclusive class, and ends the note of the same key that the pedal holds.
  func silenceRivals(ofKey key: Int, exclusiveClass: Int, birth: Int, channel: Int, at frame: Int) {
    for index in 0..<used
    where voices[index].isActive && voices[index].channel == channel && voices[index].birth != birth {
      if exclusiveClass > 0, voices[index].exclusiveClass == exclusiveClass {
        voices[index].fadeOut(frames: fadeFrames * 4, at: frame)
      } else if voices[index].key == key, voices[index].isSustained {
        voices[index].release(pedalIsDown: false, at: frame)
      }
    }
  }

  /// The voice to steal: faint ones first, released ones before held ones, old ones before new ones.
  private func leastMissed(except birth: Int) -> Int? {
    var newest = 0
    for index in 0..<used { newest = max(newest, voices[index].birth) }
    var best: Int?
    var bestScore = Float.infinity
    for index in 0..<used
    where voices[index].isActive && !voices[index].isFading && voices[index].birth != birth {
      let isHeld = !voices[index].isReleased && !voices[index].isSustained
      let age = Float(newest - voices[index].birth)
      let score = voices[index].loudness * (isHeld ? 4 : 1) / (1 + 0.02 * age)
      if score < bestScore {
        best = index
        bestScore = score
      }
    }
    return best
  }

  /// A key goes up. Where it or the voice does not know which note that is, all of the key end that are still held.
  func release(channel: Int, key: Int, note: Int, pedalIsDown: Bool, at frame: Int) {
    for index in 0..<used
    where voices[index].isActive && voices[index].channel == channel
      && (note >= 0 && voices[index].note >= 0
        ? voices[index].note == note : voices[index].key == key && !voices[index].isSustained)
    {
      voices[index].release(pedalIsDown: pedalIsDown, at: frame)
    }
  }

  /// Releases the keys of a channel.
  func releaseAll(channel: Int, pedalIsDown: Bool, at frame: Int) {
    for index in 0..<used where voices[index].isActive && voices[index].channel == channel {
      voices[index].release(pedalIsDown: pedalIsDown, at: frame)
    }
  }

  /// Ends what only the sustain pedal holds.
  func releaseSustained(channel: Int, at frame: Int) {
    for index in 0..<used
    where voices[index].isActive && voices[index].channel == channel && voices[index].isSustained {
      voices[index].release(pedalIsDown: false, at: frame)
    }
  }

  /// Has the sostenuto pedal hold the keys of a channel that are down.
  func hold(channel: Int) {
    for index in 0..<used where voices[index].isActive && voices[index].channel == channel {
      voices[index].hold()
    }
  }

  /// Ends what only the sostenuto pedal holds.
  func endHold(channel: Int, pedalIsDown: Bool, at frame: Int) {
    for index in 0..<used where voices[index].isActive && voices[index].channel == channel {
      voices[index].endHold(pedalIsDown: pedalIsDown, at: frame)
    }
  }

  /// Has the notes of a channel make room for another in mono mode: all but those of `birth`.
  func yield(channel: Int, to birth: Int, at frame: Int) {
    for index in 0..<used
    where voices[index].isActive && voices[index].channel == channel && voices[index].birth != birth {
      voices[index].fadeOut(frames: fadeFrames * 2, at: frame)
    }
  }

  /// The voice of a channel's latest note whose key is down and that plays this patch; nil if there is none.
  func heldVoice(channel: Int, of patch: PatchView) -> Int? {
    var best: Int?
    for index in 0..<count
    where voices[index].isKeyDown && voices[index].channel == channel
      && voices[index].patchLayers == patch.layers
    {
      if let latest = best, voices[latest].birth > voices[index].birth { continue }
      best = index
    }
    return best
  }

  /// Has the voices of a note glide to their pitch.
  func glide(birth: Int, from semitones: Float, frames: Int) {
    for index in 0..<used where voices[index].isActive && voices[index].birth == birth {
      voices[index].glide(from: semitones, frames: frames)
    }
  }

  /// Ends a channel's sound at once, without a click.
  func silence(channel: Int, at frame: Int) {
    for index in 0..<used where voices[index].isActive && voices[index].channel == channel {
      voices[index].fadeOut(frames: fadeFrames, at: frame)
    }
  }

  /// Whether a channel has a voice that sounds.
  func isSounding(channel: Int) -> Bool {
    for index in 0..<used where voices[index].isActive && voices[index].channel == channel { return true }
    return false
  }
}

extension PatchSource {
  var isModes: Bool { if case .modes = self { true } else { false } }
  var isString: Bool { if case .string = self { true } else { false } }
}
