internal import Groundwork

/// Reads a bank from its first byte to its last (SoundFont 2.04, §4 to §7).
struct BankReader {
  /// What is read.
  struct Bank {
    var name: String
    var version: (major: Int, minor: Int)
    var presets: [SoundFontPreset]
    var contents: SoundFontContents
    var fingerprint: String
  }

  /// How many pairs of a preset's zone and an instrument's zone a preset may have, and how many modulators all of them together.
  static let zoneLimit = 1 << 16, modulatorLimit = 1 << 21

  let bytes: BankBytes
  var diagnostics = DiagnosticSink()
  private var path: String { bytes.path }

  init(_ bytes: BankBytes) { self.bytes = bytes }

  /// Reads all but the samples.
  mutating func read() throws(SoundFontError) -> Bank {
    var lists = try topLevelLists()
    let info = try information(lists.info)
    let tables = try BankTables(lists.tables, path: path)
    try tables.validate(path: path)
    let pool = try samplePool(&lists.samples, version: info.version)
    var sampleReader = SampleReader(pool: pool, isCompressedAllowed: info.version.major >= 3)
    let samples = sampleReader.samples(of: tables)
    diagnostics.merge(sampleReader.diagnostics)
    if !tables.samples.dropLast().isEmpty, sampleReader.romCount == tables.samples.count - 1 {
      throw .samplesInROM(path: path, rom: info.rom.isEmpty ? "unnamed" : info.rom)
    }
    let instruments = try instrumentLists(tables)
    let presets = try presetLists(tables)
    try checkComplexity(presets, instruments: instruments, samples: samples, tables: tables)
    let listed = listedPresets(tables)
    guard !listed.isEmpty else { throw .damaged(path: path, offset: tables.presetOffset, fault: .noPresets) }
    let contents = SoundFontContents(
      bytes: bytes, presets: presets, resolution: ZoneResolution(instruments: instruments),
      samples: SampleStore(samples, pool: pool), diagnostics: diagnostics.diagnostics)
    return Bank(
      name: info.name.isEmpty ? Self.fileName(path) : info.name, version: info.version,
      presets: listed.map {
        SoundFontPreset(
          bank: $0.bank, program: $0.program, name: $0.name, index: $0.index, bankContents: contents)
      },
      contents: contents, fingerprint: fingerprint(lists.tables, samples: pool.high))
  }

  private func fingerprint(_ tables: ByteReader, samples: Range<Int>) -> String {
    var fingerprint = Fingerprint()
    var tables = tables
    if let bytes = try? tables.readBytes(tables.remaining) { fingerprint.add(bytes) }
    fingerprint.add("\(samples.count)")
    let first = samples.lowerBound..<min(samples.upperBound, samples.lowerBound + 1 << 20)
    fingerprint.add(UnsafeRawBufferPointer(rebasing: bytes.bytes[first]))
    return fingerprint.text
  }

  /// A preset as the bank lists it.
  private struct ListedPreset {
    var bank: Int, program: Int, name: String, index: Int
  }

  private struct Lists {
    var info: ByteReader, samples: ByteReader, tables: ByteReader
  }

  /// The three lists INFO, sdta and pdta (§4.2).
  private mutating func topLevelLists() throws(SoundFontError) -> Lists {
    let all = bytes.bytes
    guard SoundFont.isRecognized(Array(all.prefix(12))) else { throw .notSoundFont(path: path) }
    let size = Int(UInt32(littleEndian: all.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
    if all.count < size + 8 || all.count > size + 8 + size % 2 {
      report(
        "file-size", .fault, .kept, 4,
        "the header tells \((size + 8).grouped) bytes and the file has \(all.count.grouped)")
    }
    var reader = ByteReader(all)
    try? reader.skip(12)
    var found: [String: ByteReader] = [:]
    while let chunk = try RIFFChunk.next(&reader, path: path) {
      var list = chunk
      if chunk.name == "LIST", let kind = list.listKind(), ["INFO", "sdta", "pdta"].contains(kind),
        found[kind] == nil
      {
        found[kind] = list.content
        if found.count == 3 { break }
      } else {
        report(
          "unknown-chunk", .remark, .skipped, chunk.offset,
          "the chunk “\(chunk.name)” is unknown; it is ignored")
      }
    }
    func list(_ kind: String) throws(SoundFontError) -> ByteReader {
      guard let list = found[kind] else {
        throw .damaged(path: path, offset: reader.offset, fault: .missingChunk(chunk: kind))
      }
      return list
    }
    return Lists(info: try list("INFO"), samples: try list("sdta"), tables: try list("pdta"))
  }

  private struct Information {
    var name = "", rom = ""
    var version = (major: 0, minor: 0)
  }

  /// The list INFO (§5), of which the version alone has to be there.
  private mutating func information(_ list: ByteReader) throws(SoundFontError) -> Information {
    var list = list
    var result = Information()
    var hasVersion = false
    while let chunk = try RIFFChunk.next(&list, path: path) {
      var content = chunk.content
      switch chunk.name {
      case "ifil":
        guard let major = try? content.readLittleEndian(UInt16.self),
          let minor = try? content.readLittleEndian(UInt16.self)
        else { continue }
        hasVersion = true
        result.version = (Int(major), Int(minor))
        guard (2...3).contains(major) else {
          throw .unsupportedVersion(path: path, offset: chunk.offset, major: Int(major), minor: Int(minor))
        }
      case "INAM": result.name = Self.text(&content)
      case "irom": result.rom = Self.text(&content)
      default: continue
      }
    }
    guard hasVersion else {
      throw .damaged(path: path, offset: list.end, fault: .missingChunk(chunk: "ifil"))
    }
    return result
  }

  private static func text(_ content: inout ByteReader) -> String {
    bankText((try? content.readBytes(min(256, content.remaining))).map(Array.init) ?? [])
  }

  /// The samples' data (§6): 16 bits, and 8 more below them where they are as many.
  private mutating func samplePool(
    _ list: inout ByteReader, version: (major: Int, minor: Int)
  ) throws(SoundFontError) -> SamplePool {
    var pool = SamplePool(bytes: bytes, high: 0..<0, low: nil)
    while let chunk = try RIFFChunk.next(&list, path: path) {
      let range = chunk.content.offset..<chunk.content.end
      if chunk.name == "smpl" {
        (pool.high, pool.low) = (range, nil)
      } else if chunk.name == "sm24" {
        let frames = pool.high.count / 2
        if version >= (2, 4), range.count >= frames, frames > 0 {
          pool.low = range
        } else {
          report(
            "24-bit", .fault, .skipped, chunk.offset,
            "the lower 8 bits of the samples do not match the others or version \(version.major).\(version.minor); 16 bits are used"
          )
        }
      }
    }
    return pool
  }

  private mutating func instrumentLists(_ tables: BankTables) throws(SoundFontError) -> [ZoneList] {
    var parser = ZoneParser(
      tables: tables.instrumentZones, isPreset: false, path: path, diagnostics: DiagnosticSink())
    var lists: [ZoneList] = []
    for (instrument, next) in zip(tables.instruments, tables.instruments.dropFirst()) {
      lists.append(try parser.list(instrument.firstBag..<next.firstBag, name: instrument.name))
    }
    diagnostics.merge(parser.diagnostics)
    return lists
  }

  private mutating func presetLists(_ tables: BankTables) throws(SoundFontError) -> [ZoneList] {
    var parser = ZoneParser(
      tables: tables.presetZones, isPreset: true, path: path, diagnostics: DiagnosticSink())
    var lists: [ZoneList] = []
    for (preset, next) in zip(tables.presets, tables.presets.dropFirst()) {
      lists.append(try parser.list(preset.firstBag..<next.firstBag, name: preset.name))
    }
    diagnostics.merge(parser.diagnostics)
    return lists
  }

  /// A preset of 65,535 zones of an instrument of as many would have four billion; and a few kilobytes could ask for any number of
  /// copies of a sample.
  private func checkComplexity(
    _ presets: [ZoneList], instruments: [ZoneList], samples: [BankSample], tables: BankTables
  ) throws(SoundFontError) {
    let sizes = instruments.map { list in
      let global = list.global?.modulators.count ?? 0
      return (zones: list.zones.count, modulators: list.zones.reduce(0) { $0 + $1.modulators.count + global })
    }
    var need = MemoryNeed()
    for (index, preset) in presets.enumerated() {
      var (zones, modulators) = (0, 0)
      for zone in preset.zones {
        guard let target = zone.target else { continue }
        zones += sizes[target].zones
        let own = zone.modulators.count + (preset.global?.modulators.count ?? 0)
        modulators += sizes[target].modulators + own * sizes[target].zones
      }
      for (count, limit, what) in [
        (zones, Self.zoneLimit, "zones"), (modulators, Self.modulatorLimit, "modulators"),
      ] where count > limit {
        throw .damaged(
          path: path, offset: tables.presetOffset + 38 * index,
          fault: .tooComplex(preset: tables.presets[index].name, count: count, limit: limit, what: what))
      }
      need.add(zones: zones, modulators: modulators)
    }
    need.add(instruments, samples: samples)
    let limit = MemoryNeed.limit(fileSize: bytes.bytes.count, samples: samples)
    guard need.bytes <= limit else { throw .tooLarge(path: path, need: need.bytes, limit: limit) }
  }

  /// The presets that a program change can select, sorted; of two of the same number the first (§7.2).
  private mutating func listedPresets(_ tables: BankTables) -> [ListedPreset] {
    var presets: [ListedPreset] = []
    for (index, preset) in tables.presets.dropLast().enumerated() {
      let offset = tables.presetOffset + 38 * index
      guard preset.program < 128 else {
        report(
          "program", .fault, .skipped, offset,
          "the preset “\(preset.name)” has program \(preset.program), over 127; it is ignored")
        continue
      }
      let name = preset.name.isEmpty ? "Preset \(preset.bank):\(preset.program)" : preset.name
      if preset.name.isEmpty {
        report(
          "name", .remark, .supplied, offset,
          "the preset of bank \(preset.bank) and program \(preset.program) has no name")
      }
      presets.append(ListedPreset(bank: preset.bank, program: preset.program, name: name, index: index))
    }
    presets.sort { ($0.bank, $0.program, $0.index) < ($1.bank, $1.program, $1.index) }
    var result: [ListedPreset] = []
    for preset in presets {
      if let last = result.last, (last.bank, last.program) == (preset.bank, preset.program) {
        report(
          "same-program", .fault, .skipped, tables.presetOffset + 38 * preset.index,
          "“\(preset.name)” has the same bank and program as “\(last.name)”; it is ignored")
      } else {
        result.append(preset)
      }
    }
    return result
  }

  private static func fileName(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
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
