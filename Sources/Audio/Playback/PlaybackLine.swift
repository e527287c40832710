internal import Synchronization

/// What the audio thread shares with the threads that write, watch and command it: the ring and atomics, nothing that anyone
/// waits for.
final class PlaybackLine: Sendable {
  let ring: SampleRing

  // Commands.
  private let pausing = Atomic<Bool>(false)
  private let stopping = Atomic<Bool>(false)
  private let flushing = Atomic<Int>(0)

  // Reports.
  private let finished = Atomic<Bool>(false)
  private let failure = Atomic<Int32>(0)
  private let attempts = Atomic<Int>(0)
  private let realTime = Atomic<Bool>(false)
  private let framesWritten = Atomic<Int>(0)
  private let peak = Atomic<UInt32>(0)
  private let underruns = Atomic<Int>(0)
  private let lateSources = Atomic<Int>(0)
  private let suspensions = Atomic<Int>(0)
  private let reopenings = Atomic<Int>(0)
  /// Odd while the two that follow are being changed.
  private let headVersion = Atomic<UInt>(0)
  private let headFrame = Atomic<Int>(0)
  private let headNanoseconds = Atomic<Int64>(0)

  init(ring: SampleRing) { self.ring = ring }

  /// Makes all as it was at the beginning. No audio thread may be running.
  func reset() {
    ring.reset()
    stopping.store(false, ordering: .relaxed)
    flushing.store(0, ordering: .relaxed)
    failure.store(0, ordering: .relaxed)
    framesWritten.store(0, ordering: .relaxed)
    underruns.store(0, ordering: .relaxed)
    lateSources.store(0, ordering: .relaxed)
    suspensions.store(0, ordering: .relaxed)
    reopenings.store(0, ordering: .relaxed)
    peak.store(0, ordering: .relaxed)
    note(head: 0, at: 0)
    finished.store(false, ordering: .releasing)
  }

  // MARK: Commands

  /// Whether nothing is to be heard for now.
  var isPaused: Bool {
    get { pausing.load(ordering: .relaxed) }
    set { pausing.store(newValue, ordering: .relaxed) }
  }

  /// Asks the audio thread to fade out and end.
  func stop() { stopping.store(true, ordering: .relaxed) }
  var isStopping: Bool { stopping.load(ordering: .relaxed) }

  /// Asks that what was written so far not be heard. The writer calls it.
  func flush() { flushing.store(ring.writtenCount, ordering: .releasing) }
  /// The position in the ring before which all is to be dropped.
  var flushPosition: Int { flushing.load(ordering: .acquiring) }

  // MARK: Reports

  /// Whether the audio thread has ended.
  var isFinished: Bool { finished.load(ordering: .acquiring) }
  /// The negative number for why the device failed; 0 if it did not.
  var failureCode: Int32 { failure.load(ordering: .acquiring) }
  /// Grows as long as the audio thread runs; it stands still while a call to the device does not return.
  var attemptCount: Int { attempts.load(ordering: .relaxed) }
  var isRealTime: Bool { realTime.load(ordering: .relaxed) }
  /// How many frames the device was given, silence included.
  var writtenCount: Int { framesWritten.load(ordering: .relaxed) }

  var counts: PlaybackCounts {
    PlaybackCounts(
      underruns: underruns.load(ordering: .relaxed), lateSources: lateSources.load(ordering: .relaxed),
      suspensions: suspensions.load(ordering: .relaxed), reopenings: reopenings.load(ordering: .relaxed))
  }

  /// The largest amplitude since this was last asked for.
  func takePeak() -> Float { Float(bitPattern: peak.exchange(0, ordering: .relaxed)) }

  /// Where the playhead was, and when.
  var head: Playhead {
    while true {
      let version = headVersion.load(ordering: .acquiring)
      let frame = headFrame.load(ordering: .acquiring)
      let nanoseconds = headNanoseconds.load(ordering: .acquiring)
      if version.isMultiple(of: 2), headVersion.load(ordering: .relaxed) == version {
        return Playhead(frame: frame, nanoseconds: nanoseconds)
      }
    }
  }

  // The audio thread alone calls what follows.

  func noteAttempt() { attempts.add(1, ordering: .relaxed) }
  func note(isRealTime: Bool) { realTime.store(isRealTime, ordering: .relaxed) }
  func noteUnderrun() { underruns.add(1, ordering: .relaxed) }
  func noteLateSource() { lateSources.add(1, ordering: .relaxed) }
  func noteSuspension() { suspensions.add(1, ordering: .relaxed) }
  func noteReopening() { reopenings.add(1, ordering: .relaxed) }
  func note(written: Int) { framesWritten.store(written, ordering: .relaxed) }

  /// Amplitudes are not negative, and the bits of such numbers are in the order of their values.
  func note(peak value: Float) {
    guard value > 0 else { return }
    peak.max(value.bitPattern, ordering: .relaxed)
  }

  func note(head frame: Int, at nanoseconds: Int64) {
    headVersion.add(1, ordering: .acquiringAndReleasing)
    headFrame.store(frame, ordering: .releasing)
    headNanoseconds.store(nanoseconds, ordering: .releasing)
    headVersion.add(1, ordering: .releasing)
  }

  /// - Parameter code: A negative number, or 0.
  func finish(_ code: Int32) {
    failure.store(min(0, code), ordering: .relaxed)
    finished.store(true, ordering: .releasing)
  }
}

/// What went wrong while it played, and was recovered from.
public struct PlaybackCounts: Sendable, Equatable {
  /// How often the device ran out of frames although there were some: this process was not scheduled in time.
  public var underruns = 0
  /// How often there were no frames to give to the device: the source was late.
  public var lateSources = 0
  /// How often the system suspended the device.
  public var suspensions = 0
  /// How often the device was lost, and opened again.
  public var reopenings = 0

  /// Nothing went wrong.
  public init() {}

  init(underruns: Int, lateSources: Int, suspensions: Int, reopenings: Int) {
    self.underruns = underruns
    self.lateSources = lateSources
    self.suspensions = suspensions
    self.reopenings = reopenings
  }

  /// How many gaps were heard.
  public var gaps: Int { underruns + lateSources + suspensions + reopenings }
}

/// A place in the sound, and when it was heard.
public struct Playhead: Sendable, Equatable {
  /// Frames since the first that was written: those before it were heard, or dropped.
  public var frame: Int
  /// When it was there, in nanoseconds of the system's monotonic clock (`CLOCK_MONOTONIC`); 0 before playing has begun.
  public var nanoseconds: Int64
}
