internal import Composing
internal import Foundation
internal import LimitChecks
internal import MIDI
internal import Music
internal import Notation
internal import Tokenization

/// Whether pieces hold what is asked of them, and what holding costs.
///
///     benchmarks limits MODEL [REQUESTS] [PIECES] [SEED]
///
/// Random requests are composed, written as MIDI files and read back by code that knows nothing of tokens, until `REQUESTS` of them were
/// not refused. Then each limit alone, on the same seeds as pieces without any: nats a note, and what a token takes.
func measureLimits(_ arguments: [String]) throws {
  let numbers = arguments.dropFirst().compactMap(Int.init)
  guard let path = arguments.first, numbers.count == arguments.count - 1, numbers.allSatisfy({ $0 >= 0 }),
    numbers.count < 3 || numbers[2] > 0
  else {
    return printUsage("benchmarks limits MODEL [REQUESTS] [PIECES] [SEED]")
  }
  let composer = try Composer(model: try MusicModel(path: path))
  let tokenizer = try MusicModel(path: path).tokenizer
  try drawRequests(
    composer, tokenizer, count: numbers.first ?? 1_000, seed: UInt64(numbers.count > 2 ? numbers[2] : 1))
  try compareLimits(composer, tokenizer, pieces: numbers.count > 1 ? numbers[1] : 40)
}

private func drawRequests(
  _ composer: Composer, _ tokenizer: any Tokenizer, count: Int, seed drawn: UInt64
) throws {
  let configuration = tokenizer.vocabulary.configuration as? CellsConfiguration
  let roles = configuration?.parts?.map(\.role)
  var drawing = LimitDrawing(
    SystemRandom(seed: drawn), hasInstruments: true, hasTimeSignatures: configuration?.timeSignature == nil,
    hasChordPart: roles?.contains { $0 == .chords || $0 == .other } ?? true)
  var (held, broken, failed, refused, deadEnds, pieces, asked) = (0, 0, 0, 0, 0, 0, 0)
  var seed = (drawn - 1) << 32
  while held + broken + failed < count {
    seed += 1
    let (limits, bars) = try drawing.next()
    guard let request = try? limits.held(by: tokenizer, bars: bars) else {
      refused += 1
      continue
    }
    asked += limits.count
    let session = try composer.session(
      CompositionOptions(seed: seed, bars: request.bars, constraints: request.constraints))
    do {
      let piece = try request.finished(session.finish())
      let faults = try LimitReader.faults(
        in: MIDIFile(score: piece.score).encoded(), limits, bars: request.bars)
      if faults.isEmpty { held += 1 } else { broken += 1 }
      if let fault = faults.first { complain("seed \(seed): \(fault): \(limits)") }
    } catch {
      failed += 1
      complain("seed \(seed): \(error)")
    }
    deadEnds += session.deadEndCount
    if session.deadEndCount > 0 {
      pieces += 1
      complain("seed \(seed): \(session.deadEndCount) dead ends: \(request.constraints.map(\.summary))")
    }
  }
  printJSONLine([
    ("requests", "\(count)"), ("held", "\(held)"), ("broken", "\(broken)"), ("failed", "\(failed)"),
    ("refused", "\(refused)"),
    ("limits_a_request", String(format: "%.2f", Double(asked) / Double(max(1, count)))),
    ("dead_ends", "\(deadEnds)"), ("pieces_with_dead_ends", "\(pieces)"),
  ])
}

private func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

/// Random numbers of a seed: SplitMix64 (Steele, Lea and Flood 2014).
private struct SystemRandom: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

private func compareLimits(_ composer: Composer, _ tokenizer: any Tokenizer, pieces: Int) throws {
  func limits(_ change: (inout Limits) throws -> Void) rethrows -> Limits {
    var limits = Limits()
    try change(&limits)
    return limits
  }
  let cases: [(name: String, limits: Limits)] = [
    ("none", Limits()),
    ("key", try limits { $0.key = try Scale("D dorian") }),
    ("key, 5 % chromatic", try limits { ($0.key, $0.chromaticShare) = (try Scale("Dm"), 0.05) }),
    ("range", limits { $0.ranges = [.init(Pitch(62)...Pitch(81), part: .init(.melody))] }),
    ("density", limits { $0.densities = [.init(2...6, part: .init(.melody))] }),
    ("voices", limits { $0.voices = 1...4 }),
    ("fewest voices", limits { $0.voices = 2...6 }),
    ("note lengths", limits { $0.noteLengths = NoteLength(1, 8)...NoteLength(1, 1) }),
    ("no rests", limits { $0.rests = 0...0 }),
    (
      "time signatures", limits { $0.timeSignatures = [.init(TimeSignature(3, 4), bars: 8), .init(.common)] }
    ),
    ("first notes", limits { $0.firstNotes = [Pitch(74), Pitch(77), Pitch(76)] }),
    ("last note", limits { $0.lastNote = .pitchClass(2) }),
    ("last chord", try limits { $0.lastChord = try ChordSymbol("Dm") }),
    ("chords", try limits { $0.chords = try ChordProgression("Dm7 G7 | Cmaj7") }),
    ("rhythm", try limits { $0.rhythm = try RhythmPattern("1/4 1/8 1/8 1/4 1/4 | 1/2 1/2") }),
    ("contour", limits { $0.contour = .init(heights: [67, 76, 69]) }),
    (
      "several",
      try limits {
        $0.key = try Scale("D dorian")
        $0.ranges = [.init(Pitch(60)...Pitch(84), part: .init(.melody))]
        $0.densities = [.init(1...10)]
        $0.voices = 1...5
        $0.noteLengths = NoteLength(1, 16)...NoteLength(1, 1)
        $0.rests = 0...0.1
        $0.lastNote = .pitchClass(2)
      }
    ),
  ]
  let clock = ContinuousClock()
  var seconds = [Double](repeating: 0, count: cases.count), tokens = [Int](repeating: 0, count: cases.count)
  var nats = seconds, notes = tokens
  let requests = try cases.map { item in try item.limits.held(by: tokenizer, bars: 16) }
  for seed in Composer.seeds(from: 1, count: pieces) {
    // Side by side, so that other work on the machine slows all of them.
    for index in cases.indices {
      let options = CompositionOptions(
        seed: seed, bars: requests[index].bars, constraints: requests[index].constraints)
      let start = clock.now
      let piece = try composer.compose(options)
      seconds[index] += (clock.now - start) / .seconds(1)
      tokens[index] += piece.tokens
      nats[index] += piece.surprisals.reduce(0, +)
      notes[index] += piece.notes
    }
  }
  for index in cases.indices {
    let cost = seconds[index] / Double(tokens[index]) / (seconds[0] / Double(tokens[0]))
    printJSONLine([
      ("limit", "\"\(cases[index].name)\""), ("pieces", "\(pieces)"),
      ("nats_a_note", String(format: "%.3f", nats[index] / Double(max(1, notes[index])))),
      ("notes", "\(notes[index])"),
      ("token_us", String(format: "%.1f", seconds[index] / Double(tokens[index]) * 1e6)),
      ("relative", String(format: "%.3f", cost)),
    ])
  }
}
