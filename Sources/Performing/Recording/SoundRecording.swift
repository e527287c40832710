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
  private var thread: WorkerThread?
  private let blockSamples: Int
  // Of the thread that renders.
  private var block: [Float] = []
  // Of the thread that writes.
  private var failure: PerformanceError?

  /// A recording into a file.
  /// - Parameters:
  ///   - path: Where it will be; its ending names the format.
  ///   - sampleRate: Frames a second.
  ///   - channelCount: Samples in a frame.
  /// - Throws: `PerformanceError.audio` for a format that cannot hold it, `.file`, `.noThread`.
  public init(path: String, sampleRate: Int, channelCount: Int = 2) throws(PerformanceError) {
    self.path = path
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
            path: path, encoding: format.isLossy ? nil : .pcm16, sampleRate: sampleRate, channelCount: channelCount))
      }
    } catch {
      throw .audio(error)
    }
    thread = WorkerThread { self.run(file) }
    if thread == nil { throw .noThread }
  }

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
    while let samples = queue.waitForElement() {
      guard failure == nil else { continue }
      do throws(AudioError) { try file.append(samples) } catch { failure = .audio(error) }
    }
    guard failure == nil else { return }
    do throws(AudioError) { try file.finish() } catch { failure = .audio(error) }
  }
}

/// A file that takes samples one after another.
private protocol SoundSink: AnyObject, Sendable {
  func append(_ samples: [Float]) throws(AudioError)
  func finish() throws(AudioError)
}

extension GrowingWAVFile: SoundSink {}

/// A file that is encoded, and appears when it is finished.
private final class EncodedFile: SoundSink, @unchecked Sendable {
  private var writer: AudioFileWriter?

  init(_ writer: consuming AudioFileWriter) { self.writer = consume writer }

  func append(_ samples: [Float]) throws(AudioError) { try writer?.write(samples.span) }

  func finish() throws(AudioError) {
    if let writer = writer.take() { try writer.commit() }
  }
}
