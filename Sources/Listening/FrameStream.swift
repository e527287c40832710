internal import Arithmetic

/// Cuts a stream of samples into frames as soon as they are complete (Kaldi's `NumFrames`, `FirstSampleOfFrame` and
/// `ExtractWindow`). It keeps no more of the past than the next frames need.
struct FrameStream {
  private let shift: Int
  private let length: Int
  private let snipsEdges: Bool
  private let scale: Float

  /// The samples from number `start` on, scaled.
  private var samples: [Float] = []
  private var start = 0
  /// How many samples there were in all.
  private(set) var sampleCount = 0
  /// The next frame's number.
  private(set) var frameIndex = 0

  init(_ options: FrameOptions) {
    shift = options.shift
    length = options.length
    snipsEdges = options.snipsEdges
    scale = options.sampleScale
  }

  /// Takes more samples, `stride` elements apart.
  mutating func append(_ more: UnsafeBufferPointer<Float>, stride step: Int) {
    forgetPast()
    samples.reserveCapacity(samples.count + more.count / step)
    var index = 0
    while index < more.count {
      samples.append(more[index] * scale)
      index += step
    }
    sampleCount = start + samples.count
  }

  /// Writes the next frame to `frame` if it is complete.
  /// - Parameter isFinished: whether no more samples will come, so that frames over the end are complete too.
  /// - Returns: whether there was one.
  mutating func next(into frame: UnsafeMutablePointer<Float>, isFinished: Bool) -> Bool {
    let first = firstSample(of: frameIndex)
    if snipsEdges || !isFinished {
      guard first + length <= sampleCount else { return false }
    } else {
      guard frameIndex < (sampleCount + shift / 2) / shift else { return false }
    }
    samples.withUnsafeBufferPointer { samples in
      if first >= start, first + length <= sampleCount, let base = samples.baseAddress {
        frame.update(from: base + (first - start), count: length)
      } else {
        for index in 0..<length { frame[index] = samples[mirrored(first + index) - start] }
      }
    }
    frameIndex += 1
    return true
  }

  private func firstSample(of frame: Int) -> Int {
    snipsEdges ? frame * shift : frame * shift + shift / 2 - length / 2
  }

  /// The sample that stands for one outside of the sound: …, 1, 0, 0, 1, … at the beginning, and so at the end.
  private func mirrored(_ position: Int) -> Int {
    var position = position
    while position < 0 || position >= sampleCount {
      position = position < 0 ? -position - 1 : 2 * sampleCount - 1 - position
    }
    return position
  }

  /// Drops what no coming frame needs. Mirroring at the end looks back by up to a frame's length.
  private mutating func forgetPast() {
    let needed = max(0, firstSample(of: frameIndex) - (snipsEdges ? 0 : length))
    let surplus = min(needed - start, samples.count)
    guard surplus > max(4096, samples.count / 2) else { return }
    samples.removeFirst(surplus)
    start += surplus
  }
}
