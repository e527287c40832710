internal import Foundation
import MIDI
import Music
import Notation
import TestSupport
import Testing

/// The melodies of two collections against what abc2midi makes of the same text: the same pitches at the same times, to
/// one constant shift and two ticks of 480 a quarter, ornaments played by both.
///
/// Taken out of the text for abc2midi are the `R:` fields alone, since it swings hornpipes. `GRUPPETTO_TEST_ALL=1` takes
/// every tune instead of every fifteenth, and lists those that differ with what the difference goes away without.
@Suite struct ABCAgreementTests {
  static let takesAll = ProcessInfo.processInfo.environment["GRUPPETTO_TEST_ALL"] == "1"
  static let program = "/usr/bin/abc2midi"
  static let isPossible = SharedData.isPresent && FileManager.default.isExecutableFile(atPath: program)
  static let absence: Comment = "skipped: abc2midi or the data beside the checkout (../shared/data) is absent"

  @Test(
    "Melodies agree with abc2midi", .enabled(if: isPossible, absence),
    arguments: ["nottingham/abc", "folk-abc"])
  func melodiesAgreeWithABC2MIDI(collection: String) throws {
    let folder = try TemporaryFolder()
    var compared = 0
    var differing: [String] = []
    var index = 0
    for path in SharedData.files(under: collection, suffix: ".abc") {
      let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
      let name = URL(filePath: path).lastPathComponent
      let book = try ABCBook(bytes: bytes, file: name)
      let texts = TuneTexts(bytes)
      for tune in book.tunes {
        index += 1
        guard Self.takesAll || index % 15 == 0 else { continue }
        guard let theirs = try Self.abc2midiOnsets(texts.tune(at: tune.line), in: folder) else { continue }
        compared += 1
        if let difference = MelodyOnsets(tune.score).difference(from: theirs) {
          let cause = Self.takesAll ? try Self.cause(texts.tune(at: tune.line), in: folder) : ""
          differing.append("\(name):\(tune.line) \(tune.title ?? "") — \(cause)\(difference)")
        }
      }
    }
    if Self.takesAll {
      print("\(collection): \(compared - differing.count) of \(compared) agree")
      for line in differing { print("  differs:", line) }
    }
    #expect(compared > 50)
    #expect(Double(differing.count) <= 0.05 * Double(compared), "\(differing.joined(separator: "\n"))")
  }

  /// What the two agree without: repeats, signs before notes, or neither.
  private static func cause(_ text: [UInt8], in folder: TemporaryFolder) throws -> String {
    let flat = TuneTexts.withoutRepeats(text)
    let plain = TuneTexts.withoutSigns(text)
    if try agree(flat, in: folder) { return "repeats: " }
    if try agree(plain, in: folder) { return "signs: " }
    return try agree(TuneTexts.withoutSigns(flat), in: folder) ? "repeats and signs: " : "notes: "
  }

  private static func agree(_ text: [UInt8], in folder: TemporaryFolder) throws -> Bool {
    guard let ours = try? ABCBook(bytes: text).tunes.first?.score,
      let theirs = try abc2midiOnsets(text, in: folder)
    else { return false }
    return MelodyOnsets(ours).difference(from: theirs) == nil
  }

  /// The melody of what abc2midi writes; nil if it writes nothing.
  private static func abc2midiOnsets(_ text: [UInt8], in folder: TemporaryFolder) throws -> MelodyOnsets? {
    let (input, output) = (folder.file("tune.abc"), folder.file("tune.mid"))
    try? FileManager.default.removeItem(atPath: output)
    try Data(text).write(to: URL(filePath: input))
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = [input, "-NGUI", "-NGRA", "-silent", "-o", output]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard let midi = try? MIDIFile(path: output) else { return nil }
    return MelodyOnsets(midi)
  }
}

/// The onsets and pitches of a melody, in ticks of 480 a quarter.
private struct MelodyOnsets {
  var notes: [(onset: Int, pitch: Int)]

  init(_ score: Score) {
    notes = (score.tracks.first?.notes ?? []).map {
      (($0.onset * 480 + score.ticksPerQuarter / 2) / score.ticksPerQuarter, $0.pitch)
    }
    normalize()
  }

  /// The first track that has notes.
  init(_ file: MIDIFile) {
    var scale = 480
    if case .ticksPerQuarter(let ticks) = file.division { scale = ticks }
    notes = []
    for track in file.tracks where notes.isEmpty {
      for event in track.events where event.status & 0xF0 == 0x90 && event.data2 > 0 {
        notes.append((event.tick * 480 / scale, Int(event.data1)))
      }
    }
    normalize()
  }

  /// In order, with doublings on one pitch counted once.
  private mutating func normalize() {
    notes.sort { ($0.onset, $0.pitch) < ($1.onset, $1.pitch) }
    var kept: [(onset: Int, pitch: Int)] = []
    for note in notes where kept.last.map({ $0.onset == note.onset && $0.pitch == note.pitch }) != true {
      kept.append(note)
    }
    notes = kept
  }

  /// Where the two part; nil if they agree.
  func difference(from other: MelodyOnsets) -> String? {
    guard let first = notes.first, let otherFirst = other.notes.first else {
      return notes.isEmpty && other.notes.isEmpty ? nil : "\(notes.count) notes against \(other.notes.count)"
    }
    let shift = first.onset - otherFirst.onset
    let counts = notes.count == other.notes.count ? "" : ", \(notes.count) notes against \(other.notes.count)"
    for (index, (a, b)) in zip(notes, other.notes).enumerated() {
      if a.pitch != b.pitch || abs(a.onset - b.onset - shift) > 2 {
        return "note \(index + 1): pitch \(a.pitch) at \(a.onset - shift) against \(b.pitch) at \(b.onset)"
          + counts
      }
    }
    return counts.isEmpty ? nil : "the same to the end of the shorter" + counts
  }
}

/// The text of single tunes, as abc2midi is to read them.
private struct TuneTexts {
  private let lines: [ArraySlice<UInt8>]

  init(_ bytes: [UInt8]) {
    lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map {
      $0.last == 0x0D ? $0.dropLast() : $0
    }
  }

  /// The text with plain bar lines for repeats, without endings and playing order.
  static func withoutRepeats(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    for line in text.split(separator: 0x0A) where !line.starts(with: Array("P:".utf8)) {
      let isMusic =
        !(line.count > 1 && line[line.startIndex + 1] == UInt8(ascii: ":") && line.first != UInt8(ascii: "|"))
      var isQuoted = false
      for (index, byte) in zip(line.indices, line) {
        let previous = index > line.startIndex ? line[index - 1] : 0
        if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
        let afterBar =
          previous == UInt8(ascii: "|") || previous == UInt8(ascii: ":") || previous == UInt8(ascii: "[")
        if isMusic, !isQuoted, line.first != UInt8(ascii: "%") {
          if byte == UInt8(ascii: ":"), !(previous >= UInt8(ascii: "A") && previous <= UInt8(ascii: "Z")) {
            result.append(UInt8(ascii: "|"))
            continue
          }
          if afterBar, (0x31...0x39).contains(byte) {
            if previous == UInt8(ascii: "[") { result.removeLast() }
            continue
          }
        }
        result.append(byte)
      }
      result.append(0x0A)
    }
    return result
  }

  /// From a line, counted from 1, to the next blank line or `X:` field, without the `R:` fields.
  func tune(at line: Int) -> [UInt8] {
    var result: [UInt8] = []
    for (index, text) in lines[(line - 1)...].enumerated() {
      let isBlank = text.allSatisfy { $0 == 0x20 || $0 == 0x09 }
      if isBlank || (index > 0 && text.starts(with: Array("X:".utf8))) { break }
      if text.starts(with: Array("R:".utf8)) { continue }
      result += Array(text)
      result.append(0x0A)
    }
    return result
  }

  /// The text without trills, rolls, fermatas and dots.
  static func withoutSigns(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    for line in text.split(separator: 0x0A) {
      result += isField(line) ? Array(line) : withoutSigns(line)
      result.append(0x0A)
    }
    return result
  }

  private static func isField(_ text: ArraySlice<UInt8>) -> Bool {
    let start = Array(text.prefix(3))
    if start.first == UInt8(ascii: "%") { return true }
    guard start.count >= 2, start[0] >= UInt8(ascii: "A"), start[0] <= UInt8(ascii: "z"),
      start[1] == UInt8(ascii: ":")
    else { return false }
    return start.count < 3 || (start[2] != UInt8(ascii: "|") && start[2] != UInt8(ascii: ":"))
  }

  /// T, R, H, the tilde and the full stop are such signs outside of texts and inline fields.
  private static func withoutSigns(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var closing: UInt8?
    let bytes = Array(
      String(decoding: text, as: UTF8.self).replacing("!trill!", with: "").replacing("!fermata!", with: "")
        .utf8)
    for (index, byte) in bytes.enumerated() {
      if let end = closing {
        if byte == end { closing = nil }
      } else if byte == UInt8(ascii: "\"") {
        closing = byte
      } else if byte == UInt8(ascii: "["), index + 2 < bytes.count, bytes[index + 2] == UInt8(ascii: ":") {
        closing = UInt8(ascii: "]")
      } else if "TRH~.".utf8.contains(byte) {
        continue
      }
      result.append(byte)
    }
    return result
  }
}
