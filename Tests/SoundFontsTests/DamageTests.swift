import Groundwork
import SoundFonts
import Testing

@Suite("Damaged and hostile banks")
struct DamageTests {
  /// The fault that reading these bytes reports.
  private func fault(_ bytes: [UInt8]) -> SoundFontFault? {
    do throws(SoundFontError) {
      _ = try SoundFont(bytes: bytes, name: "bank.sf2")
      return nil
    } catch {
      #expect(error.kind == .badInput && error.file == "bank.sf2" && error.message.hasPrefix("bank.sf2: "))
      guard case .damaged(_, let offset, let fault) = error else { return nil }
      #expect(offset >= 0 && offset <= bytes.count && error.message.contains("byte \(offset): "))
      return fault
    }
  }

  @Test(
    "what is no bank is said to be none",
    arguments: [[], Array("RIFF".utf8), Array("RIFF\0\0\0\0WAVEfmt ".utf8)])
  func otherFiles(bytes: [UInt8]) {
    #expect(throws: SoundFontError.notSoundFont(path: "x")) { try SoundFont(bytes: bytes, name: "x") }
  }

  @Test("versions other than 2 and 3 are refused")
  func versions() {
    var bank = BankBuilder()
    bank.version = (1, 0)
    #expect(throws: SoundFontError.unsupportedVersion(path: "x", offset: 24, major: 1, minor: 0)) {
      try SoundFont(bytes: bank.bytes, name: "x")
    }
  }

  @Test("a file that was cut off anywhere is an error or has all of its tables")
  func cutOff() {
    let bytes = BankBuilder().bytes
    for count in 12..<bytes.count - 1 {
      #expect(fault(Array(bytes.prefix(count))) != nil, "cut at \(count)")
    }
  }

  @Test("lists and tables that are missing are named")
  func missing() {
    let bank = BankBuilder()
    let tables = BankBuilder.list("pdta", bank.tableChunks)
    #expect(fault(BankBuilder.file([bank.data, tables])) == .missingChunk(chunk: "INFO"))
    #expect(fault(BankBuilder.file([bank.information, tables])) == .missingChunk(chunk: "sdta"))
    #expect(fault(BankBuilder.file([bank.information, bank.data])) == .missingChunk(chunk: "pdta"))
    #expect(
      fault(BankBuilder.file([BankBuilder.list("INFO", []), bank.data, tables]))
        == .missingChunk(chunk: "ifil"))
    let names = ["phdr", "pbag", "pmod", "pgen", "inst", "ibag", "imod", "igen", "shdr"]
    for (index, name) in names.enumerated() {
      var chunks = bank.tableChunks
      chunks.remove(at: index)
      let file = BankBuilder.file([bank.information, bank.data, BankBuilder.list("pdta", chunks)])
      #expect(fault(file) == .missingChunk(chunk: name))
    }
  }

  @Test("tables whose size is no multiple, or that lack their last record, are refused")
  func sizes() {
    let bank = BankBuilder()
    func replacing(_ index: Int, _ name: String, _ count: Int) -> SoundFontFault? {
      var chunks = bank.tableChunks
      chunks[index] = BankBuilder.chunk(name, [UInt8](repeating: 0, count: count))
      return fault(BankBuilder.file([bank.information, bank.data, BankBuilder.list("pdta", chunks)]))
    }
    #expect(replacing(0, "phdr", 39) == .unevenTable(table: "phdr", size: 39, recordSize: 38))
    #expect(replacing(8, "shdr", 45) == .unevenTable(table: "shdr", size: 45, recordSize: 46))
    #expect(replacing(0, "phdr", 0) == .tableTooShort(table: "phdr", records: 0, needed: 1))
    #expect(replacing(0, "phdr", 38) == .noPresets)
    #expect(replacing(4, "inst", 22) == .indexOutOfRange(table: "pgen", record: 0, index: 0, count: 0))
    #expect(replacing(8, "shdr", 46) == .indexOutOfRange(table: "igen", record: 0, index: 0, count: 0))
    #expect(replacing(1, "pbag", 4) == .indexOutOfRange(table: "phdr", record: 1, index: 1, count: 0))
    #expect(replacing(3, "pgen", 0) == .indexOutOfRange(table: "pbag", record: 1, index: 1, count: 0))
  }

  @Test("indices that fall are refused, with the record")
  func falling() {
    var bank = BankBuilder()
    bank.presets = (0..<3).map { .init(program: $0, zones: [.init(generators: [(41, 0)])]) }
    var chunks = bank.tableChunks
    // The second preset's bag comes after the third's.
    chunks[0][8 + 38 + 24] = 3
    let file = BankBuilder.file([bank.information, bank.data, BankBuilder.list("pdta", chunks)])
    #expect(fault(file) == .indexFalls(table: "phdr", record: 2, index: 2, previous: 3))
  }

  @Test("references to instruments and samples that do not exist are refused")
  func references() {
    var bank = BankBuilder()
    bank.presets[0].zones[0].generators = [(41, 1)]
    #expect(fault(bank.bytes) == .indexOutOfRange(table: "pgen", record: 0, index: 1, count: 1))
    bank = BankBuilder()
    bank.instruments[0].zones[0].generators = [(53, 7)]
    #expect(fault(bank.bytes) == .indexOutOfRange(table: "igen", record: 0, index: 7, count: 1))
  }

  @Test("presets whose zones multiply beyond all measure are refused without being made")
  func complexity() throws {
    var bank = BankBuilder()
    bank.presets[0].zones = Array(repeating: .init(generators: [(41, 0)]), count: 1_000)
    bank.instruments[0].zones = Array(repeating: .init(generators: [(53, 0)]), count: 1_000)
    let limit = 1 << 16
    #expect(
      fault(bank.bytes) == .tooComplex(preset: "Sound", count: 1_000_000, limit: limit, what: "zones"))
    bank = BankBuilder()
    bank.presets[0].zones[0].modulators = (0..<2_000).map { [0x0081, 48, UInt16($0), 0, 0] }
    #expect(
      fault(bank.bytes)
        == .tooComplex(preset: "Sound", count: 2_000, limit: 256, what: "modulators in a zone"))
    bank = BankBuilder()
    bank.instruments[0].zones = Array(repeating: .init(generators: [(53, 0)]), count: 60_000)
    #expect(try bank.zones().count == 60_000)
  }

  @Test("samples outside the data, in a sound card's memory or with impossible loops are ignored and told")
  func samples() throws {
    var bank = BankBuilder()
    bank.samples = [
      .init(name: "past the end", end: 1_001), .init(name: "reversed", start: 50, end: 50),
      .init(name: "card", kind: 0x8001), .init(name: "loop", loopStart: 90, loopEnd: 101),
      .init(name: "rate", rate: 0, key: 255),
    ]
    bank.instruments[0].zones = (0..<5).map { .init(generators: [(53, UInt16($0))]) }
    let read = try bank.read()
    let zones = read.presets[0].zones
    #expect(zones.map(\.sample.name) == ["loop", "rate"])
    #expect(zones[0].sample.loopStart == zones[0].sample.loopEnd)
    #expect(zones[1].sample.sampleRate == 44_100 && zones[1].sample.originalKey == 60)
    #expect(
      read.diagnostics.map(\.rule)
        == ["sample-bounds", "sample-bounds", "rom-sample", "loop-bounds", "sample-rate"])
    bank.samples = Array(repeating: .init(kind: 0x8001), count: 5)
    #expect(throws: SoundFontError.samplesInROM(path: "x", rom: "unnamed")) {
      try SoundFont(bytes: bank.bytes, name: "x")
    }
  }

  @Test("of two presets of one number the first is used; names may be missing")
  func numbers() throws {
    var bank = BankBuilder()
    let zones = bank.presets[0].zones
    bank.presets = [
      .init(name: "B", program: 5, bank: 128, zones: zones), .init(name: "A", program: 5, zones: zones),
      .init(name: "C", program: 5, zones: zones), .init(name: "", program: 4, zones: zones),
      .init(name: "D", program: 200, zones: zones),
    ]
    let read = try bank.read()
    #expect(read.presets.map(\.name) == ["Preset 0:4", "A", "B"])
    #expect(read.diagnostics.map(\.rule) == ["name", "program", "same-program"])
    #expect(read.preset(bank: 128, program: 5)?.name == "B" && read.preset(bank: 1, program: 5) == nil)
  }

  @Test("24 bits are used from version 2.04 on, where there are as many")
  func lowerBits() throws {
    var bank = BankBuilder()
    bank.low = (0..<1_000).map { UInt8(truncatingIfNeeded: $0) }
    let sample = try bank.zones()[0].sample
    let low8 = try #require(sample.low8)
    withExtendedLifetime(sample.memory) {
      #expect((0..<1_000).allSatisfy { low8[$0] == UInt8(truncatingIfNeeded: $0) })
    }
    bank.version = (2, 1)
    #expect(try bank.zones()[0].sample.low8 == nil)
    bank.version = (2, 4)
    bank.low?.removeLast(10)
    let read = try bank.read()
    #expect(read.presets[0].zones[0].sample.low8 == nil && read.diagnostics.map(\.rule) == ["24-bit"])
  }

  @Test("unknown chunks, texts in Latin-1 and a wrong size in the header do no harm")
  func tolerance() throws {
    var bank = BankBuilder()
    bank.name = "Caf"
    var bytes = BankBuilder.file([
      BankBuilder.chunk("JUNK", [1, 2, 3]), bank.information, BankBuilder.list("abcd", []), bank.data,
      BankBuilder.list("pdta", bank.tableChunks), [0, 0, 0],
    ])
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("Caf".utf8)) })
    bytes[place + 3] = 0xE9
    bytes[4] &-= 4
    let read = try SoundFont(bytes: bytes, name: "x")
    #expect(read.name == "Café" && read.presets[0].zones.count == 1)
    #expect(read.diagnostics.map(\.rule) == ["file-size", "unknown-chunk", "unknown-chunk"])
  }

  @Test("a bank whose zones ask for very many copies of a sample is refused before any is made")
  func copies() throws {
    var bank = BankBuilder()
    bank.pool = [UInt8](repeating: 1, count: 200_000)
    bank.samples[0].end = 100_000
    // A copy has 400,000 bytes, 2,000 are 800 MB: over 256 MB and eight times the file.
    bank.instruments[0].zones = (0..<2_000).map { .init(generators: [(0, UInt16($0)), (53, 0)]) }
    #expect {
      try bank.read()
    } throws: { error in
      guard case .tooLarge("bank.sf2", let need, let limit) = error as? SoundFontError else { return false }
      return need > limit && need > 700 << 20 && "\(error)".count > 0
    }
    // The same place read by as many zones is one copy.
    bank.instruments[0].zones = (0..<2_000).map { _ in .init(generators: [(0, 7), (53, 0)]) }
    #expect(try bank.zones().count == 2_000)
    // Many headers of the same frames are too.
    bank.samples = (0..<2_000).map { _ in .init(end: 100_000) }
    bank.instruments[0].zones = (0..<2_000).map { .init(generators: [(53, UInt16($0))]) }
    #expect(try bank.zones().count == 2_000)
  }

  @Test("a bank whose presets have too many zones together is refused")
  func zonesOfAllPresets() throws {
    var bank = BankBuilder()
    bank.instruments[0].zones = (0..<200).map { _ in .init(generators: [(53, 0)]) }
    bank.presets = (0..<100).map { program in
      .init(program: program, zones: (0..<20).map { _ in .init(generators: [(41, 0)]) })
    }
    #expect {
      try bank.read()
    } throws: { error in
      if case .tooLarge = error as? SoundFontError { true } else { false }
    }
  }
}
