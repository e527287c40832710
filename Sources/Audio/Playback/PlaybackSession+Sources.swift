public import Groundwork

extension PlaybackSession {
  /// Plays `source` to its end, or until `cancellation` is requested: then the sound fades out within 5 ms, and what
  /// the device still held is heard before.
  ///
  /// A source at another rate is resampled. One with another number of channels is mapped: one is copied to all, all are averaged into
  /// one, otherwise they are taken in order.
  /// - Parameters:
  ///   - source: What to play.
  ///   - cancellation: Stops playback.
  ///   - progress: Called with the seconds heard, several times a second.
  /// - Returns: What was played.
  /// - Throws: As `waitForRoom`. After `AudioError.deviceStalled` the session cannot be used again.
  public func play<Source: SampleSource>(
    _ source: inout Source, cancellation: Cancellation? = nil, progress: ProgressHandler? = nil
  ) throws(AudioError) -> PlaybackResult {
    guard source.sampleRate != sampleRate else { return try feed(&source, cancellation, progress) }
    var converted = ResampledSource(source, sampleRate: sampleRate)
    defer { source = converted.source }
    return try feed(&converted, cancellation, progress)
  }

  private func feed(
    _ source: inout some SampleSource, _ cancellation: Cancellation?, _ progress: ProgressHandler?
  ) throws(AudioError) -> PlaybackResult {
    try start()
    let report = ProgressTicker(self, total: source.frameCount, handler: progress)
    let frames = max(1, min(1024, queueFrames / 2))
    let block = FixedStorage(count: frames * source.channelCount, of: Float(0))
    let mapped = FixedStorage(count: frames * channelCount, of: Float(0))
    while true {
      report.tick()
      if cancellation?.isRequested == true {
        stop()
        break
      }
      guard try waitForRoom(frames, seconds: 0.02) else {
        if try !isPlaying() { break }
        continue
      }
      let buffer = block.buffer
      var room = buffer.mutableSpan
      let count = source.render(into: &room)
      if let from = block.buffer.baseAddress, let to = mapped.buffer.baseAddress {
        ChannelMapping.map(count, from, from: source.channelCount, to: to, to: channelCount)
      }
      _ = line.ring.write(UnsafeBufferPointer(rebasing: mapped.buffer[..<(count * channelCount)]))
      if count < frames { break }
    }
    return try finish {
      report.tick()
      if cancellation?.isRequested == true { stop() }
    }
  }
}

/// Reports progress about ten times a second.
private final class ProgressTicker {
  private let session: PlaybackSession
  private let total: Double?
  private let handler: ProgressHandler?
  private var watch: StallWatch?

  init(_ session: PlaybackSession, total: Int?, handler: ProgressHandler?) {
    self.session = session
    self.total = total.map { Double($0) / Double(session.sampleRate) }
    self.handler = handler
  }

  func tick() {
    guard let handler, watch.map({ $0.elapsed >= 0.1 }) ?? true else { return }
    watch = StallWatch()
    let gaps = session.counts.gaps
    handler(
      ProgressReport(
        activity: "playing", completed: Double(session.heardFrames) / Double(session.sampleRate),
        total: total,
        unit: "seconds", figures: gaps == 0 ? [] : [ProgressReport.Figure("gaps", Double(gaps))]))
  }
}
