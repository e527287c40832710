internal import Audio

/// A stereo signal in which each frame tells its number: the left channel its low fifteen bits, the right one the next. The values are
/// exact in 16 bits.
struct CountingSignal: SampleSource {
  let sampleRate: Int
  let channelCount = 2
  let frameCount: Int?
  private var position = 0

  init(sampleRate: Int, frames: Int) {
    self.sampleRate = sampleRate
    frameCount = frames
  }

  mutating func render(into block: inout MutableSpan<Float>) -> Int {
    let count = min(block.count / 2, (frameCount ?? 0) - position)
    for frame in 0..<count {
      let (left, right) = Self.values(of: position + frame)
      block[2 * frame] = Float(left) / 32768
      block[2 * frame + 1] = Float(right) / 32768
    }
    position += count
    return count
  }

  /// The two samples of a frame, in 16 bits.
  static func values(of frame: Int) -> (left: Int, right: Int) {
    ((frame & 0x7FFF) - 0x4000, (frame >> 15 & 0x7FFF) - 0x3FFF)
  }

  /// The number of the frame that has these samples.
  static func frame(_ left: Int, _ right: Int) -> Int { (right + 0x3FFF) << 15 | (left + 0x4000) & 0x7FFF }
}
