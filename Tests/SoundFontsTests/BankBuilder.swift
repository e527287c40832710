import SoundFonts
import Testing

/// Writes banks, byte for byte as the specification lays them out, right or wrong.
struct BankBuilder {
  struct Zone {
    var generators: [(Int, UInt16)] = []
    var modulators: [[UInt16]] = []
  }
  struct Preset {
    var name = "Sound", program = 0, bank = 0
    var zones: [Zone]
  }
  struct Instrument {
    var name = "Instrument"
    var zones: [Zone]
  }
  struct Sample {
    var name = "Sample", start = 0, end = 100, loopStart = 10, loopEnd = 90, rate = 44_100
    var key = 60, correction = 0, link = 0, kind = 1
  }

  var version: (UInt16, UInt16) = (2, 4)
  var name = "A bank"
  var presets: [Preset] = [Preset(zones: [Zone(generators: [(41, 0)])])]
  var instruments: [Instrument] = [Instrument(zones: [Zone(generators: [(53, 0)])])]
  var samples: [Sample] = [Sample()]
  /// The chunk `smpl`: 1,000 frames, of which each is its number.
  var pool: [UInt8] = (0..<1_000).flatMap {
    [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)]
  }
  /// The chunk `sm24`.
  var low: [UInt8]?

  static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    Array(name.utf8) + little(content.count, 4) + content + (content.count.isMultiple(of: 2) ? [] : [0])
  }

  static func list(_ kind: String, _ chunks: [[UInt8]]) -> [UInt8] {
    chunk("LIST", Array(kind.utf8) + chunks.flatMap(\.self))
  }

  private static func text(_ text: String, _ count: Int) -> [UInt8] {
    Array((Array(text.utf8) + [UInt8](repeating: 0, count: count)).prefix(count))
  }

  /// The tables of zones: bags, modulators, generators; and the first bag of each owner and of the end.
  private static func tables(_ owners: [[Zone]], _ letter: String) -> (chunks: [[UInt8]], firstBags: [Int]) {
    var (bags, modulators, generators): ([UInt8], [UInt8], [UInt8]) = ([], [], [])
    var firstBags: [Int] = []
    func bag() { bags += little(generators.count / 4, 2) + little(modulators.count / 10, 2) }
    for zones in owners {
      firstBags.append(bags.count / 4)
      for zone in zones {
        bag()
        for (number, amount) in zone.generators { generators += little(number, 2) + little(Int(amount), 2) }
        for modulator in zone.modulators { modulators += modulator.flatMap { little(Int($0), 2) } }
      }
    }
    firstBags.append(bags.count / 4)
    bag()
    generators += [0, 0, 0, 0]
    modulators += [UInt8](repeating: 0, count: 10)
    return (
      [chunk(letter + "bag", bags), chunk(letter + "mod", modulators), chunk(letter + "gen", generators)],
      firstBags
    )
  }

  /// The nine tables in their order.
  var tableChunks: [[UInt8]] {
    let presetTables = Self.tables(presets.map(\.zones), "p")
    let instrumentTables = Self.tables(instruments.map(\.zones), "i")
    var headers: [UInt8] = []
    for (preset, bag) in zip(presets + [Preset(name: "EOP", zones: [])], presetTables.firstBags) {
      headers += Self.text(preset.name, 20) + Self.little(preset.program, 2) + Self.little(preset.bank, 2)
      headers += Self.little(bag, 2) + [UInt8](repeating: 0, count: 12)
    }
    var names: [UInt8] = []
    for (instrument, bag) in zip(
      instruments + [Instrument(name: "EOI", zones: [])], instrumentTables.firstBags)
    {
      names += Self.text(instrument.name, 20) + Self.little(bag, 2)
    }
    var sampleHeaders: [UInt8] = []
    for s in samples + [
      Sample(name: "EOS", start: 0, end: 0, loopStart: 0, loopEnd: 0, rate: 0, key: 0, kind: 0)
    ] {
      sampleHeaders += Self.text(s.name, 20)
      for number in [s.start, s.end, s.loopStart, s.loopEnd, s.rate] {
        sampleHeaders += Self.little(number, 4)
      }
      sampleHeaders += [UInt8(truncatingIfNeeded: s.key), UInt8(truncatingIfNeeded: s.correction)]
      sampleHeaders += Self.little(s.link, 2) + Self.little(s.kind, 2)
    }
    return [Self.chunk("phdr", headers)] + presetTables.chunks + [Self.chunk("inst", names)]
      + instrumentTables.chunks + [Self.chunk("shdr", sampleHeaders)]
  }

  var information: [UInt8] {
    Self.list(
      "INFO",
      [
        Self.chunk("ifil", Self.little(Int(version.0), 2) + Self.little(Int(version.1), 2)),
        Self.chunk("isng", Array("EMU8000\0".utf8)), Self.chunk("INAM", Self.text(name, 40)),
      ])
  }

  var data: [UInt8] {
    Self.list("sdta", [Self.chunk("smpl", pool)] + (low.map { [Self.chunk("sm24", $0)] } ?? []))
  }

  static func file(_ lists: [[UInt8]]) -> [UInt8] {
    chunk("RIFF", Array("sfbk".utf8) + lists.flatMap(\.self))
  }

  /// All of the file.
  var bytes: [UInt8] { Self.file([information, data, Self.list("pdta", tableChunks)]) }

  /// The bank, read.
  func read() throws -> SoundFont { try SoundFont(bytes: bytes, name: "bank.sf2") }

  /// The zones of its first preset.
  func zones() throws -> [SoundFontZone] { try #require(try read().presets.first).zones }
}
