/// A source of sound: it gives its samples in order, a block at a time, until it ends.
///
/// A player and a file writer consume sources. They call `render` from one thread at a time.
public protocol SampleSource {
  /// Frames per second, in Hz.
  var sampleRate: Int { get }
  /// Samples in a frame.
  var channelCount: Int { get }
  /// About how many frames it will give in all, where that is known beforehand. It serves to show
  /// progress and to choose a file's form; the source itself decides when it ends.
  var frameCount: Int? { get }

  /// Fills `block` with the next interleaved samples.
  /// - Parameter block: room for whole frames.
  /// - Returns: how many frames were written. Fewer than there is room for, none included, means that the source
  ///   has ended.
  mutating func render(into block: inout MutableSpan<Float>) -> Int
}

extension SampleSource {
  /// By default the length is not known.
  public var frameCount: Int? { nil }
}

/// A buffer that is played from its beginning to its end.
public struct AudioBufferSource: SampleSource {
  private let buffer: AudioBuffer
  private var position: Int

  /// A source of the buffer's samples.
  /// - Parameters:
  ///   - buffer: The sound.
  ///   - frame: The frame that it begins with, from 0 to the buffer's number of frames.
  public init(_ buffer: AudioBuffer, from frame: Int = 0) {
    self.buffer = buffer
    position = min(max(0, frame), buffer.frameCount) * buffer.channelCount
  }

  /// The buffer's.
  public var sampleRate: Int { buffer.sampleRate }
  /// The buffer's.
  public var channelCount: Int { buffer.channelCount }
  /// The buffer's.
  public var frameCount: Int? { buffer.frameCount }

  /// Copies the next frames of the buffer.
  public mutating func render(into block: inout MutableSpan<Float>) -> Int {
    let count = min(block.count / channelCount * channelCount, buffer.samples.count - position)
    buffer.samples.withUnsafeBufferPointer { samples in
      block.withUnsafeMutableBufferPointer { block in
        _ = block.update(fromContentsOf: samples[position..<position + count])
      }
    }
    position += count
    return count / channelCount
  }
}
