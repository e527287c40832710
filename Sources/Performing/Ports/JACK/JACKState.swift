internal import Synchronization

/// What JACK's thread has of a client, behind a pointer: no reference is counted there, nothing allocated, and nothing waited for.
struct JACKState: ~Copyable {
  /// What the sound is doing.
  enum Phase {
    static let idle = 0
    static let ready = 1
    static let running = 2
    static let underrun = 3
    static let draining = 4
  }

  /// The longest message of MIDI that is taken.
  static let messageLimit = 4_096

  let library: JACKLibrary
  var client: JACKLibrary.Client?
  var midiIn: JACKLibrary.Port?
  var midiOut: JACKLibrary.Port?
  let channelCount: Int
  let audioPorts: UnsafeMutablePointer<JACKLibrary.Port?>
  /// From JACK's clock to the monotonic one, in nanoseconds.
  var clockOffset: Int64 = 0

  let isShutDown = Atomic<Bool>(false)
  /// How often it was opened again after its server had ended.
  let reopenings = Atomic<Int>(0)
  let phase = Atomic<Int>(Phase.idle)
  let underruns = Atomic<Int>(0)
  let lostMessages = Atomic<Int>(0)
  let incoming = RecordRing(capacity: 1 << 16)
  let outgoing = RecordRing(capacity: 1 << 16)
  let scratch: UnsafeMutableRawPointer

  /// Frames of the ring between the session's thread and JACK's, interleaved.
  let frames: UnsafeMutablePointer<Float>
  let frameCapacity: Int
  let written = Atomic<Int>(0)
  let taken = Atomic<Int>(0)
  /// Frames before this one are not to be heard.
  let dropped = Atomic<Int>(0)

  // What a provided timebase says.
  var beatsPerBar: Float = 4
  var beatType: Float = 4
  var beatsPerMinute = 120.0

  init(library: JACKLibrary, channelCount: Int, frameCapacity: Int) {
    self.library = library
    self.channelCount = channelCount
    self.frameCapacity = frameCapacity
    audioPorts = .allocate(capacity: max(1, channelCount))
    audioPorts.initialize(repeating: nil, count: max(1, channelCount))
    frames = .allocate(capacity: max(1, channelCount * frameCapacity))
    scratch = .allocate(byteCount: Self.messageLimit, alignment: 16)
  }

  deinit {
    audioPorts.deallocate()
    frames.deallocate()
    scratch.deallocate()
  }

  // MARK: In JACK's thread

  /// One cycle.
  func process(_ count: Int) {
    guard let client else { return }
    if channelCount > 0 { playSound(count) }
    let first = library.lastFrame(client)
    if let midiIn, let buffer = library.portBuffer(midiIn, UInt32(count)) { receive(buffer, client, first) }
    if let midiOut, let buffer = library.portBuffer(midiOut, UInt32(count)) {
      send(buffer, client, first, count)
    }
  }

  private func playSound(_ count: Int) {
    var position = taken.load(ordering: .relaxed)
    let end = written.load(ordering: .acquiring)
    position = max(position, min(end, dropped.load(ordering: .acquiring)))
    let current = phase.load(ordering: .acquiring)
    let isPlaying = current == Phase.running || current == Phase.draining
    let available = isPlaying ? min(count, end - position) : 0
    for channel in 0..<channelCount {
      guard let port = audioPorts[channel], let raw = library.portBuffer(port, UInt32(count)) else {
        continue
      }
      let target = raw.assumingMemoryBound(to: Float.self)
      var place = position % frameCapacity
      for index in 0..<available {
        target[index] = frames[place * channelCount + channel]
        place += 1
        if place == frameCapacity { place = 0 }
      }
      for index in available..<count { target[index] = 0 }
    }
    taken.store(position + available, ordering: .releasing)
    guard isPlaying, available < count else { return }
    if current == Phase.draining {
      _ = phase.compareExchange(expected: current, desired: Phase.idle, ordering: .acquiringAndReleasing)
    } else if phase.compareExchange(
      expected: current, desired: Phase.underrun, ordering: .acquiringAndReleasing
    ).exchanged {
      underruns.add(1, ordering: .relaxed)
    }
  }

  /// Reads what came in: a record of moment, length and address for each event.
  private func receive(_ buffer: UnsafeMutableRawPointer, _ client: JACKLibrary.Client, _ first: UInt32) {
    // `jack_midi_event_t`: frame, length, address.
    var event: (frame: UInt32, size: Int, bytes: UnsafeRawPointer?) = (0, 0, nil)
    for index in 0..<library.midiCount(buffer) {
      guard library.midiGet(&event, buffer, index) == 0, let bytes = event.bytes else { continue }
      let time = Int64(library.microseconds(client, first &+ event.frame)) * 1_000 + clockOffset
      if event.size > Self.messageLimit || !incoming.write(bytes, count: event.size, time: time) {
        lostMessages.add(1, ordering: .relaxed)
      }
    }
  }

  /// Writes what is due in this cycle, each at its frame.
  private func send(
    _ buffer: UnsafeMutableRawPointer, _ client: JACKLibrary.Client, _ first: UInt32, _ count: Int
  ) {
    library.midiClear(buffer)
    var earliest = 0
    while let (time, size) = outgoing.peek() {
      let microseconds = max(0, time - clockOffset) / 1_000
      // Frames of 32 bits are counted around.
      let offset = Int(Int32(bitPattern: library.frame(client, UInt64(microseconds)) &- first))
      guard offset < count else { return }
      outgoing.take(into: scratch)
      // In the order in which they were handed over, as JACK wants it.
      earliest = max(earliest, offset)
      if library.midiWrite(buffer, UInt32(earliest), scratch, size) != 0 {
        lostMessages.add(1, ordering: .relaxed)
      }
    }
  }

  /// Fills in bar and beat of a frame, by a tempo that does not change.
  func fillPosition(_ position: UnsafeMutableRawPointer) {
    let rate = position.load(fromByteOffset: JACKPosition.frameRate, as: UInt32.self)
    let frame = position.load(fromByteOffset: JACKPosition.frame, as: UInt32.self)
    let ticksPerBeat = 1920.0
    let passed = rate == 0 ? 0 : Double(frame) / Double(rate) * beatsPerMinute / 60
    let beats = passed.isFinite ? min(max(passed, 0), 1e9) : 0
    let perBar = beatsPerBar >= 1 && beatsPerBar.isFinite ? Double(beatsPerBar) : 4
    let bar = (beats / perBar).rounded(.down)
    let beat = beats - bar * perBar
    position.storeBytes(of: Int32(bar) + 1, toByteOffset: JACKPosition.bar, as: Int32.self)
    position.storeBytes(of: Int32(beat) + 1, toByteOffset: JACKPosition.beat, as: Int32.self)
    let tick = (beat - beat.rounded(.down)) * ticksPerBeat
    position.storeBytes(of: Int32(tick), toByteOffset: JACKPosition.tick, as: Int32.self)
    let barStart = bar * perBar * ticksPerBeat
    position.storeBytes(of: barStart, toByteOffset: JACKPosition.barStartTick, as: Double.self)
    position.storeBytes(of: beatsPerBar, toByteOffset: JACKPosition.beatsPerBar, as: Float.self)
    position.storeBytes(of: beatType, toByteOffset: JACKPosition.beatType, as: Float.self)
    position.storeBytes(of: ticksPerBeat, toByteOffset: JACKPosition.ticksPerBeat, as: Double.self)
    position.storeBytes(of: beatsPerMinute, toByteOffset: JACKPosition.beatsPerMinute, as: Double.self)
    position.storeBytes(of: JACKPosition.hasBars, toByteOffset: JACKPosition.valid, as: UInt32.self)
  }
}

/// Where the parts of `jack_position_t` stand, in bytes. The structure is packed; these lie alike in either way.
enum JACKPosition {
  static let size = 512
  static let frameRate = 16
  static let frame = 20
  static let valid = 24
  static let bar = 28
  static let beat = 32
  static let tick = 36
  static let barStartTick = 40
  static let beatsPerBar = 48
  static let beatType = 52
  static let ticksPerBeat = 56
  static let beatsPerMinute = 64
  /// Set in `valid` where bar and beat are known.
  static let hasBars: UInt32 = 0x10
}
