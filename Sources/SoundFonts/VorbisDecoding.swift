internal import Audio
internal import Groundwork

/// Decodes the samples of SF3 banks: each is an Ogg Vorbis file of one channel. Its header's loop is counted from its own first frame.
enum VorbisDecoding {
  /// The frames of some compressed bytes; nil where they hold no sound.
  struct Result: Sendable {
    var frames: DecodedFrames?
    var diagnostics = DiagnosticSink()
  }

  /// The most frames that are decoded: those that the last page counts (RFC 3533, §6, granule position), and no more than 1,024 for
  /// each byte, a 128th of a bit a frame, which near-silence takes, and 65,536.
  static func frameLimit(_ bytes: UnsafeRawBufferPointer) -> Int {
    let limit = 65_536 + 1_024 * bytes.count
    let pattern: [UInt8] = Array("OggS".utf8)
    // A page has up to 65,307 bytes, so that the last one begins within these.
    let first = max(0, bytes.count - 65_307)
    var place = bytes.count - 27
    while place >= first {
      if bytes[place] == pattern[0], bytes[place..<place + 4].elementsEqual(pattern) {
        let position = Int64(
          littleEndian: bytes.loadUnaligned(fromByteOffset: place + 6, as: Int64.self))
        // −1 is a page on which no packet ends.
        if position >= 0 { return Int(min(position, Int64(limit))) }
      }
      place -= 1
    }
    return limit
  }

  /// Decodes the bytes of a sample. Where they are damaged, what comes before the damage is kept.
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
      try read(&reader, into: &frames, limit: sample.frameLimit)
      if reader.missingSound != nil {
        report(
          "compressed-sample", .stopped,
          "the sample “\(name)” is cut short after \(frames.count.grouped) frames")
      }
    } catch {
      report(
        "compressed-sample", frames.isEmpty ? .skipped : .stopped,
        "the sample “\(name)” cannot be decoded\(frames.isEmpty ? "" : " from frame \(frames.count.grouped) on"): \(error.problem)"
      )
    }
    if !frames.isEmpty { result.frames = DecodedFrames(frames) }
    return result
  }

  /// The sample that a header makes of decoded frames.
  static func sample(
    _ sample: CompressedSample, of frames: DecodedFrames, pool: SamplePool, diagnostics: inout DiagnosticSink
  ) -> SoundFontSample {
    var header = sample.header
    (header.start, header.end) = (0, frames.count)
    var reader = SampleReader(pool: pool, isCompressedAllowed: true)
    let result = reader.sample(
      header, index: sample.index, offset: sample.headerOffset, count: sample.count, memory: frames,
      data: frames.data, low8: nil, frameCount: frames.count)
    diagnostics.merge(reader.diagnostics)
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
      frames.append(contentsOf: integers[..<min(count, limit - frames.count)])
    }
  }
}
