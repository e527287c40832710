/// Sound in memory: interleaved samples, full scale at ±1.
public struct AudioBuffer: Sendable, Equatable {
  /// Frames per second, in Hz.
  public var sampleRate: Int
  /// Samples in a frame, one per channel; at least one.
  public let channelCount: Int
  /// The samples, frame by frame: sample `frame * channelCount + channel`.
  public private(set) var samples: [Float]

  /// A buffer of `samples`, whose number must be a multiple of `channelCount`.
  public init(sampleRate: Int, channelCount: Int, samples: [Float] = []) {
    precondition(sampleRate > 0, "a sample rate of \(sampleRate) Hz")
    precondition(channelCount > 0, "a buffer of \(channelCount) channels")
    precondition(
      samples.count.isMultiple(of: channelCount),
      "\(samples.count) samples do not fill frames of \(channelCount) channels")
    self.sampleRate = sampleRate
    self.channelCount = channelCount
    self.samples = samples
  }

  /// How many frames there are.
  public var frameCount: Int { samples.count / channelCount }
  /// How long it lasts, in seconds.
  public var seconds: Double { Double(frameCount) / Double(sampleRate) }

  /// The largest magnitude of a sample; 0 if there is none.
  public var peak: Float { samples.reduce(0) { max($0, abs($1)) } }

  /// Appends interleaved samples, whole frames.
  public mutating func append(contentsOf interleaved: Span<Float>) {
    precondition(
      interleaved.count.isMultiple(of: channelCount),
      "\(interleaved.count) samples do not fill frames of \(channelCount) channels")
    interleaved.withUnsafeBufferPointer { samples.append(contentsOf: $0) }
  }

  /// The samples of one channel.
  public func channel(_ index: Int) -> [Float] {
    precondition((0..<channelCount).contains(index), "channel \(index) of \(channelCount)")
    return stride(from: index, to: samples.count, by: channelCount).map { samples[$0] }
  }

  /// One channel: the mean of all of them.
  public func mixedDown() -> AudioBuffer {
    guard channelCount > 1 else { return self }
    var mean = [Float](repeating: 0, count: frameCount)
    let scale = 1 / Float(channelCount)
    for frame in mean.indices {
      var sum: Float = 0
      for channel in 0..<channelCount { sum += samples[frame * channelCount + channel] }
      mean[frame] = sum * scale
    }
    return AudioBuffer(sampleRate: sampleRate, channelCount: 1, samples: mean)
  }
}
