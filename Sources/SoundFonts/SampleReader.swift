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

  /// The samples of a bank's headers; nil for those that cannot be played.
  mutating func samples(of tables: BankTables) -> [SoundFontSample?] {
    tables.samples.dropLast().enumerated().map { index, header in
      sample(header, index: index, offset: tables.sampleOffset + 46 * index, count: tables.samples.count - 1)
    }
  }

  private mutating func sample(
    _ header: BankTables.Sample, index: Int, offset: Int, count: Int
  ) -> SoundFontSample? {
    let name = header.name
    guard header.kind & Kind.rom == 0 else {
      romCount += 1
      report(
        "rom-sample", .damage, .skipped, offset,
        "the sample “\(name)” is in the memory of a sound card; it is silent")
      return nil
    }
    guard header.start < header.end, header.end <= pool.frameCount,
      let base = pool.bytes.bytes.baseAddress
    else {
      report(
        "sample-bounds", .damage, .skipped, offset,
        "the sample “\(name)” is at frames \(header.start.grouped)–\(header.end.grouped) of \(pool.frameCount.grouped); it is silent"
      )
      return nil
    }
    let loop = loop(header, offset: offset)
    // A chunk begins at an even byte of a mapping that is aligned to a page.
    let data = (base + pool.high.lowerBound).assumingMemoryBound(to: Int16.self)
    let low = pool.low.map { (base + $0.lowerBound).assumingMemoryBound(to: UInt8.self) }
    let channel = channel(header.kind)
    return SoundFontSample(
      index: index, name: name, start: header.start, end: header.end, loopStart: loop.lowerBound,
      loopEnd: loop.upperBound, sampleRate: rate(header, offset: offset),
      originalKey: header.key <= 127 ? header.key : 60, correctionCents: header.correction, channel: channel,
      link: channel != .mono && header.link < count ? header.link : nil, data: data, low8: low,
      frameCount: pool.frameCount)
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
