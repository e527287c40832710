internal import Groundwork

/// The nine tables of a bank's last list, as they are in the file (SoundFont 2.04, §7), without judgment of what they say.
struct BankTables {
  /// A preset, or the end of the table (`phdr`, 38 bytes).
  struct Preset {
    var name: String, program: Int, bank: Int, firstBag: Int
  }
  /// An instrument, or the end of the table (`inst`, 22 bytes).
  struct Instrument {
    var name: String, firstBag: Int
  }
  /// Where the lists of a zone begin (`pbag`, `ibag`, 4 bytes).
  struct Bag {
    var firstGenerator: Int, firstModulator: Int
  }
  /// A generator and its amount (`pgen`, `igen`, 4 bytes).
  struct GeneratorRecord {
    var number: Int, bits: UInt16
    var amount: Int { Int(Int16(bitPattern: bits)) }
  }
  /// A modulator (`pmod`, `imod`, 10 bytes).
  struct ModulatorRecord {
    var source: UInt16, destination: UInt16, amount: Int, amountSource: UInt16, transform: Int
  }
  /// A sample's header, or the end of the table (`shdr`, 46 bytes).
  struct Sample {
    var name: String, start: Int, end: Int, loopStart: Int, loopEnd: Int, rate: Int
    var key: Int, correction: Int, link: Int, kind: Int
  }
  /// The tables of presets or those of instruments below their headers.
  struct Zones {
    var bags: [Bag] = []
    var generators: [GeneratorRecord] = []
    var modulators: [ModulatorRecord] = []
    /// Where the tables of bags, modulators and generators are in the file, for errors.
    var bagOffset = 0, modulatorOffset = 0, generatorOffset = 0
  }

  var presets: [Preset] = []
  var presetZones = Zones()
  var instruments: [Instrument] = []
  var instrumentZones = Zones()
  var samples: [Sample] = []
  var presetOffset = 0, instrumentOffset = 0, sampleOffset = 0

  /// Reads the list `pdta`: nine tables in this order, whatever else is between them.
  init(_ list: ByteReader, path: String) throws(SoundFontError) {
    var list = list
    func table(_ name: String, _ size: Int, atLeast needed: Int) throws(SoundFontError) -> (ByteReader, Int) {
      while let chunk = try RIFFChunk.next(&list, path: path) {
        guard chunk.name == name else { continue }
        let content = chunk.content
        guard content.remaining.isMultiple(of: size) else {
          let fault = SoundFontFault.unevenTable(table: name, size: content.remaining, recordSize: size)
          throw .damaged(path: path, offset: chunk.offset, fault: fault)
        }
        let count = content.remaining / size
        guard count >= needed else {
          throw .damaged(
            path: path, offset: chunk.offset,
            fault: .tableTooShort(table: name, records: count, needed: needed))
        }
        return (content, content.offset)
      }
      throw .damaged(path: path, offset: list.end, fault: .missingChunk(chunk: name))
    }
    func zones(_ letter: String) throws(SoundFontError) -> Zones {
      var zones = Zones()
      var records: ByteReader
      (records, zones.bagOffset) = try table(letter + "bag", 4, atLeast: 1)
      zones.bags = Self.read(records, size: 4, Self.bag)
      (records, zones.modulatorOffset) = try table(letter + "mod", 10, atLeast: 0)
      zones.modulators = Self.read(records, size: 10, Self.modulator)
      (records, zones.generatorOffset) = try table(letter + "gen", 4, atLeast: 0)
      zones.generators = Self.read(records, size: 4, Self.generator)
      return zones
    }
    var records: ByteReader
    (records, presetOffset) = try table("phdr", 38, atLeast: 1)
    presets = Self.read(records, size: 38, Self.preset)
    presetZones = try zones("p")
    (records, instrumentOffset) = try table("inst", 22, atLeast: 1)
    instruments = Self.read(records, size: 22, Self.instrument)
    instrumentZones = try zones("i")
    (records, sampleOffset) = try table("shdr", 46, atLeast: 1)
    samples = Self.read(records, size: 46, Self.sample)
  }

  private static func read<Record>(
    _ records: ByteReader, size: Int, _ body: (inout ByteReader) throws(ByteReader.EndReached) -> Record
  ) -> [Record] {
    var records = records
    var result: [Record] = []
    result.reserveCapacity(records.remaining / size)
    while records.remaining >= size, let record = try? body(&records) { result.append(record) }
    return result
  }

  private static func preset(_ r: inout ByteReader) throws(ByteReader.EndReached) -> Preset {
    let name = bankText(try r.readBytes(20))
    let program = Int(try r.readLittleEndian(UInt16.self))
    let bank = Int(try r.readLittleEndian(UInt16.self))
    let bag = Int(try r.readLittleEndian(UInt16.self))
    // Library, genre and morphology are reserved.
    try r.skip(12)
    return Preset(name: name, program: program, bank: bank, firstBag: bag)
  }

  private static func bag(_ r: inout ByteReader) throws(ByteReader.EndReached) -> Bag {
    let generator = Int(try r.readLittleEndian(UInt16.self))
    return Bag(firstGenerator: generator, firstModulator: Int(try r.readLittleEndian(UInt16.self)))
  }

  private static func modulator(_ r: inout ByteReader) throws(ByteReader.EndReached) -> ModulatorRecord {
    let source = try r.readLittleEndian(UInt16.self)
    let destination = try r.readLittleEndian(UInt16.self)
    let amount = Int(try r.readLittleEndian(Int16.self))
    let amountSource = try r.readLittleEndian(UInt16.self)
    return ModulatorRecord(
      source: source, destination: destination, amount: amount, amountSource: amountSource,
      transform: Int(try r.readLittleEndian(UInt16.self)))
  }

  private static func generator(_ r: inout ByteReader) throws(ByteReader.EndReached) -> GeneratorRecord {
    let number = Int(try r.readLittleEndian(UInt16.self))
    return GeneratorRecord(number: number, bits: try r.readLittleEndian(UInt16.self))
  }

  private static func instrument(_ r: inout ByteReader) throws(ByteReader.EndReached) -> Instrument {
    let name = bankText(try r.readBytes(20))
    return Instrument(name: name, firstBag: Int(try r.readLittleEndian(UInt16.self)))
  }

  private static func sample(_ r: inout ByteReader) throws(ByteReader.EndReached) -> Sample {
    let name = bankText(try r.readBytes(20))
    let start = Int(try r.readLittleEndian(UInt32.self))
    let end = Int(try r.readLittleEndian(UInt32.self))
    let loopStart = Int(try r.readLittleEndian(UInt32.self))
    let loopEnd = Int(try r.readLittleEndian(UInt32.self))
    let rate = Int(try r.readLittleEndian(UInt32.self))
    let key = Int(try r.readByte())
    let correction = Int(Int8(bitPattern: try r.readByte()))
    let link = Int(try r.readLittleEndian(UInt16.self))
    return Sample(
      name: name, start: start, end: end, loopStart: loopStart, loopEnd: loopEnd, rate: rate, key: key,
      correction: correction, link: link, kind: Int(try r.readLittleEndian(UInt16.self)))
  }
}

extension BankTables {
  /// Checks that every index points into the table it is for and none falls, so that whatever reads the tables after this needs
  /// no check. The last record of each table only says where the one before ends.
  func validate(path: String) throws(SoundFontError) {
    try Self.checkRising(
      presets.map(\.firstBag), table: "phdr", offset: presetOffset + 24, size: 38,
      count: presetZones.bags.count - 1, path: path)
    try Self.checkRising(
      instruments.map(\.firstBag), table: "inst", offset: instrumentOffset + 20, size: 22,
      count: instrumentZones.bags.count - 1, path: path)
    for (zones, letter) in [(presetZones, "p"), (instrumentZones, "i")] {
      try Self.checkRising(
        zones.bags.map(\.firstGenerator), table: letter + "bag", offset: zones.bagOffset, size: 4,
        count: zones.generators.count, path: path)
      try Self.checkRising(
        zones.bags.map(\.firstModulator), table: letter + "bag", offset: zones.bagOffset + 2, size: 4,
        count: zones.modulators.count, path: path)
    }
    try checkReferences(presetZones, to: .instrument, count: instruments.count - 1, table: "pgen", path: path)
    try checkReferences(instrumentZones, to: .sample, count: samples.count - 1, table: "igen", path: path)
  }

  private static func checkRising(
    _ indices: [Int], table: String, offset: Int, size: Int, count: Int, path: String
  ) throws(SoundFontError) {
    var previous = 0
    for (record, index) in indices.enumerated() {
      let place = offset + record * size
      guard index >= previous else {
        let fault = SoundFontFault.indexFalls(table: table, record: record, index: index, previous: previous)
        throw .damaged(path: path, offset: place, fault: fault)
      }
      guard index <= count else {
        let fault = SoundFontFault.indexOutOfRange(table: table, record: record, index: index, count: count)
        throw .damaged(path: path, offset: place, fault: fault)
      }
      previous = index
    }
  }

  private func checkReferences(
    _ zones: Zones, to generator: Generator, count: Int, table: String, path: String
  ) throws(SoundFontError) {
    let used = 0..<(zones.bags.last?.firstGenerator ?? 0)
    for index in used where zones.generators[index].number == generator.rawValue {
      let target = Int(zones.generators[index].bits)
      guard target < count else {
        throw .damaged(
          path: path, offset: zones.generatorOffset + 4 * index,
          fault: .indexOutOfRange(table: table, record: index, index: target, count: count))
      }
    }
  }
}
