public import Audio
internal import Groundwork

/// Keeps what was heard in a sound file. A WAV file is there from the beginning, and valid to the last second at each moment, whatever ends the
/// process; files of other formats appear when the recording is finished.
///
/// The thread that renders hands its samples over and goes on; another one writes them. A recording has to be finished.
public final class SoundRecording: PerformanceListener, @unchecked Sendable {
  /// Where the file is.
  public let path: String

  private let queue = BoundedQueue<[Float]>(capacity: 600)
  private var thread: SystemThread?
  private let blockSamples: Int
  // Of the thread that renders.
  private var block: [Float] = []
  private let problem = Guarded<PerformanceError?>(nil)
  private let kept = Guarded(0.0)
  private let sampleRate: Int

  /// A recording into a file.
  /// - Parameters:
  ///   - path: Where it will be; its ending names the format.
  ///   - sampleRate: Frames a second.
  ///   - channelCount: Samples in a frame.
  /// - Throws: `PerformanceError.audio` for a format that cannot hold it, `.file`, `.noThread`.
  public init(path: String, sampleRate: Int, channelCount: Int = 2) throws(PerformanceError) {
    self.path = path
    self.sampleRate = sampleRate
    // A tenth of a second is handed over at once; a minute of it may wait for a slow disk.
    blockSamples = max(1, sampleRate / 10) * channelCount
    block.reserveCapacity(2 * blockSamples)
    let file: any SoundSink
    do throws(AudioError) {
      let format = try AudioFileFormat(path: path)
      if format == .wav {
        file = try GrowingWAVFile(path: path, sampleRate: sampleRate, channelCount: channelCount)
      } else {
        file = EncodedFile(
          try AudioFileWriter(
            path: path, encoding: format.isLossy ? nil : .pcm16, sampleRate: sampleRate,
            channelCount: channelCount), channelCount: channelCount)
      }
    } catch {
      throw .audio(error)
    }
    thread = SystemThread { self.run(file) }
    if thread == nil { throw .noThread }
  }

  /// How much of the sound the file has, in seconds; 0 where there is no file, as of other formats than WAV until it is finished.
  public var keptSeconds: Double { kept.withLock { $0 } }

  /// Why the file cannot be written any more; nil as long as it can. It may be asked for at any time.
  public var failure: PerformanceError? { problem.withLock { $0 } }

  /// Hands the samples to the thread that writes; waits where that is a minute behind.
  public func didRender(_ samples: Span<Float>) {
    samples.withUnsafeBufferPointer { block.append(contentsOf: $0) }
    if block.count >= blockSamples { handOver() }
  }

  private func handOver() {
    _ = queue.waitForRoom()
    queue.add(block)
    block.removeAll(keepingCapacity: true)
    block.reserveCapacity(2 * blockSamples)
  }

  /// Writes what is left, and completes the file. No sound may be rendered any more.
  /// - Throws: `PerformanceError` if the file could not be written at any time.
  public func finish() throws(PerformanceError) {
    if !block.isEmpty { handOver() }
    queue.end()
    thread?.join()
    if let failure { throw failure }
  }

  private func run(_ file: any SoundSink) {
    var isWhole = true
    while let samples = queue.waitForElement() {
      if isWhole { isWhole = attempt(file) { () throws(AudioError) in try file.append(samples) } }
    }
    if isWhole { _ = attempt(file) { () throws(AudioError) in try file.finish() } }
  }

  /// Notes what goes wrong.
  /// - Returns: Whether all went well.
  private func attempt(_ file: any SoundSink, _ work: () throws(AudioError) -> Void) -> Bool {
    do throws(AudioError) {
      try work()
      note(file.keptFrames)
      return true
    } catch {
      file.giveUp()
      note(file.keptFrames)
      var told = PerformanceError.audio(error)
      if case .file(let failure) = error { told = .file(failure.keeping(seconds: keptSeconds)) }
      problem.withLock { $0 = told }
      return false
    }
  }

  private func note(_ frames: Int) { kept.withLock { $0 = Double(frames) / Double(sampleRate) } }
}

/// A file that takes samples one after another.
private protocol SoundSink: AnyObject, Sendable {
  /// How many frames can be read from the file.
  var keptFrames: Int { get }
  func append(_ samples: [Float]) throws(AudioError)
  func finish() throws(AudioError)
  /// Leaves no file that is of no use.
  func giveUp()
}

extension GrowingWAVFile: SoundSink {}

/// A file that is encoded, and appears when it is finished.
private final class EncodedFile: SoundSink, @unchecked Sendable {
  private var writer: AudioFileWriter?
  private let channelCount: Int
  private var frameCount = 0
  private(set) var keptFrames = 0

  init(_ writer: consuming AudioFileWriter, channelCount: Int) {
    self.writer = consume writer
    self.channelCount = channelCount
  }

  func append(_ samples: [Float]) throws(AudioError) {
    try writer?.write(samples.span)
    frameCount += samples.count / max(1, channelCount)
  }

  func finish() throws(AudioError) {
    // Without any sound there is to be no file.
    guard frameCount > 0, let writer = writer.take() else { return giveUp() }
    try writer.commit()
    keptFrames = frameCount
  }

  func giveUp() { writer = nil }
}
