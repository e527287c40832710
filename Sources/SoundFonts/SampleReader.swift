internal import Groundwork

/// Where the samples' bytes are in a bank.
struct SamplePool {
  let bytes: BankBytes
  /// The chunk `smpl`.
  var high: Range<Int>
  /// The chunk `sm24`, if it is used.
  var low: Range<Int>?

  /// How many frames of 16 bits there are.
  var frameCount: Int { high.count / 2 }
}

/// A sample as its header and the bank's data give it.
enum BankSample: Sendable {
  /// Its frames can be read where they are.
  case ready(SoundFontSample)
  /// Its frames are to be decoded.
  case compressed(CompressedSample)
  /// It cannot be played.
  case silent
}

/// A sample whose frames are Ogg Vorbis.
struct CompressedSample: Sendable {
  /// Its header as it is in the file, with loops in frames from the sample's first.
  var header: BankTables.Sample
  var index: Int
  /// Where the header is in the file.
  var headerOffset: Int
  /// Where the compressed bytes are in the file.
  var bytes: Range<Int>
  /// How many samples there are.
  var count: Int
  /// How many frames it has at most, by what its last page says.
  var frameLimit: Int
}

/// Makes samples of their headers (SoundFont 2.04, §7.10).
struct SampleReader {
  let pool: SamplePool
  /// Whether samples may be Ogg Vorbis.
  let isCompressedAllowed: Bool
  var diagnostics = DiagnosticSink()
  /// How many are in the memory of a sound card.
  var romCount = 0

  private enum Kind {
    static let rom = 0x8000, compressed = 0x10
  }

  init(pool: SamplePool, isCompressedAllowed: Bool) {
    self.pool = pool
    self.isCompressedAllowed = isCompressedAllowed
  }

  /// The samples of a bank's headers.
  mutating func samples(of tables: BankTables) -> [BankSample] {
    tables.samples.dropLast().enumerated().map { index, header in
      sample(header, index: index, offset: tables.sampleOffset + 46 * index, count: tables.samples.count - 1)
    }
  }

  private mutating func sample(
    _ header: BankTables.Sample, index: Int, offset: Int, count: Int
  ) -> BankSample {
    let name = header.name
    guard header.kind & Kind.rom == 0 else {
      romCount += 1
      report(
        "rom-sample", .damage, .skipped, offset,
        "the sample “\(name)” is in the memory of a sound card; it is silent")
      return .silent
    }
    let isCompressed = isCompressedAllowed && header.kind & Kind.compressed != 0
    let limit = isCompressed ? pool.high.count : pool.frameCount
    guard header.start < header.end, header.end <= limit, let base = pool.bytes.bytes.baseAddress else {
      report(
        "sample-bounds", .damage, .skipped, offset,
        "the sample “\(name)” is at \(isCompressed ? "bytes" : "frames") \(header.start.grouped)–\(header.end.grouped) of "
          + "\(limit.grouped); it is silent")
      return .silent
    }
    guard !isCompressed else {
      let bytes = pool.high.lowerBound + header.start..<pool.high.lowerBound + header.end
      let frames = VorbisDecoding.frameLimit(UnsafeRawBufferPointer(rebasing: pool.bytes.bytes[bytes]))
      return .compressed(
        CompressedSample(
          header: header, index: index, headerOffset: offset, bytes: bytes, count: count, frameLimit: frames))
    }
    // A chunk begins at an even byte of a mapping that is aligned to a page.
    let data = (base + pool.high.lowerBound).assumingMemoryBound(to: Int16.self)
    let low = pool.low.map { (base + $0.lowerBound).assumingMemoryBound(to: UInt8.self) }
    return .ready(
      sample(
        header, index: index, offset: offset, count: count, memory: pool.bytes, data: data, low8: low,
        frameCount: pool.frameCount))
  }

  /// A sample with frames at `data`, of which its header speaks.
  mutating func sample(
    _ header: BankTables.Sample, index: Int, offset: Int, count: Int, memory: any AnyObject & Sendable,
    data: UnsafePointer<Int16>, low8: UnsafePointer<UInt8>?, frameCount: Int
  ) -> SoundFontSample {
    let loop = loop(header, offset: offset)
    let channel = channel(header.kind)
    return SoundFontSample(
      index: index, name: header.name, start: header.start, end: header.end, loopStart: loop.lowerBound,
      loopEnd: loop.upperBound, sampleRate: rate(header, offset: offset),
      originalKey: header.key <= 127 ? header.key : 60, correctionCents: header.correction, channel: channel,
      link: channel != .mono && header.link < count ? header.link : nil, memory: memory, data: data,
      low8: low8,
      frameCount: frameCount)
  }

  private func channel(_ kind: Int) -> SoundFontSample.Channel {
    switch kind & 0xF {
    case 2: .right
    case 4: .left
    case 8: .linked
    default: .mono
    }
  }

  /// A loop outside its sample is none; many samples that are not looped have one of no length.
  private mutating func loop(_ header: BankTables.Sample, offset: Int) -> Range<Int> {
    let isWithin =
      header.loopStart >= header.start && header.loopEnd <= header.end && header.loopStart < header.loopEnd
    guard !isWithin else { return header.loopStart..<header.loopEnd }
    if header.loopEnd > header.loopStart {
      report(
        "loop-bounds", .fault, .skipped, offset,
        "the loop \(header.loopStart.grouped)–\(header.loopEnd.grouped) of the sample “\(header.name)” is not within "
          + "its frames \(header.start.grouped)–\(header.end.grouped); it is not looped")
    }
    return header.start..<header.start
  }

  private mutating func rate(_ header: BankTables.Sample, offset: Int) -> Int {
    let rate = header.rate == 0 ? 44_100 : min(max(header.rate, 100), 1_000_000)
    if rate != header.rate {
      report(
        "sample-rate", .fault, .replaced, offset,
        "the sample “\(header.name)” has a rate of \(header.rate.grouped) Hz; \(rate.grouped) Hz is used")
    }
    return rate
  }

  private mutating func report(
    _ rule: String, _ severity: Diagnostic.Severity, _ action: Diagnostic.Action, _ offset: Int,
    _ message: String
  ) {
    diagnostics.report(rule: rule, severity: severity) {
      Diagnostic(rule: rule, severity: severity, action: action, offset: offset, message: message)
    }
  }
}
