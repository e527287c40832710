internal import Groundwork

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A WAV file of 16 bits that is valid while it grows: each second its samples reach the disk, and then its header says that they are there. Whatever ends the
/// process, all but the last second can be read.
///
/// The format is RIFF/WAVE with room for the chunk that makes it RF64 beyond 4 GiB (EBU Tech 3306, "RF64: an extended file format for audio", 2009).
package final class GrowingWAVFile: @unchecked Sendable {
  /// Where it is.
  package let path: String
  /// How many frames were taken.
  package private(set) var frameCount = 0

  private let descriptor: Int32
  private let sampleRate: Int
  private let channelCount: Int
  private var dither = Dither()
  private var integers: [Int16]
  /// How many frames the header tells of.
  private var statedFrames = 0

  /// The bytes before the first sample: RIFF, room for ds64, fmt, data.
  private static let headerSize = 12 + 36 + 24 + 8

  /// Makes the file, in place of one that is there.
  /// - Throws: `AudioError.file`.
  package init(path: String, sampleRate: Int, channelCount: Int) throws(AudioError) {
    self.path = path
    self.sampleRate = sampleRate
    self.channelCount = channelCount
    integers = [Int16](repeating: 0, count: max(1, channelCount) * 4096)
    descriptor = withSystemPath(path) { open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666) }
    guard descriptor >= 0 else { throw .file(.writing(path)) }
    do throws(AudioError) {
      try state(0)
    } catch {
      // The end of this object closes it.
      remove()
      throw error
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// How many frames can be read from it, whatever happens.
  package var keptFrames: Int { statedFrames }

  /// Ends a file that could not be written further: it has all samples that were, and is removed where there are none.
  package func giveUp() {
    try? state(frameCount)
    guard statedFrames > 0 else { return remove() }
    _ = ftruncate(descriptor, off_t(Self.headerSize + 2 * channelCount * statedFrames))
  }

  private func remove() { removeOpenFile(at: path, descriptor) }

  /// Appends interleaved samples.
  /// - Throws: `AudioError.file`.
  package func append(_ samples: [Float]) throws(AudioError) {
    var start = 0
    while start < samples.count {
      let count = min(integers.count, samples.count - start)
      var noise = dither
      samples.withUnsafeBufferPointer { samples in
        integers.withUnsafeMutableBufferPointer {
          SampleConversion.convert(
            UnsafeBufferPointer(rebasing: samples[start..<start + count]),
            to: UnsafeMutableBufferPointer(rebasing: $0[..<count]), dither: &noise)
        }
      }
      dither = noise
      for index in 0..<count { integers[index] = integers[index].littleEndian }
      let offset = Self.headerSize + 2 * channelCount * frameCount
      let isWritten = integers.withUnsafeBytes {
        Self.write(UnsafeRawBufferPointer(rebasing: $0[..<(2 * count)]), at: offset, to: descriptor)
      }
      guard isWritten else { throw .file(.writing(path)) }
      frameCount += count / channelCount
      start += count
    }
    if frameCount - statedFrames >= sampleRate { try commit() }
  }

  /// Lets the header tell of all samples, after they have reached the disk.
  private func commit() throws(AudioError) {
    guard fdatasync(descriptor) == 0 || errno == EINVAL else { throw .file(.writing(path)) }
    try state(frameCount)
  }

  /// Completes the file; one that has no samples is removed.
  /// - Throws: `AudioError.file`.
  package func finish() throws(AudioError) {
    guard frameCount > 0 else { return remove() }
    try commit()
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw .file(.writing(path)) }
  }

  /// Writes the header for this many frames.
  private func state(_ frames: Int) throws(AudioError) {
    let dataSize = 2 * channelCount * frames
    let riffSize = Self.headerSize - 8 + dataSize
    let isLong = riffSize > Int(UInt32.max)
    var bytes: [UInt8] = []
    func add(_ text: String) { bytes += Array(text.utf8) }
    func add(_ value: Int, _ count: Int) {
      for place in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place))) }
    }
    add(isLong ? "RF64" : "RIFF")
    add(isLong ? Int(UInt32.max) : riffSize, 4)
    add("WAVE")
    add(isLong ? "ds64" : "JUNK")
    add(28, 4)
    add(isLong ? riffSize : 0, 8)
    add(isLong ? dataSize : 0, 8)
    add(isLong ? frames : 0, 8)
    add(0, 4)
    add("fmt ")
    add(16, 4)
    add(1, 2)
    add(channelCount, 2)
    add(sampleRate, 4)
    add(2 * channelCount * sampleRate, 4)
    add(2 * channelCount, 2)
    add(16, 2)
    add("data")
    add(isLong ? Int(UInt32.max) : dataSize, 4)
    guard bytes.withUnsafeBytes({ Self.write($0, at: 0, to: descriptor) }) else {
      throw .file(.writing(path))
    }
    statedFrames = frames
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, at offset: Int, to descriptor: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}
