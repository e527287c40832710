import Corpora
import ModelSupport
import Music
import TestSupport
import Testing
import Tokenization

@testable import Composing

/// Tokens of which some stand for four notes at once.
private struct Motifs: SimpleTokens {
  static let tokenizerName = "motifs"
  var tokens: [SimpleToken] {
    let singles = (60...67).map { (pitch: Int) in SimpleToken("Note_\(pitch)", pitch: pitch) }
    let motifs = (0..<6).map { number in
      SimpleToken(
        "Motif_\(number)",
        notes: (0..<4).map {
          Note(onset: 480 * $0, duration: 480, pitch: 60 + (number + $0 * 2) % 8, velocity: 80)
        },
        ticks: 4 * 480)
    }
    return singles + motifs
  }
  // What is read is never written here.
  func write(_ score: Score) -> [Int] { score.tracks.flatMap(\.notes).map { $0.pitch - 60 } }
}

@Suite struct AvoidCopyingTests {
  /// The line of a part, by comparing all notes with each other: a plain reading of what `PassageLine` says.
  private static func line(_ track: Track, ticksPerQuarter: Int) -> [(step: Int, pitch: Int)] {
    let notes = track.notes.map { note in
      let step = { (tick: Int) in Int((Double(tick) * 12 / Double(ticksPerQuarter)).rounded()) }
      return (start: step(note.onset), end: step(note.end), pitch: note.pitch)
    }
    let heard = notes.filter { note in
      !notes.contains { other in
        other.pitch > note.pitch
          && (other.start == note.start || (other.start < note.start && other.end >= note.start + 3))
      }
    }
    var steps: [Int: Int] = [:]
    for note in heard { steps[note.start] = note.pitch }
    return steps.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// All passages of a number of notes, as intervals and times.
  private static func passages(of score: Score, notes count: Int) -> Set<[Int]> {
    var found: Set<[Int]> = []
    for track in score.tracks where !track.isDrum {
      let line = line(track, ticksPerQuarter: score.ticksPerQuarter)
      for start in line.indices.dropLast(count - 1) {
        found.insert(
          (start + 1..<start + count).flatMap {
            [line[$0].pitch - line[$0 - 1].pitch, line[$0].step - line[$0 - 1].step]
          })
      }
    }
    return found
  }

  /// Cells of two parts with notes of few pitches.
  private static var cells: CellsConfiguration {
    var cells = CellsConfiguration()
    cells.pitchRange = 58...70
    cells.maximumDuration = 12
    cells.velocityCount = 1
    cells.parts = [.init(role: .bass, program: 32), .init(role: .melody, program: 73)]
    return cells
  }

  private static func configuration(_ number: Int) throws -> any TokenizerConfiguration {
    switch number {
    case 0: cells
    case 1: REMIConfiguration(instruments: .single(program: 0))
    case 2: try TokenizerTests.configurations()[1]
    case 3: Motifs()
    default: CellsConfiguration.small
    }
  }

  @Test("No passage is as long as the limit, whatever the tokenizer", arguments: 0..<5)
  func noPassageIsAsLongAsTheLimit(number: Int) throws {
    let model = try ComposerTests.model(Self.configuration(number))
    let composer = try Composer(model: model)
    let hasBars = model.tokenizer.vocabulary.roles.hasBars
    let seeds = Composer.seeds(from: 1, count: 50)
    func pieces(_ constraints: [any TokenConstraint]) throws -> [Score] {
      let options = seeds.map { seed in
        var options = CompositionOptions(seed: seed, bars: hasBars ? 2 : nil, constraints: constraints)
        options.sampling.topK = hasBars ? 40 : 0
        return options
      }
      return try composer.compose(options, threadCount: 2).map { try $0.get().score }
    }
    // What the same seeds give by themselves is what may not be copied: it is what they want to write.
    let originals = try pieces([])
    let index = PassageIndex(pieces: originals.map { ("", $0) })
    for limit in [4, 6] {
      let forbidden = originals.reduce(into: Set<[Int]>()) {
        $0.formUnion(Self.passages(of: $1, notes: limit))
      }
      #expect(!forbidden.isEmpty)
      let others = try pieces([AvoidCopying(index, tokenizer: model.tokenizer, limit: limit)])
      for (seed, piece) in zip(seeds, others) {
        #expect(Self.passages(of: piece, notes: limit).isDisjoint(with: forbidden), "seed \(seed)")
        let longest = try index.longestSharedPassage(of: piece, .transposed)?.noteCount ?? 0
        #expect(longest < limit, "seed \(seed)")
      }
    }
  }

  @Test("A primer from the training pieces is not continued as it went on there")
  func aPrimerIsNotContinuedAsItWentOn() throws {
    let model = try ComposerTests.model(REMIConfiguration(instruments: .single(program: 0)))
    let composer = try Composer(model: model)
    let options = CompositionOptions(seed: 3, sampling: SamplingPreset(topK: 20), bars: 6)
    let original = try composer.compose(options).score
    let index = PassageIndex(pieces: [("original", original)])
    let primer = original.slice(bars: 0..<3)
    let shared = try #require(try index.longestSharedPassage(of: primer, .exact)).noteCount
    let longer = try composer.compose(
      CompositionOptions(
        seed: 3, bars: 3, primer: primer, keepsPrimer: true,
        constraints: [AvoidCopying(index, tokenizer: model.tokenizer, limit: 5)]))
    #expect(try #require(try index.longestSharedPassage(of: longer.score, .exact)).noteCount <= shared)
  }

  @Test("A model without its corpus says so") func aModelWithoutItsCorpusSaysSo() throws {
    let model = try ComposerTests.model(REMIConfiguration())
    #expect(throws: ComposingError.self) { try model.trainingPassages() }
  }
}
