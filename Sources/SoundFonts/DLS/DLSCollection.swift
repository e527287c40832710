internal import Groundwork

/// The instruments of a bank of downloadable sounds, as zones.
struct DLSCollection {
  /// An instrument as the bank lists it.
  struct Preset {
    var bank: Int, program: Int, name: String, index: Int
  }

  let path: String
  let cues: [Int]
  let waves: [Int: DLSWave]
  let bytes: BankBytes
  /// The zones of each instrument.
  private(set) var lists: [ZoneList] = []
  /// The instruments, sorted; of two of the same number the first.
  private(set) var presets: [Preset] = []
  private(set) var samples: [SoundFontSample] = []
  /// 2 where an instrument uses what level 1 does not have.
  private(set) var level = 1
  private(set) var diagnostics = DiagnosticSink()
  /// What the zones so far can take: an instrument's articulators are copied to each of its regions.
  private var need = MemoryNeed()

  /// The most samples that there may be, as zones name them by numbers of 16 bits.
  private static let sampleLimit = 65_535

  init(path: String, cues: [Int], waves: [Int: DLSWave], bytes: BankBytes) {
    (self.path, self.cues, self.waves, self.bytes) = (path, cues, waves, bytes)
  }

  /// Reads the list of instruments.
  mutating func read(_ list: ByteReader) throws(SoundFontError) {
    var list = list
    while let chunk = try RIFFChunk.next(&list, path: path) {
      var instrument = chunk
      if instrument.listKind() == "ins " { try readInstrument(instrument.content, offset: chunk.offset) }
    }
    presets.sort { ($0.bank, $0.program, $0.index) < ($1.bank, $1.program, $1.index) }
    var kept: [Preset] = []
    for preset in presets {
      if let last = kept.last, (last.bank, last.program) == (preset.bank, preset.program) {
        report(
          "same-program", .fault, 0,
          "“\(preset.name)” has the same bank and program as “\(last.name)”; it is ignored")
      } else {
        kept.append(preset)
      }
    }
    presets = kept
  }

  private mutating func readInstrument(_ list: ByteReader, offset: Int) throws(SoundFontError) {
    var list = list
    var (name, header, regions) = ("", ByteReader?.none, [RIFFChunk]())
    var articulation: [DLSConnection] = []
    while let chunk = try RIFFChunk.next(&list, path: path) {
      var inner = chunk
      switch (chunk.name, inner.listKind()) {
      case ("insh", _): header = chunk.content
      case (_, "INFO"): name = try DLSReader.name(inner.content, path: path)
      case (_, "lrgn"):
        var all = inner.content
        while let region = try RIFFChunk.next(&all, path: path) { regions.append(region) }
      case (_, "lart"), (_, "lar2"): articulation += try connections(inner.content)
      default: break
      }
    }
    guard var header, (try? header.skip(4)) != nil, let bank = try? header.readLittleEndian(UInt32.self),
      let program = try? header.readLittleEndian(UInt32.self), program < 128
    else {
      return report(
        "instrument", .fault, offset, "an instrument has no header, or a program over 127; it is ignored")
    }
    var zones = ZoneList()
    for var region in regions {
      let kind = region.listKind()
      guard kind == "rgn " || kind == "rgn2" else { continue }
      if kind == "rgn2" { level = 2 }
      if let zone = try zone(region.content, offset: region.offset, shared: articulation) {
        zones.zones.append(zone)
      }
    }
    // The coarse bank is in the second byte, the fine one in the first; General MIDI 2 has its variations in the latter.
    let (coarse, fine) = (Int(bank >> 8 & 0x7F), Int(bank & 0x7F))
    let isDrum = bank >> 31 == 1
    let number = isDrum ? 128 : coarse == 0 || coarse == 121 || coarse == 120 ? fine : coarse
    let title = name.isEmpty ? "Preset \(number):\(program)" : name
    presets.append(Preset(bank: number, program: Int(program), name: title, index: lists.count))
    lists.append(zones)
  }

  /// The connections of a list of articulators.
  private func connections(_ list: ByteReader) throws(SoundFontError) -> [DLSConnection] {
    var list = list
    var result: [DLSConnection] = []
    while let chunk = try RIFFChunk.next(&list, path: path) {
      guard chunk.name == "art1" || chunk.name == "art2" else { continue }
      result += DLSConnection.list(chunk.content).prefix(ZoneParser.modulatorLimit - result.count)
    }
    return result
  }

  private mutating func zone(
    _ list: ByteReader, offset: Int, shared: [DLSConnection]
  ) throws(SoundFontError) -> ZoneList.Zone? {
    var list = list
    var (header, link, own, articulation) = (
      ByteReader?.none, ByteReader?.none, DLSWaveSample?.none, [DLSConnection]()
    )
    while let chunk = try RIFFChunk.next(&list, path: path) {
      var inner = chunk
      switch (chunk.name, inner.listKind()) {
      case ("rgnh", _): header = chunk.content
      case ("wlnk", _): link = chunk.content
      case ("wsmp", _): own = DLSWaveSample(chunk.content)
      case (_, "lart"), (_, "lar2"): articulation += try connections(inner.content)
      default: break
      }
    }
    guard var header, var link, let keys = Self.range(&header),
      let velocities = Self.range(&header, zeroIsAll: true),
      (try? header.skip(2)) != nil, let group = try? header.readLittleEndian(UInt16.self),
      (try? link.skip(8)) != nil, let index = try? link.readLittleEndian(UInt32.self),
      cues.indices.contains(Int(index)), let wave = waves[cues[Int(index)]], samples.count < Self.sampleLimit
    else {
      report("region", .damage, offset, "a region has no range or no wave; it is silent")
      return nil
    }
    let played = own ?? wave.sample ?? DLSWaveSample()
    let loop = played.loop.flatMap { $0.upperBound <= wave.frameCount ? $0 : nil }
    samples.append(
      SoundFontSample(
        index: samples.count, name: wave.name, start: 0, end: wave.frameCount,
        loopStart: loop?.lowerBound ?? 0,
        loopEnd: loop?.upperBound ?? 0, sampleRate: wave.rate, originalKey: played.unityKey,
        correctionCents: played.fineTune, channel: .mono, link: nil, memory: wave.memory, data: wave.data,
        low8: nil,
        frameCount: wave.frameCount))
    var zone = ZoneList.Zone(keys: keys, velocities: velocities, target: samples.count - 1)
    zone.generators = [
      (.loopMode, loop == nil ? 0 : played.loopsUntilRelease ? 3 : 1),
      (.exclusiveClass, Int(min(group, 127))),
    ]
    // An articulator of the region takes the place of the instrument's.
    let connections = articulation.isEmpty ? shared : articulation
    DLSConnection.apply(connections.prefix(ZoneParser.modulatorLimit), gain: played.gain, to: &zone)
    need.add(zones: 1, modulators: zone.modulators.count)
    let limit = MemoryNeed.limit(fileSize: bytes.bytes.count, samples: [])
    guard need.bytes <= limit else { throw .tooLarge(path: path, need: need.bytes, limit: limit) }
    return zone
  }

  /// A range of keys or velocities.
  /// - Parameter zeroIsAll: Whether 0 to 0 is all, as it is of velocities: files of level 1 do not use them.
  private static func range(_ reader: inout ByteReader, zeroIsAll: Bool = false) -> ClosedRange<Int>? {
    guard let low = try? reader.readLittleEndian(UInt16.self),
      let high = try? reader.readLittleEndian(UInt16.self)
    else { return nil }
    if zeroIsAll, low == 0, high == 0 { return 0...127 }
    let (first, last) = (Int(min(low, 127)), Int(min(high, 127)))
    return min(first, last)...max(first, last)
  }

  private mutating func report(
    _ rule: String, _ severity: Diagnostic.Severity, _ offset: Int, _ message: String
  ) {
    diagnostics.report(rule: rule, severity: severity) {
      Diagnostic(rule: rule, severity: severity, action: .skipped, offset: offset, message: message)
    }
  }
}
