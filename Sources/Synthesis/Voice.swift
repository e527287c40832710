internal import Arithmetic

/// One sounding note, or a region of one: its layers, its channel, and how it ends.
///
/// Events are heard at their frames but are told at the beginning of the quantum that they are in.
struct Voice {
  let layers: UnsafeMutablePointer<LayerVoice>
  private(set) var layerCount = 0
  /// The sample that it plays; nil where no sound has samples.
  private let region: UnsafeMutablePointer<RegionVoice>?
  private var isRegion = false
  /// Which note of its channel it plays.
  private(set) var note = -1
  private(set) var key = 0
  /// The key that is heard, which differs until the frame of a slur.
  private var soundingKey = 0
  /// The layers that its patch has; nil for a region.
  private(set) var patchLayers: UnsafePointer<PatchLayer>?
  private(set) var channel = 0
  /// Notes of one class in a channel end each other; 0 is none.
  private(set) var exclusiveClass = 0
  private var reverbSend: Float = 0
  /// The order in which notes began.
  private(set) var birth = 0
  private(set) var isActive = false
  /// The key was released but a pedal holds the note.
  private(set) var isSustained = false
  /// The sostenuto pedal holds the note, as its key was down when the pedal went down.
  private(set) var isHeld = false
  private(set) var isReleased = false
  /// It was stolen or cut off and fades out within milliseconds.
  private(set) var isFading = false
  /// What it will be like before it has sounded; 0 afterwards.
  private var expectedLoudness: Float = 0
  private var glide = Glide()
  private var fadeLevel: Float = 1
  private var fadeStep: Float = 0

  /// The frames of the quantum at which it begins, is released and begins to fade; `never` for what does not happen in it.
  private var startFrame = 0
  private var releaseFrame = Self.never
  private var fadeFrame = Self.never
  private var nextFadeStep: Float = 0
  /// The frame at which it goes on to another key, and what it is then.
  private var slurFrame = Self.never
  private var slurStart = NoteStart(key: 0, velocity: 0, seed: 0, pan: 0, sampleRate: 0)
  private var slurFrames = 0
  private static let never = Int.max
  /// The frame of the quantum at which it was over.
  private(set) var endFrame = 0

  init(layers: UnsafeMutablePointer<LayerVoice>, region: UnsafeMutablePointer<RegionVoice>?) {
    self.layers = layers
    self.region = region
  }

  /// Begins a note of a patch.
  /// - Parameter frame: Where in the quantum.
  mutating func start(_ patch: PatchView, _ start: NoteStart, _ identity: NoteIdentity, at frame: Int) {
    for index in 0..<patch.layerCount { layers[index].start(patch.layers[index], start) }
    layerCount = patch.layerCount
    reverbSend = patch.reverbSend
    isRegion = false
    patchLayers = patch.layers
    exclusiveClass = patch.chokeGroup
    begin(identity, key: start.key, velocity: start.velocity, at: frame)
  }

  /// Begins a note of a region, or one of several for a note.
  /// - Parameters:
  ///   - frame: Where in the quantum.
  ///   - state: The state of the channel then.
  mutating func start(
    _ region: UnsafePointer<Region>, key: Int, velocity: Int, _ identity: NoteIdentity, sampleRate: Float,
    course: ChannelCourse, state: UnsafePointer<Channel>, at frame: Int
  ) {
    layerCount = 0
    isRegion = true
    patchLayers = nil
    self.region?.pointee.start(
      region, key: key, velocity: velocity, sampleRate: sampleRate, course: course, state: state)
    exclusiveClass = region.pointee.exclusiveClass
    begin(identity, key: key, velocity: velocity, at: frame)
  }

  private mutating func begin(_ identity: NoteIdentity, key: Int, velocity: Int, at frame: Int) {
    note = identity.note
    channel = identity.channel
    birth = identity.birth
    self.key = key
    soundingKey = key
    slurFrame = Self.never
    expectedLoudness = Float(velocity) / 127
    isActive = true
    isSustained = false
    isHeld = false
    isReleased = false
    isFading = false
    glide = Glide()
    fadeLevel = 1
    fadeStep = 0
    startFrame = frame
    releaseFrame = Self.never
    fadeFrame = Self.never
  }

  /// Has it begin at another pitch.
  mutating func glide(from semitones: Float, frames: Int) { glide = Glide(from: semitones, frames: frames) }

  /// Whether its key is down, so that a slur can begin here.
  var isKeyDown: Bool { isActive && !isReleased && !isSustained && !isFading }

  /// Has it go on to another key without a new attack.
  /// - Parameters:
  ///   - note: Which note of its channel it is then.
  ///   - frames: How long the pitch takes.
  ///   - frame: Where in the quantum.
  mutating func slur(to start: NoteStart, note: Int, frames: Int, at frame: Int) {
    key = start.key
    self.note = note
    slurStart = start
    slurFrames = frames
    slurFrame = min(slurFrame, max(frame, startFrame))
  }

  private mutating func beginSlur() {
    slurFrame = Self.never
    let distance = Float(soundingKey - slurStart.key) + glide.semitones
    soundingKey = slurStart.key
    glide = Glide(from: distance, frames: slurFrames)
    for index in 0..<layerCount { layers[index].slur(to: slurStart) }
  }

  /// The sostenuto pedal goes down.
  mutating func hold() { if !isReleased, !isSustained { isHeld = true } }

  /// It goes up.
  mutating func endHold(pedalIsDown: Bool, at frame: Int) {
    guard isHeld else { return }
    isHeld = false
    if isSustained, !pedalIsDown { release(pedalIsDown: false, at: frame) }
  }

  /// The key goes up; with a pedal down the note continues.
  mutating func release(pedalIsDown: Bool, at frame: Int) {
    guard !isReleased else { return }
    isSustained = pedalIsDown || isHeld
    isReleased = !isSustained
    if isReleased { releaseFrame = max(frame, startFrame) }
  }

  /// Ends it within `frames` without a click.
  mutating func fadeOut(frames: Int, at frame: Int) {
    isFading = true
    let step = -1 / Float(max(1, frames))
    if fadeFrame == Self.never || step < nextFadeStep {
      nextFadeStep = step
      fadeFrame = min(fadeFrame, max(frame, startFrame))
    }
  }

  /// Roughly how loud it was when the quantum began.
  var loudness: Float {
    if expectedLoudness > 0 { return expectedLoudness }
    var sum: Float = isRegion ? region?.pointee.loudness ?? 0 : 0
    for index in 0..<layerCount { sum += layers[index].loudness }
    return sum * fadeLevel
  }

  /// Adds the sound of a quantum to `bus`.
  mutating func render(_ quantum: Quantum, _ course: ChannelCourse, into bus: Bus, _ workspace: Workspace) {
    var frame = startFrame
    while frame < quantum.frames, isActive {
      let segment = quantum.segment(of: frame)
      if frame >= slurFrame { beginSlur() }
      if frame >= releaseFrame {
        releaseFrame = Self.never
        for index in 0..<layerCount { layers[index].release() }
        if isRegion { region?.pointee.release() }
      }
      if frame >= fadeFrame {
        fadeFrame = Self.never
        fadeStep = min(fadeStep, nextFadeStep)
      }
      // A region knows itself for how long nothing moves; a glide and a fade move in every segment.
      let isEven = isRegion && fadeStep == 0 && !glide.isMoving
      let end = min(
        isEven ? course.end(ofStateAt: segment, quantum) : quantum.end(ofSegment: segment),
        max(releaseFrame, frame + 1), max(fadeFrame, frame + 1), max(slurFrame, frame + 1))
      if isRegion {
        addRegion(frame..<end, course, segment: segment, to: bus, workspace)
      } else {
        add(frame..<end, quantum, course, segment: segment, to: bus, workspace)
      }
      frame = end
    }
    endFrame = frame
    startFrame = 0
    expectedLoudness = 0
  }

  /// Adds the frames of a segment, a part of it or several that the channel's state holds for, for a region.
  private mutating func addRegion(
    _ range: Range<Int>, _ course: ChannelCourse, segment: Int, to bus: Bus, _ workspace: Workspace
  ) {
    let state = course.state(ofSegment: segment)
    var fade: UnsafePointer<Float>?
    if fadeStep < 0 {
      for frame in 0..<range.count {
        fadeLevel = max(0, fadeLevel + fadeStep)
        workspace.voiceLeft[frame] = fadeLevel
      }
      fade = UnsafePointer(workspace.voiceLeft)
    }
    region?.pointee.add(
      to: bus, from: range.lowerBound, range.count, state: state, course: course,
      tuning: state.pointee.tuning + course.tunings[key] + glide.next(range.count), fade: fade, workspace)
    isActive = region?.pointee.isDone == false && fadeLevel > 0
  }

  /// Adds the frames of a segment or a part of it, for a patch.
  private mutating func add(
    _ range: Range<Int>, _ quantum: Quantum, _ course: ChannelCourse, segment: Int, to bus: Bus,
    _ workspace: Workspace
  ) {
    let frames = range.count
    let state = course.state(ofSegment: segment)
    let left = workspace.voiceLeft
    let right = workspace.voiceRight
    left.update(repeating: 0, count: frames)
    right.update(repeating: 0, count: frames)
    var isSounding = false
    let bend = state.pointee.bend + course.tunings[soundingKey] + glide.next(frames)
    let start = segment * segmentFrames
    let speaker = course.speakers[segment]
    for index in 0..<layerCount {
      layers[index].add(
        toLeft: left, right: right, frames, bend: bend, wheel: state.pointee.vibrato, speaker,
        framesBefore: range.lowerBound - start, workspace)
      if !layers[index].isDone { isSounding = true }
    }
    applyFade(left, right, frames)
    isActive = isSounding && fadeLevel > 0

    let step =
      (course.gains[segment + 1] - course.gains[segment]) / Float(quantum.end(ofSegment: segment) - start)
    let gains = course.gains[segment] + step * Float(range.lowerBound - start)
    let place = range.lowerBound
    let kernels = workspace.kernels
    kernels.addRamp(left, gain: gains.x, step: step.x, to: bus.left + place, count: frames)
    kernels.addRamp(right, gain: gains.y, step: step.y, to: bus.right + place, count: frames)
    let mono = workspace.voiceMono
    for frame in 0..<frames { mono[frame] = 0.5 * (left[frame] + right[frame]) }
    kernels.addRamp(
      mono, gain: gains.z * reverbSend, step: step.z * reverbSend, to: bus.reverb + place, count: frames)
    if gains.w > 0 || step.w > 0 {
      kernels.addRamp(mono, gain: gains.w, step: step.w, to: bus.chorus + place, count: frames)
    }
  }

  private mutating func applyFade(
    _ left: UnsafeMutablePointer<Float>, _ right: UnsafeMutablePointer<Float>, _ frames: Int
  ) {
    guard fadeStep < 0 else { return }
    for frame in 0..<frames {
      fadeLevel = max(0, fadeLevel + fadeStep)
      left[frame] *= fadeLevel
      right[frame] *= fadeLevel
    }
  }
}

/// A portamento: a pitch that starts off the note and moves to it evenly.
private struct Glide: BitwiseCopyable {
  /// How far the pitch is off the note now.
  private(set) var semitones: Float = 0
  private var step: Float = 0
  private var framesLeft = 0

  init() {}

  var isMoving: Bool { framesLeft > 0 }

  init(from semitones: Float, frames: Int) {
    self.semitones = semitones
    framesLeft = max(1, frames)
    step = -semitones / Float(framesLeft)
  }

  /// How far the pitch is off the note, in semitones, and goes on by `frames`.
  mutating func next(_ frames: Int) -> Float {
    guard framesLeft > 0 else { return 0 }
    let now = semitones
    semitones = framesLeft > frames ? semitones + step * Float(frames) : 0
    framesLeft -= frames
    return now
  }
}

/// Whose note a voice plays.
struct NoteIdentity: BitwiseCopyable {
  /// Which note of its channel; −1 where its key is all that is known.
  var note: Int
  var channel: Int
  /// The order in which notes began.
  var birth: Int
}
