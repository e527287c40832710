/// One sounding note: its layers, its part, and how it ends.
struct Voice {
  let layers: UnsafeMutablePointer<LayerVoice>
  private(set) var layerCount = 0
  /// Which note of the score it plays.
  private(set) var note = -1
  private(set) var key = 0
  private(set) var part = 0
  private(set) var chokeGroup = 0
  private(set) var reverbSend: Float = 0
  /// The order in which voices began.
  private(set) var birth = 0
  private(set) var isActive = false
  /// The key was released but the sustain pedal holds the note.
  private(set) var isSustained = false
  private(set) var isReleased = false
  /// It was stolen and fades out within milliseconds.
  private(set) var isFading = false
  private var fadeLevel: Float = 1
  private var fadeStep: Float = 0

  init(layers: UnsafeMutablePointer<LayerVoice>) { self.layers = layers }

  mutating func start(
    _ patch: Patch, _ start: NoteStart, note: Int, part: Int, birth: Int
  ) {
    for index in 0..<patch.layerCount { layers[index].start(patch.layers[index], start) }
    layerCount = patch.layerCount
    self.note = note
    self.part = part
    self.birth = birth
    key = start.key
    chokeGroup = patch.chokeGroup
    reverbSend = patch.reverbSend
    isActive = true
    isSustained = false
    isReleased = false
    isFading = false
    fadeLevel = 1
    fadeStep = 0
  }

  /// The key goes up; with the pedal down the note continues.
  mutating func release(pedalIsDown: Bool) {
    guard !isReleased else { return }
    if pedalIsDown {
      isSustained = true
    } else {
      isSustained = false
      isReleased = true
      for index in 0..<layerCount { layers[index].release() }
    }
  }

  /// Ends it within `frames` without a click.
  mutating func fadeOut(frames: Int) {
    isFading = true
    fadeStep = min(fadeStep, -1 / Float(max(1, frames)))
  }

  /// Roughly how loud it is now.
  var loudness: Float {
    var sum: Float = 0
    for index in 0..<layerCount { sum += layers[index].loudness }
    return sum * fadeLevel
  }

  /// Adds the next `frames` samples to `left` and `right`, the part's gain and this voice's fade not yet applied.
  mutating func add(
    toLeft left: UnsafeMutablePointer<Float>, right: UnsafeMutablePointer<Float>, _ frames: Int,
    bend: Float, wheel: Float, _ workspace: Workspace
  ) {
    var isSounding = false
    for index in 0..<layerCount {
      layers[index].add(
        toLeft: left, right: right, frames, bend: bend, wheel: wheel, workspace)
      if !layers[index].isDone { isSounding = true }
    }
    if fadeStep < 0 {
      for frame in 0..<frames {
        fadeLevel = max(0, fadeLevel + fadeStep)
        left[frame] *= fadeLevel
        right[frame] *= fadeLevel
      }
    }
    isActive = isSounding && fadeLevel > 0
  }
}
