internal import Groundwork

/// The zones of one preset or instrument: what is in their lists, without what the specification says to ignore.
struct ZoneList {
  /// One zone.
  struct Zone {
    var keys: ClosedRange<Int>?, velocities: ClosedRange<Int>?
    var generators: [(Generator, Int)] = []
    var modulators: [Modulator] = []
    /// The instrument or sample; nil for a global zone.
    var target: Int?
  }

  /// What holds for all zones that do not say otherwise.
  var global: Zone?
  var zones: [Zone] = []
}

/// Reads zones out of tables that were validated.
struct ZoneParser {
  /// The most modulators that a zone may have; the largest banks have some dozens, and all are compared with each other.
  static let modulatorLimit = 256

  let tables: BankTables.Zones
  let isPreset: Bool
  let path: String
  var diagnostics: DiagnosticSink

  private var prefix: String { isPreset ? "p" : "i" }

  /// The zones between two indices of the table of bags.
  mutating func list(_ bags: Range<Int>, name: String) throws(SoundFontError) -> ZoneList {
    var list = ZoneList()
    for bag in bags {
      let zone = try zone(bag, owner: name)
      if zone.target != nil {
        list.zones.append(zone)
      } else if bag == bags.lowerBound {
        list.global = zone
      } else {
        report(
          "zone-without-target", .skipped, tables.bagOffset + 4 * bag,
          "a zone of “\(name)” other than its first names no \(isPreset ? "instrument" : "sample"); it is ignored"
        )
      }
    }
    return list
  }

  private mutating func zone(_ bag: Int, owner: String) throws(SoundFontError) -> ZoneList.Zone {
    var zone = ZoneList.Zone()
    let (first, next) = (tables.bags[bag], tables.bags[bag + 1])
    readGenerators(first.firstGenerator..<next.firstGenerator, owner: owner, into: &zone)
    let modulators = first.firstModulator..<next.firstModulator
    guard modulators.count <= Self.modulatorLimit else {
      throw .damaged(
        path: path, offset: tables.bagOffset + 4 * bag,
        fault: .tooComplex(
          preset: owner, count: modulators.count, limit: Self.modulatorLimit, what: "modulators in a zone"))
    }
    for modulator in linked(modulators, owner: owner) {
      // Of two identical ones the later holds.
      if let place = zone.modulators.firstIndex(where: { $0.isIdentical(to: modulator) }) {
        zone.modulators[place] = modulator
      } else {
        zone.modulators.append(modulator)
      }
    }
    return zone
  }

  /// §7.5, §7.9: the key range comes first, the velocity range after nothing else; what follows the index is ignored.
  private mutating func readGenerators(_ indices: Range<Int>, owner: String, into zone: inout ZoneList.Zone) {
    for index in indices {
      let record = tables.generators[index]
      let offset = tables.generatorOffset + 4 * index
      guard record.number != 60 else { break }
      guard let generator = Generator(rawValue: record.number), isLegal(generator) else {
        report(
          "generator", .skipped, offset,
          "generator \(record.number) of “\(owner)” has no meaning here; it is ignored")
        continue
      }
      switch generator {
      case .keyRange, .velocityRange:
        let isFirst = zone.generators.isEmpty && (generator == .velocityRange || zone.velocities == nil)
        guard isFirst else {
          report(
            "range-order", .skipped, offset,
            "a range of “\(owner)” is not at the beginning of its zone; it is ignored")
          continue
        }
        let range = range(record.bits, owner: owner, offset: offset)
        if generator == .keyRange { zone.keys = range } else { zone.velocities = range }
      case .instrument, .sample:
        zone.target = Int(record.bits)
        return
      default:
        let amount = amount(of: generator, record, owner: owner, offset: offset)
        // Of two the later holds; a list that repeats one thousands of times is no longer than the generators are.
        if let place = zone.generators.firstIndex(where: { $0.0 == generator }) {
          zone.generators[place].1 = amount
        } else {
          zone.generators.append((generator, amount))
        }
      }
    }
  }

  private func isLegal(_ generator: Generator) -> Bool {
    switch generator {
    case .instrument: isPreset
    case .sample: !isPreset
    default: !isPreset || generator.kind == .value || generator.kind == .range
    }
  }

  private mutating func range(_ bits: UInt16, owner: String, offset: Int) -> ClosedRange<Int> {
    let (low, high) = (Int(bits & 0xFF), Int(bits >> 8))
    guard low <= high, high <= 127 else {
      report("range", .replaced, offset, "the range \(low)–\(high) of “\(owner)” is none within 0–127")
      let sorted = (min(low, high, 127), min(max(low, high), 127))
      return sorted.0...sorted.1
    }
    return low...high
  }

  /// An instrument's value is limited to the generator's range; a preset's is a difference.
  private mutating func amount(
    of generator: Generator, _ record: BankTables.GeneratorRecord, owner: String, offset: Int
  ) -> Int {
    guard !isPreset else { return record.amount }
    let range = generator == .attenuation ? generator.rangeBeforeModulation : generator.range
    let amount = min(max(record.amount, range.lowerBound), range.upperBound)
    if amount != record.amount {
      report(
        "generator-range", .replaced, offset,
        "generator \(record.number) of “\(owner)” is \(record.amount); \(amount) is the nearest value that it may have"
      )
    }
    return amount
  }

  /// The modulators of a zone that end at a generator, each with those that feed it.
  private mutating func linked(_ indices: Range<Int>, owner: String) -> [Modulator] {
    let all = indices.map { modulator($0, owner: owner) }
    guard all.contains(where: { $0?.target != nil || $0?.isLinked == true }) else {
      return all.compactMap { $0?.modulator }
    }
    var feeders = [[Int]](repeating: [], count: all.count)
    var ends: [Int] = []
    for (place, modulator) in all.enumerated() {
      guard let modulator else { continue }
      guard reachesGenerator(place, all) else {
        report(
          "linked-modulator", .skipped, tables.modulatorOffset + 10 * (indices.lowerBound + place),
          "a modulator of “\(owner)” is linked to none that reaches a generator within \(Modulator.deepestLink) links; it is ignored"
        )
        continue
      }
      if let target = modulator.target { feeders[target].append(place) } else { ends.append(place) }
    }
    return ends.compactMap { tree($0, all, feeders) }
  }

  /// Whether the links from a modulator end at a generator: loops never do (§9.5.4), nor do links to what takes none.
  private func reachesGenerator(_ place: Int, _ all: [ParsedModulator?]) -> Bool {
    var place = place
    for _ in 0...Modulator.deepestLink {
      guard let modulator = all[place] else { return false }
      guard let target = modulator.target else { return true }
      guard all.indices.contains(target), all[target]?.isLinked == true else { return false }
      place = target
    }
    return false
  }

  /// A modulator with those that feed it; nil for one that waits for others and has none.
  private func tree(_ place: Int, _ all: [ParsedModulator?], _ feeders: [[Int]]) -> Modulator? {
    guard let parsed = all[place] else { return nil }
    guard parsed.isLinked else { return parsed.modulator }
    var modulator = parsed.modulator
    modulator.inputs = feeders[place].compactMap { tree($0, all, feeders) }
    return modulator.inputs.isEmpty ? nil : modulator
  }

  /// A modulator as a record has it.
  private struct ParsedModulator {
    var modulator: Modulator
    /// The place in the zone of the modulator that it feeds.
    var target: Int?
    var isLinked: Bool { modulator.source.generalController == .link }
  }

  private mutating func modulator(_ index: Int, owner: String) -> ParsedModulator? {
    let record = tables.modulators[index]
    let offset = tables.modulatorOffset + 10 * index
    let source = ModulatorSource(bits: record.source)
    let amountSource = ModulatorSource(bits: record.amountSource)
    // The top bit of a destination makes it the number of a modulator of the zone (§7.4).
    let target = record.destination & 0x8000 != 0 ? Int(record.destination & 0x7FFF) : nil
    let destination = target == nil ? Generator(rawValue: Int(record.destination)) : .attenuation
    guard source.isAllowed, amountSource.isAllowed, amountSource.generalController != .link,
      record.transform == 0 || record.transform == 2, let destination,
      destination.kind == .value || destination.kind == .sampleOffset
    else {
      // The last record of the table, all zero, is often counted to the last zone.
      if record.source != 0 || record.destination != 0 {
        report(
          "modulator", .skipped, offset,
          "a modulator of “\(owner)” has a source, destination or transform without meaning; it is ignored")
      }
      return nil
    }
    var modulator = Modulator(
      record.source, to: destination, amount: record.amount, by: record.amountSource,
      isAbsolute: record.transform == 2)
    // Without a source a modulator adds nothing (§8.2.1).
    if source.generalController == ModulatorSource.GeneralController.none { modulator.amount = 0 }
    return ParsedModulator(modulator: modulator, target: target)
  }

  private mutating func report(_ rule: String, _ action: Diagnostic.Action, _ offset: Int, _ message: String)
  {
    diagnostics.report(rule: prefix + rule, severity: .fault) {
      Diagnostic(rule: rule, severity: .fault, action: action, offset: offset, message: message)
    }
  }
}
