internal import Audio
internal import Groundwork

/// Decodes the samples of SF3 banks: an Ogg Vorbis file of one channel each, where the loop is counted from the first frame.
enum VorbisDecoding {
  /// A decoded sample; nil where it holds no sound.
  struct Result: Sendable {
    var sample: SoundFontSample?
    var diagnostics = DiagnosticSink()
  }

  /// The most frames that are decoded of a sample of this many bytes. Near-silence takes a thousandth of a bit a frame;
  /// a hostile file could name millions of frames with some bytes.
  static func frameLimit(byteCount: Int) -> Int { 65_536 + 1_024 * byteCount }

  /// Decodes one sample. Where it is damaged, what comes before the damage is kept.
  static func decode(_ sample: CompressedSample, pool: SamplePool) -> Result {
    var result = Result()
    func report(_ rule: String, _ action: Diagnostic.Action, _ message: String) {
      result.diagnostics.report(
        Diagnostic(
          rule: rule, severity: .damage, action: action, offset: sample.bytes.lowerBound, message: message))
    }
    let name = sample.header.name
    var frames: [Int16] = []
    do throws(AudioError) {
      let memory = UnsafeRawBufferPointer(rebasing: pool.bytes.bytes[sample.bytes])
      var reader = try AudioFileReader(memory: memory, owner: pool.bytes, name: name)
      guard reader.channelCount == 1 else {
        report(
          "compressed-sample", .skipped,
          "the sample “\(name)” has \(reader.channelCount) channels instead of one; it is silent")
        return result
      }
      try read(&reader, into: &frames, limit: frameLimit(byteCount: sample.bytes.count))
    } catch {
      report(
        "compressed-sample", frames.isEmpty ? .skipped : .stopped,
        "the sample “\(name)” cannot be decoded\(frames.isEmpty ? "" : " from frame \(frames.count.grouped) on"): \(error.problem)"
      )
    }
    guard !frames.isEmpty else { return result }
    let decoded = DecodedFrames(frames)
    var header = sample.header
    (header.start, header.end) = (0, frames.count)
    var reader = SampleReader(pool: pool, isCompressedAllowed: true)
    result.sample = reader.sample(
      header, index: sample.index, offset: sample.headerOffset, count: sample.count, memory: decoded,
      data: decoded.data,
      low8: nil, frameCount: frames.count)
    result.diagnostics.merge(reader.diagnostics)
    return result
  }

  private static func read(
    _ reader: inout AudioFileReader, into frames: inout [Int16], limit: Int
  ) throws(AudioError) {
    var block = [Float](repeating: 0, count: 16_384)
    var integers = [Int16](repeating: 0, count: block.count)
    while frames.count < limit {
      let count = try reader.read(into: &block)
      guard count > 0 else { return }
      block.withUnsafeBufferPointer { source in
        integers.withUnsafeMutableBufferPointer { target in
          SampleConversion.convert(UnsafeBufferPointer(rebasing: source[..<count]), to: target)
        }
      }
      frames.append(contentsOf: integers[..<count])
    }
  }
}
