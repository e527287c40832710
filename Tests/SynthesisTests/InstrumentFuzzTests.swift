internal import Arithmetic
internal import Foundation
import Groundwork
import Music
import Testing

@testable import Synthesis

@Suite("Instruments of any file")
struct InstrumentFuzzTests {
  static let rounds =
    ProcessInfo.processInfo.environment["GRUPPETTO_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 300

  @Test("Damaged instrument files are refused with a typed error or give finite sound")
  func damagedInstruments() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Shipped.folder).sorted()
      .filter { $0.hasSuffix(".json") }
    let texts = try files.map { try readFile(Shipped.folder + "/" + $0) }
    var random = RandomStream(seed: 3, name: "damage")
    var accepted = 0
    for round in 0..<Self.rounds {
      var bytes = texts[random.integer(below: texts.count)]
      for _ in 0...random.integer(below: 3) { Self.changeNumber(in: &bytes, &random) }
      if round.isMultiple(of: 4) {
        for _ in 0...random.integer(below: 4) {
          bytes[random.integer(below: bytes.count)] = UInt8(random.integer(below: 256))
        }
      }
      if round.isMultiple(of: 9) { bytes.removeLast(random.integer(below: bytes.count)) }
      do throws(InstrumentError) {
        let instruments = try InstrumentLibrary.instruments(in: bytes, file: "damaged.json")
        guard !instruments.isEmpty else { continue }
        accepted += 1
        guard round.isMultiple(of: 3) else { continue }
        render(instruments[random.integer(below: instruments.count)], round)
      } catch {
        #expect(error.kind == .badInput && error.file == "damaged.json")
      }
    }
    #expect(accepted > Self.rounds / 15)
  }

  @Test("Scores of any numbers are rendered: programs, keys, controllers and times out of range")
  func oddScores() throws {
    let library = try Shipped.library.get()
    var random = RandomStream(seed: 8, name: "scores")
    let odd = [0, 1, -1, 127, 128, 255, 8191, -8192, 70_000, .max, .min, 1 << 40, -(1 << 40)]
    for _ in 0..<20 {
      func number() -> Int {
        random.integer(below: 3) > 0 ? random.integer(below: 128) : odd[random.integer(below: odd.count)]
      }
      let tracks = (0..<3).map { _ in
        Track(
          program: number(), isDrum: random.integer(below: 3) == 0,
          notes: (0..<4).map { _ in
            Note(
              onset: random.integer(below: 300), duration: random.integer(below: 200), pitch: number(),
              velocity: number())
          },
          controlChanges: (0..<6).map { _ in
            ControlChange(tick: random.integer(below: 300), controller: number(), value: number())
          },
          pitchBends: [PitchBend(tick: random.integer(below: 300), value: number())])
      }
      let renderer = ScoreRenderer(
        score: Score(ticksPerQuarter: 500, tracks: tracks), library: library,
        options: RenderOptions(sampleRate: 8000))
      #expect(Self.isFinite(renderer, frames: 4000), "\(tracks)")
    }
    for program in odd { #expect(library.instrument(program: program) != nil) }
    for key in odd { #expect(library.instrument(drumKey: key) != nil) }
  }

  private func render(_ instrument: Instrument, _ round: Int) {
    let isDrum = !instrument.drumKeys.isEmpty
    guard let first = isDrum ? instrument.drumKeys.first : instrument.programs.first else { return }
    let keys = isDrum ? [first] : [0, 36, 60, 100, 127]
    let score = score(
      program: isDrum ? nil : first, isDrum: isDrum,
      keys.map { Note(onset: 0, duration: 150, pitch: $0, velocity: $0 == 60 ? 1 : 127) },
      controls: [ControlChange(tick: 20, controller: 1, value: 127)],
      bends: [PitchBend(tick: 10, value: 8191)])
    let renderer = ScoreRenderer(
      score: score, library: InstrumentLibrary(instruments: [instrument]),
      options: RenderOptions(sampleRate: round.isMultiple(of: 2) ? 8000 : 22_050, reverb: .room))
    #expect(Self.isFinite(renderer, frames: 4000), "round \(round): \(instrument)")
  }

  private static func isFinite(_ renderer: ScoreRenderer, frames: Int) -> Bool {
    var samples = [Float](repeating: 0, count: 2 * frames)
    var room = samples.mutableSpan
    _ = renderer.render(into: &room)
    return samples.allSatisfy { $0.isFinite }
  }

  /// Puts another number in the place of one.
  private static func changeNumber(in bytes: inout [UInt8], _ random: inout RandomStream) {
    let isDigit = { (byte: UInt8) in (48...57).contains(byte) || byte == 45 || byte == 46 }
    let start = random.integer(below: bytes.count)
    guard let first = bytes[start...].firstIndex(where: isDigit) else { return }
    let end = bytes[first...].firstIndex { !isDigit($0) } ?? bytes.count
    let numbers = [
      "0", "-1", "1", "127", "128", "1e999", "1e38", "-1e38", "1e-320", "0.001", "0.01", "0.5", "2", "6",
      "20", "40",
      "64", "120", "20000", "9223372036854775807", "null", "\"a\"", "[]", "{}", "true",
    ]
    bytes.replaceSubrange(first..<end, with: Array(numbers[random.integer(below: numbers.count)].utf8))
  }
}
