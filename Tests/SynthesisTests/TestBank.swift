internal import Foundation
import SoundFonts

/// A SoundFont of one instrument in memory: a sine of 441 Hz at key 69 that is looped, with the zones that a test asks for.
struct TestBank {
  /// A zone of the instrument: generators by number, modulators by their five words.
  struct Zone {
    var generators: [(Int, Int)] = []
    var modulators: [[Int]] = []
  }

  var zones: [Zone] = [Zone()]
  /// The presets that play it, by bank and program.
  var addresses = [(bank: 0, program: 0)]

  /// Frames of the sample; one period has 100 frames.
  static let frameCount = 4000
  static let loop = 2000..<2100

  init(_ generators: (Int, Int)..., modulators: [[Int]] = []) {
    zones = [Zone(generators: generators, modulators: modulators)]
  }

  func read() throws -> SoundFont { try SoundFont(bytes: bytes, name: "test.sf2") }

  private static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    Array(name.utf8) + little(content.count, 4) + content
  }

  private static func list(_ kind: String, _ chunks: [[UInt8]]) -> [UInt8] {
    chunk("LIST", Array(kind.utf8) + chunks.flatMap(\.self))
  }

  private static func name(_ text: String) -> [UInt8] {
    Array(text.utf8) + [UInt8](repeating: 0, count: 20 - text.utf8.count)
  }

  private var bytes: [UInt8] {
    let sine = (0..<Self.frameCount).flatMap {
      Self.little(Int((16_384 * sin(2 * .pi * Double($0) / 100)).rounded()), 2)
    }
    let information = Self.list(
      "INFO",
      [Self.chunk("ifil", Self.little(2, 2) + Self.little(4, 2)), Self.chunk("INAM", Self.name("Test"))])
    let data = Self.list("sdta", [Self.chunk("smpl", sine + [UInt8](repeating: 0, count: 92))])
    let content = Array("sfbk".utf8) + information + data + Self.list("pdta", tables)
    return Self.chunk("RIFF", content)
  }

  private var tables: [[UInt8]] {
    var headers: [UInt8] = []
    for (index, address) in (addresses + [(0, 0)]).enumerated() {
      headers += Self.name("Preset \(index)") + Self.little(address.program, 2) + Self.little(address.bank, 2)
      headers += Self.little(index, 2) + [UInt8](repeating: 0, count: 12)
    }
    let presetBags = (0...addresses.count).flatMap { Self.little($0, 2) + Self.little(0, 2) }
    let presetGenerators = addresses.flatMap { _ in Self.little(41, 2) + Self.little(0, 2) }
    var (bags, modulators, generators): ([UInt8], [UInt8], [UInt8]) = ([], [], [])
    for zone in zones {
      bags += Self.little(generators.count / 4, 2) + Self.little(modulators.count / 10, 2)
      // A key range comes first, a sample last.
      let ranges = zone.generators.filter { $0.0 == 43 }
      for (number, amount) in ranges + zone.generators.filter({ $0.0 != 43 }) + [(53, 0)] {
        generators += Self.little(number, 2) + Self.little(amount, 2)
      }
      modulators += zone.modulators.flatMap { $0.flatMap { Self.little($0, 2) } }
    }
    bags += Self.little(generators.count / 4, 2) + Self.little(modulators.count / 10, 2)
    var sample = Self.name("Sine")
    for number in [0, Self.frameCount, Self.loop.lowerBound, Self.loop.upperBound, 44_100] {
      sample += Self.little(number, 4)
    }
    sample += [69, 0] + Self.little(0, 2) + Self.little(1, 2)
    let end = Self.name("EOS") + [UInt8](repeating: 0, count: 26)
    let none = [UInt8](repeating: 0, count: 10)
    return [
      Self.chunk("phdr", headers), Self.chunk("pbag", presetBags), Self.chunk("pmod", none),
      Self.chunk("pgen", presetGenerators + [0, 0, 0, 0]),
      Self.chunk(
        "inst", Self.name("Instrument") + Self.little(0, 2) + Self.name("EOI") + Self.little(zones.count, 2)),
      Self.chunk("ibag", bags), Self.chunk("imod", modulators + none),
      Self.chunk("igen", generators + [0, 0, 0, 0]), Self.chunk("shdr", sample + end),
    ]
  }
}
