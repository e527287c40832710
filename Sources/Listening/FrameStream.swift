internal import Arithmetic

/// Cuts a stream of samples into frames as soon as they are complete (Kaldi's `NumFrames`, `FirstSampleOfFrame` and
/// `ExtractWindow`). It stores no more samples than the next frames need.
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
    let count = (more.count + step - 1) / step
    let scale = scale
    samples.append(contentsOf: repeatElement(0, count: count))
    samples.withUnsafeMutableBufferPointer { samples in
      let new = UnsafeMutableBufferPointer(rebasing: samples[(samples.count - count)...])
      if step == 1 {
        for index in 0..<count { new[index] = more[index] * scale }
      } else {
        for index in 0..<count { new[index] = more[index * step] * scale }
      }
      if !Self.isWithinLimit(new) { Self.limit(new) }
    }
    sampleCount += count
  }

  /// Whether all samples are numbers within the limit: eight at a time, because every sample of a sound comes by here.
  private static func isWithinLimit(_ samples: UnsafeMutableBufferPointer<Float>) -> Bool {
    let vectors = samples.count / Lanes.scalarCount
    var isWithin = SIMDMask<SIMD8<Int32>>(repeating: true)
    if let base = UnsafeRawPointer(samples.baseAddress) {
      for index in 0..<vectors {
        let offset = index * MemoryLayout<Lanes>.size
        let values = base.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
        isWithin = isWithin .& (values .<= sampleLimit) .& (values .>= -sampleLimit)
      }
    }
    return isWithin == SIMDMask(repeating: true)
      && samples[(vectors * Lanes.scalarCount)...].allSatisfy { $0.magnitude <= sampleLimit }
  }

  /// Files of floating-point samples can hold anything: NaN becomes silence, and the magnitude is limited so that the
  /// power of the longest frame is finite.
  private static func limit(_ samples: UnsafeMutableBufferPointer<Float>) {
    for index in samples.indices {
      let sample = samples[index]
      samples[index] = sample.isNaN ? 0 : max(-sampleLimit, min(sampleLimit, sample))
    }
  }

  private static let sampleLimit: Float = 1e10

  /// Writes the next frames that are complete to `frames`, as many as there are lanes. Lanes that remain are zero.
  /// - Parameter isFinished: whether no more samples will come, so that frames over the end are complete too.
  /// - Returns: how many there were.
  mutating func next(into frames: LaneBuffer, isFinished: Bool) -> Int {
    let count = min(Lanes.scalarCount, completeFrameCount(isFinished: isFinished) - frameIndex)
    guard count > 0 else { return 0 }
    let first = firstSample(of: frameIndex)
    let end = firstSample(of: frameIndex + count - 1) + length
    if count == Lanes.scalarCount, first >= start, end <= sampleCount {
      interleave(from: first - start, into: frames.baseAddress)
    } else {
      frames.baseAddress.update(repeating: Lanes(), count: length)
      for lane in 0..<count {
        let first = firstSample(of: frameIndex + lane)
        for index in 0..<length {
          frames.scalars[index * Lanes.scalarCount + lane] = samples[mirrored(first + index) - start]
        }
      }
    }
    frameIndex += count
    return count
  }

  /// How many frames the samples make up to now.
  private func completeFrameCount(isFinished: Bool) -> Int {
    if !snipsEdges && isFinished { return (sampleCount + shift / 2) / shift }
    let room = sampleCount - firstSample(of: 0) - length
    return room < 0 ? 0 : room / shift + 1
  }

  /// Writes frames that lie within the samples, the first from `offset` on, each to a lane.
  private func interleave(from offset: Int, into frames: UnsafeMutablePointer<Lanes>) {
    let shift = shift
    samples.withUnsafeBufferPointer { samples in
      let last = offset + (Lanes.scalarCount - 1) * shift + length
      precondition(offset >= 0 && last <= samples.count, "samples \(offset)..<\(last) of \(samples.count)")
      guard let base = samples.baseAddress else { return }
      var place = base + offset
      for index in 0..<length {
        frames[index] = Lanes(
          place[0], place[shift], place[2 * shift], place[3 * shift], place[4 * shift], place[5 * shift],
          place[6 * shift], place[7 * shift])
        place += 1
      }
    }
  }

  private func firstSample(of frame: Int) -> Int {
    snipsEdges ? frame * shift : frame * shift + shift / 2 - length / 2
  }

  /// The sample that replaces one outside of the sound: …, 1, 0, 0, 1, … at the beginning, and so at the end.
  private func mirrored(_ position: Int) -> Int {
    // Nearly all positions, and a division takes longer than all else that is done with a sample here.
    if position >= 0, position < sampleCount { return position }
    let period = 2 * sampleCount
    let rest = position % period
    let place = rest < 0 ? rest + period : rest
    return place < sampleCount ? place : period - 1 - place
  }

  /// Drops the samples that no later frame needs. Mirroring at the end looks back by up to a frame's length.
  private mutating func forgetPast() {
    let needed = max(0, firstSample(of: frameIndex) - (snipsEdges ? 0 : length))
    let surplus = min(needed - start, samples.count)
    guard surplus > max(4096, samples.count / 2) else { return }
    samples.removeFirst(surplus)
    start += surplus
  }
}
