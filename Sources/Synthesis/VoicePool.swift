/// All voices of a renderer, and which of them is stolen when there are too many notes.
///
/// There are a few voices more than the limit, so that a stolen one can fade out while the new note begins.
struct VoicePool {
  let voices: UnsafeMutablePointer<Voice>
  let count: Int
  private let limit: Int
  private let fadeFrames: Int
  private var births = 0

  private static let spares = 24
  /// How long a voice that is stolen takes to fade out, in seconds.
  private static let stealingFade: Float = 0.006

  init(
    limit: Int, patches: [Patch], lowestKey: Int, sampleRate: Float, arena: Arena
  ) {
    self.limit = limit
    count = limit + Self.spares
    fadeFrames = Int(Self.stealingFade * sampleRate)
    let layerCount = patches.map(\.layerCount).max() ?? 0
    // Strings can be bent down by an octave; further bends stop there.
    let lowestString = frequency(ofKey: Float(lowestKey) - 12) / sampleRate * 0.25
    let idle = LayerVoice(arena: arena, hasBank: false, lowestString: nil)
    voices = arena.allocate(count, of: Voice(layers: arena.allocate(1, of: idle)))
    for index in 0..<count {
      let layers = arena.allocate(layerCount, of: idle)
      for slot in 0..<layerCount {
        let sources = patches.filter { slot < $0.layerCount }.map { $0.layers[slot].source }
        layers[slot] = LayerVoice(
          arena: arena, hasBank: sources.contains(where: \.isModes),
          lowestString: sources.contains(where: \.isString) ? lowestString : nil)
      }
      voices[index] = Voice(layers: layers)
    }
  }

  /// Whether any voice sounds.
  var isSounding: Bool { (0..<count).contains { voices[$0].isActive } }

  /// Begins a note, and steals a voice where none is free.
  mutating func start(_ patch: Patch, _ start: NoteStart, note: Int, part: Int) {
    births += 1
    silenceRivals(of: patch, key: start.key, part: part)
    var sounding = 0
    for index in 0..<count where voices[index].isActive && !voices[index].isFading { sounding += 1 }
    if sounding >= limit, let victim = leastMissed(where: { !$0.isFading }) {
      voices[victim].fadeOut(frames: fadeFrames)
    }
    let place =
      (0..<count).first { !voices[$0].isActive } ?? leastMissed(where: { $0.isFading })
      ?? leastMissed(where: { _ in true })
    guard let place else { return }
    voices[place].start(patch, start, note: note, part: part, birth: births)
  }

  /// A drum cuts off the others of its group; a repeated key ends the note of the same key that the pedal holds.
  private func silenceRivals(of patch: Patch, key: Int, part: Int) {
    for index in 0..<count where voices[index].isActive && voices[index].part == part {
      if patch.chokeGroup > 0, voices[index].chokeGroup == patch.chokeGroup {
        voices[index].fadeOut(frames: fadeFrames * 4)
      } else if voices[index].key == key, voices[index].isSustained {
        voices[index].release(pedalIsDown: false)
      }
    }
  }

  /// The voice to steal: faint ones first, released ones before held ones, old ones before new ones.
  private func leastMissed(where isCandidate: (Voice) -> Bool) -> Int? {
    var best: Int?
    var bestScore = Float.infinity
    for index in 0..<count where voices[index].isActive && isCandidate(voices[index]) {
      let isHeld = !voices[index].isReleased && !voices[index].isSustained
      let age = Float(births - voices[index].birth)
      let score = voices[index].loudness * (isHeld ? 4 : 1) / (1 + 0.02 * age)
      if score < bestScore {
        best = index
        bestScore = score
      }
    }
    return best
  }

  func release(note: Int, pedalIsDown: Bool) {
    for index in 0..<count where voices[index].isActive && voices[index].note == note {
      voices[index].release(pedalIsDown: pedalIsDown)
    }
  }

  /// Releases the keys of a part.
  func releaseAll(part: Int, pedalIsDown: Bool) {
    for index in 0..<count where voices[index].isActive && voices[index].part == part {
      voices[index].release(pedalIsDown: pedalIsDown)
    }
  }

  /// Ends what only the pedal holds.
  func releaseSustained(part: Int) {
    for index in 0..<count
    where voices[index].isActive && voices[index].part == part && voices[index].isSustained {
      voices[index].release(pedalIsDown: false)
    }
  }

  /// Ends a part's sound at once, without a click.
  func silence(part: Int) {
    for index in 0..<count where voices[index].isActive && voices[index].part == part {
      voices[index].fadeOut(frames: fadeFrames)
    }
  }

  /// Whether a part has a voice that sounds.
  func isSounding(part: Int) -> Bool {
    (0..<count).contains { voices[$0].isActive && voices[$0].part == part }
  }
}

extension PatchSource {
  var isModes: Bool { if case .modes = self { true } else { false } }
  var isString: Bool { if case .string = self { true } else { false } }
}
