internal import Audio
internal import Performing
internal import Synchronization

/// The others who take part while files are played: they are sent the notes and told of the bars that are heard, and may lead.
final class FileCompany {
  private let company: PlayingCompany
  private let remote: FileRemote
  private var companion: ScoreCompanion?
  private var clock: PlayingClock?
  private var isPaused = false
  private var sampleRate = 44_100
  private var tempoFactor = 1.0
  private var rendered = 0
  /// The second of the file that sounds after the last rendered frame.
  private var lastSecond: Double?
  private let moved = MovedFrame()

  /// The frame from which on the file was moved to another place. Until it is heard nobody knows when that will be: what was rendered before
  /// is dropped on the way.
  private final class MovedFrame: Sendable {
    private let frame = Atomic<Int>(0)

    var value: Int {
      get { frame.load(ordering: .acquiring) }
      set { frame.store(newValue, ordering: .releasing) }
    }
  }

  /// Opens ports and listens; nil where nobody takes part.
  /// - Parameters:
  ///   - options: Which.
  ///   - common: Tells what becomes of a server that ports are of.
  /// - Throws: `PortError`.
  init?(_ options: PlayPortOptions, common: CommonOptions) throws {
    guard !options.isEmpty else { return nil }
    let remote = FileRemote()
    self.remote = remote
    company = try PlayingCompany(options, common: common) { action, _ in remote.handle(action) }
  }

  /// Begins a file.
  func begin(_ file: any LedFile, _ session: any PlaybackTarget) throws {
    let clock = session.playingClock
    self.clock = clock
    isPaused = false
    sampleRate = session.sampleRate
    (rendered, lastSecond, tempoFactor) = (0, nil, 1)
    moved.value = 0
    let rate = Double(session.sampleRate)
    try company.begin(sampleRate: session.sampleRate) { [moved] frame in
      let change = moved.value
      if change > 0, frame >= change, session.heardFrames < change { return nil }
      return clock.moment(ofSecond: Double(frame) / rate, sampleRate: rate)
    }
    companion = try file.companion(
      ScoreCompanion.Company(performers: company.performers, conductor: company.conductor))
    tell(file, session)
  }

  private func tell(_ file: any LedFile, _ session: any PlaybackTarget) {
    remote.tell(
      FileRemote.State(
        barCount: file.barCount, tempoFactor: file.tempoFactor,
        tempo: file.quartersPerMinute(atFrame: session.heardFrames), gain: file.gain, gains: file.gains,
        isPlaying: true))
  }

  /// Takes that a file was rendered further.
  func didRender(_ frames: Int, of file: any LedFile) {
    guard frames > 0 else { return }
    let factor = file.tempoFactor
    let end = file.seconds(atFrame: rendered + frames)
    // A file is moved amid a block; what came before is in the past.
    let start = end - Double(frames) / Double(sampleRate) * factor
    if let lastSecond, abs(lastSecond - start) > ScoreCompanion.tolerance { moved.value = rendered }
    companion?.didRender(frames, from: start, to: end, tempoFactor: factor)
    rendered += frames
    lastSecond = end
  }

  /// Does what other programs have asked for, and follows pauses.
  /// - Parameters:
  ///   - isAtEnd: Whether the file was rendered to its end, so that it cannot be moved any more.
  /// - Returns: How the file ends; nil while it goes on.
  func tick(_ file: any LedFile, _ session: any PlaybackTarget, isAtEnd: Bool) -> FilePlayback.Ending? {
    var ending: FilePlayback.Ending?
    for request in remote.takeRequests() {
      switch request {
      case .stop: ending = .quit
      case .pause: session.pause()
      case .resume: session.resume()
      case .start:
        session.resume()
        move(file, toBar: 0, session, isAtEnd)
      case .bar(let bar): move(file, toBar: bar, session, isAtEnd)
      case .tempoFactor(let factor): file.tempoFactor = factor
      case .gain(let decibels): file.gain = decibels
      }
    }
    if session.isPaused != isPaused {
      isPaused = session.isPaused
      if isPaused {
        clock?.pause()
        company.pause()
      } else {
        clock?.resume()
        company.resume()
      }
    }
    tell(file, session)
    return ending
  }

  private func move(_ file: any LedFile, toBar bar: Int, _ session: any PlaybackTarget, _ isAtEnd: Bool) {
    guard !isAtEnd else { return }
    file.go(toBar: bar)
    session.flush()
    willMove()
  }

  /// Takes that the file goes on from another place: what was held before a pause is not struck again, and what was to come is dropped
  /// as the sound of it is.
  func willMove() { for performer in company.performers { performer.move() } }

  /// Ends a file.
  /// - Parameter isWhole: Whether it was heard to its end.
  func end(isWhole: Bool) throws { try company.end(waits: isWhole ? 0.2 : 0) }

  /// How many OSC messages were not understood.
  var faultCount: Int { company.faultCount }

  /// Why a port can be sent nothing any more; nil as long as all can.
  var problem: PortError? { company.problem }

  /// Ends the performance, and closes all ports.
  func finish() throws { try company.finish() }
}
