public import Audio
public import Groundwork

/// A part that was written to a file of its own.
public struct WrittenPart: Sendable, Hashable {
  /// The file.
  public var path: String
  /// The largest magnitude of a sample before it was stored; full scale is 1.
  public var peak: Float
  /// The integrated loudness in LUFS; nil where nothing is loud enough to measure.
  public var loudness: Double?
}

extension Mastering {
  /// Writes each part of a rendering to a file of its own, with the gain of the mix and without a limiter, so that their sum is the mix
  /// before the limiter. Files of floating point hold all of it; integers are clipped at full scale.
  ///
  /// - Parameters:
  ///   - source: A renderer whose parts are separated (`RenderOptions.separatesParts`).
  ///   - paths: Where each part goes; nil leaves it out.
  ///   - frameCount: The length of the mix in frames, which the files get.
  ///   - gain: The gain of the mix in decibels.
  ///   - encoding: How samples are stored; see `AudioFileWriter`.
  ///   - tags: What each file tells of itself.
  ///   - cancellation: Stops the work; then none of the files is written.
  ///   - progress: Called with the seconds of sound done.
  /// - Returns: What was written; nil if it was canceled.
  /// - Throws: `AudioError.unknownEnding`, `.unsupportedSettings` or `.file`.
  public static func writeParts(
    _ source: ScoreRenderer, to paths: [String?], frameCount: Int, gain: Double, encoding: SampleEncoding?,
    tags: [SoundTags], cancellation: Cancellation? = nil, progress: ProgressHandler? = nil
  ) throws(AudioError) -> [WrittenPart]? {
    precondition(source.channelCount == 2 * paths.count && tags.count == paths.count, "parts without a path")
    var files: [PartFile] = []
    for (index, path) in paths.enumerated() {
      guard let path else { continue }
      files.append(
        try PartFile(
          path: path, place: index, encoding: encoding, sampleRate: source.sampleRate,
          frameCount: frameCount, tags: tags[index]))
    }
    let factor = decibels(Float(gain))
    var block = [Float](repeating: 0, count: source.channelCount * 1024)
    var pair = [Float](repeating: 0, count: 2 * 1024)
    var written = 0
    while written < frameCount {
      if cancellation?.isRequested == true { return nil }
      var room = block.mutableSpan
      let rendered = source.render(into: &room)
      // What the mix has beyond the end of this is silence.
      for index in rendered * source.channelCount..<block.count { block[index] = 0 }
      let frames = min(1024, frameCount - written)
      for file in files {
        try file.write(block, channelCount: source.channelCount, frames, gain: factor, scratch: &pair)
      }
      written += frames
      progress?(
        ProgressReport(
          activity: "writing parts", completed: Double(written) / Double(source.sampleRate),
          total: Double(frameCount) / Double(source.sampleRate), unit: "seconds"))
    }
    var results: [WrittenPart] = []
    for file in files { results.append(try file.commit()) }
    return results
  }
}

/// The file of a part while it is written.
private final class PartFile {
  private let path: String
  private let place: Int
  private var writer: AudioFileWriter?
  private let meter: LoudnessMeter
  private var peak: Float = 0

  init(
    path: String, place: Int, encoding: SampleEncoding?, sampleRate: Int, frameCount: Int, tags: SoundTags
  ) throws(AudioError) {
    self.path = path
    self.place = place
    meter = LoudnessMeter(sampleRate: sampleRate, channelCount: 2)
    writer = try AudioFileWriter(
      path: path, encoding: encoding, sampleRate: sampleRate, channelCount: 2, expectedFrameCount: frameCount,
      tags: tags, isDithered: true)
  }

  func write(
    _ samples: [Float], channelCount: Int, _ frames: Int, gain: Float, scratch block: inout [Float]
  ) throws(AudioError) {
    for frame in 0..<frames {
      for side in 0..<2 {
        let sample = samples[frame * channelCount + 2 * place + side] * gain
        block[2 * frame + side] = sample
        peak = max(peak, abs(sample))
      }
    }
    meter.append(block.span.extracting(first: 2 * frames))
    try writer?.write(block.span.extracting(first: 2 * frames))
  }

  func commit() throws(AudioError) -> WrittenPart {
    if let writer = writer.take() { try writer.commit() }
    return WrittenPart(path: path, peak: peak, loudness: meter.integratedLoudness)
  }
}
