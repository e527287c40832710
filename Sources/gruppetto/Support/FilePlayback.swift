internal import Audio
internal import Foundation
internal import Groundwork
internal import Synthesis

/// Plays files one after another, with a line that tells where it is and keys that lead it.
///
/// The caller's thread does it all: it answers to keys, renders ahead of the device, and draws the line.
final class FilePlayback {
  /// How a file came to its end.
  enum Ending {
    case played, skipped, wentBack, quit, interrupted
  }

  /// What became of a file.
  struct Outcome {
    var ending: Ending
    /// How much of it was played: the device's time, pauses and gaps included.
    var seconds: Double
    var gaps: Int
  }

  private let settings: PlaybackSettings
  private let common: CommonOptions
  private let keys: TerminalKeys?
  private let line: PlayerLine?
  private let cancellation: Cancellation
  /// Those who take part; nil for nobody.
  private let company: FileCompany?
  /// Whether nothing sounds: notes are sent to ports alone.
  private let isSilent: Bool
  private var session: (any PlaybackTarget)?
  /// The session that is being opened while files and sounds are read.
  private var opening: Promise<PlaybackSession>?
  /// What the session was opened with.
  private var opened: PlaybackSettings?
  private let raw: RawOptions
  private let isPaced: Bool
  private var output: RawOutput?

  private static let blockFrames = 256
  /// By how much a key changes the tempo.
  private static let tempoStep = 1.05

  /// - Parameters:
  ///   - settings: The device and its latency.
  ///   - raw: Where samples go instead of a device, if anywhere.
  ///   - isPaced: Whether these are written no faster than they would be heard.
  ///   - common: Whether there is a line.
  ///   - company: Those who take part; nil for nobody.
  ///   - isSilent: Whether nothing sounds: notes are sent to ports alone.
  ///   - hasKeys: Whether the keyboard leads, where there is one.
  init(
    _ settings: PlaybackSettings, raw: RawOptions, isPaced: Bool, common: CommonOptions,
    company: FileCompany? = nil, isSilent: Bool = false, hasKeys: Bool = true
  ) {
    self.company = company
    self.isSilent = isSilent
    self.settings = settings
    self.raw = raw
    self.isPaced = isPaced
    self.common = common
    cancellation = Interruption.cancellation()
    keys = hasKeys ? TerminalKeys() : nil
    line = common.quiet ? nil : PlayerLine.shared
  }

  /// The rate that a device of music most probably has, in Hz.
  var expectedRate: Int { raw.raw == nil ? Self.usualRate : raw.rate }

  private static let usualRate = 44_100

  /// Begins to open the device for music: what is heard first does not wait for one thing after the other.
  func prepareForMusic() {
    guard raw.raw == nil, !isSilent else { return }
    let (wanted, common) = (wanted(sampleRate: Self.usualRate, channelCount: 2), common)
    opening = Promise { try SoundDevice.session(wanted, common: common) }
  }

  private func wanted(sampleRate: Int, channelCount: Int) -> PlaybackSettings {
    var wanted = settings
    wanted.sampleRate = sampleRate
    wanted.channelCount = channelCount
    return wanted
  }

  /// The session for sound of this kind: the one there is, if it was opened for the same, otherwise a new one.
  /// - Parameters:
  ///   - sampleRate: The wanted rate in Hz.
  ///   - channelCount: Samples in a frame.
  func session(sampleRate: Int = usualRate, channelCount: Int = 2) throws -> any PlaybackTarget {
    if raw.raw != nil {
      // One output takes all files.
      output = try output ?? raw.open(common, cancellation)
      if let output {
        return RawTarget(output, sampleRate: raw.rate, channelCount: channelCount, isPaced: isPaced)
      }
    }
    let wanted = wanted(sampleRate: sampleRate, channelCount: channelCount)
    if let opening {
      self.opening = nil
      session = try opening.value()
      opened = self.wanted(sampleRate: Self.usualRate, channelCount: 2)
    }
    if let session, opened == wanted { return session }
    // The device may take one program at a time.
    session = nil
    let session = try isSilent ? Self.silence(wanted) : SoundDevice.session(wanted, common: common)
    self.session = session
    opened = wanted
    return session
  }

  /// A session that plays to nobody at the pace of the system's clock.
  private static func silence(_ settings: PlaybackSettings) -> PlaybackSession {
    let request = PCMRequest(
      sampleRate: settings.sampleRate, channelCount: settings.channelCount, formats: [.float32],
      latencySeconds: max(settings.latencySeconds, 0.25))
    let device = CaptureDevice(request, isPaced: true, name: "nothing") { _ in true }
    return PlaybackSession(device: device, channelCount: settings.channelCount)
  }

  /// Plays a file to its end, or until a key ends it.
  /// - Parameters:
  ///   - file: What is played.
  ///   - session: The session for it.
  ///   - name: What the line calls it.
  func play(_ file: any LedFile, through session: any PlaybackTarget, name: String) throws -> Outcome {
    try session.start()
    try company?.begin(file, session)
    var ending: Ending?
    var isAtEnd = false
    var note = ""
    var noteEnd = ContinuousClock.now
    var peak: Float = 0
    let block = UnsafeMutableBufferPointer<Float>.allocate(capacity: Self.blockFrames * file.channelCount)
    defer { block.deallocate() }
    func tick() {
      if cancellation.isRequested, ending == nil { end(.interrupted) }
      // Nobody listens any more: it is told at the end.
      if company?.problem != nil, ending == nil { end(.quit) }
      if ending == nil, let asked = company?.tick(file, session, isAtEnd: isAtEnd) { end(asked) }
      var isUrgent = false
      while ending == nil, let key = keys?.next() {
        isUrgent = true
        note = ""
        switch key {
        case .character(" "): session.isPaused ? session.resume() : session.pause()
        case .left, .right:
          guard !isAtEnd else { break }
          file.step(key == .left ? -1 : 1, from: session.heardFrames)
          session.flush()
          company?.willMove()
        case .character("+"), .character("="): note = file.changeTempo(by: Self.tempoStep)
        case .character("-"), .character("_"): note = file.changeTempo(by: 1 / Self.tempoStep)
        case .character("q"), .character("Q"): end(.quit)
        case .character("n"): end(.skipped)
        case .character("p"): end(.wentBack)
        default:
          note = "space pauses, arrows step, + and - change the tempo, n and p are next and previous, q quits"
        }
        if !note.isEmpty { noteEnd = .now + .seconds(2) }
      }
      if ContinuousClock.now > noteEnd { note = "" }
      peak = max(session.takePeak(), peak * 0.9)
      if ending == nil { show(file, session, name, peak, note, isUrgent) }
    }
    func end(_ reason: Ending) {
      ending = reason
      session.stop()
    }
    while ending == nil, !isAtEnd {
      tick()
      guard ending == nil, try session.waitForRoom(Self.blockFrames, seconds: 0.02) else { continue }
      var room = block.mutableSpan
      let frames = file.render(into: &room)
      isAtEnd = frames < Self.blockFrames
      company?.didRender(frames, of: file)
      let samples = UnsafeBufferPointer(rebasing: UnsafeBufferPointer(block)[..<(frames * file.channelCount)])
      _ = try session.write(samples.span)
    }
    session.end()
    while try session.isPlaying() {
      tick()
      usleep(2000)
    }
    let result = try session.finishPlaying()
    if cancellation.isRequested, ending == nil { ending = .interrupted }
    try company?.end(isWhole: ending == nil)
    return Outcome(ending: ending ?? .played, seconds: result.seconds, gaps: result.gaps)
  }

  private func show(
    _ file: any PlayableFile, _ session: any PlaybackTarget, _ name: String, _ peak: Float, _ note: String,
    _ isUrgent: Bool
  ) {
    guard let line else { return }
    let frame = session.heardFrames
    let gaps = session.gapCount
    line.show(
      [
        name, session.isPaused ? "paused" : "",
        "\(Readable.clock(file.seconds(atFrame: frame)))/\(Readable.clock(file.totalSeconds))",
      ] + file.details(atFrame: frame) + [
        PlayerLine.level(peak), gaps > 0 ? Readable.plural(gaps, "gap") : "", note,
      ], isUrgent: isUrgent)
  }
}
