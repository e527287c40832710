internal import Groundwork

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Sound on its way to a file that something has to be known about before it can be written: its samples as 32-bit floating
/// point in a temporary file beside the one to come, so that memory does not grow with its length. It vanishes with this object,
/// or when the program is interrupted.
package final class SoundSpool {
  /// Frames per second, in Hz.
  package let sampleRate: Int
  /// Samples in a frame.
  package let channelCount: Int
  /// How many frames there are.
  package private(set) var frameCount = 0
  /// Why frames that are there could not be read back, if that has happened.
  package private(set) var failure: AudioError?

  private let path: String
  /// A replacement that is never committed.
  private let file: AtomicReplacement
  fileprivate let descriptor: Int32

  /// An empty spool.
  /// - Parameters:
  ///   - path: The file to come.
  ///   - sampleRate: Frames per second, in Hz.
  ///   - channelCount: Samples in a frame.
  /// - Throws: `AudioError.file` if no file can be made there.
  package init(beside path: String, sampleRate: Int, channelCount: Int) throws(AudioError) {
    let replacement: AtomicReplacement
    do throws(FileError) { replacement = try AtomicReplacement(path: path) } catch { throw .file(error) }
    descriptor = withSystemPath(replacement.temporaryPath) { open($0, O_RDONLY | O_CLOEXEC) }
    file = replacement
    self.path = path
    self.sampleRate = sampleRate
    self.channelCount = channelCount
    guard descriptor >= 0 else { throw .file(FileError.reading(path)) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Appends interleaved samples, whole frames.
  /// - Throws: `AudioError.file` where the disk is full.
  package func append(_ samples: Span<Float>) throws(AudioError) {
    precondition(
      samples.count.isMultiple(of: channelCount),
      "\(samples.count) samples do not fill frames of \(channelCount) channels")
    var failure: FileError?
    samples.withUnsafeBytes { bytes in
      do throws(FileError) { try file.write(bytes) } catch { failure = error }
    }
    if let failure { throw .file(failure) }
    frameCount += samples.count / channelCount
  }

  /// Reads frames, as many as there are and as there is room for; fewer where that fails, and then `failure` says why.
  /// - Parameters:
  ///   - frame: The first frame.
  ///   - block: Room for whole frames.
  /// - Returns: how many frames were read.
  package func read(from frame: Int, into block: UnsafeMutableBufferPointer<Float>) -> Int {
    let frameBytes = channelCount * MemoryLayout<Float>.stride
    let wanted = min(block.count / channelCount, frameCount - frame) * frameBytes
    var done = 0
    while done < wanted {
      let count = pread(
        descriptor, UnsafeMutableRawPointer(block.baseAddress)?.advanced(by: done), wanted - done,
        off_t(frame * frameBytes + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        failure = .file(FileError.reading(path))
        break
      }
      done += count
    }
    return done / frameBytes
  }
}
