import MIDI
import Music
import Notation
import TestSupport
import Testing
import Tokenization

@Suite struct DecodingTests {
  private let opening = ["Bar_None", "TimeSig_4/4", "Position_0", "Tempo_120.0"]
  private let note = ["Program_0", "Pitch_60", "Velocity_79", "Duration_1.0.12"]

  private func decode(_ tokens: [String]) throws -> Score {
    let tokenizer = try REMITokenizer()
    return try tokenizer.decode(tokenizer.vocabulary.ids(of: tokens))
  }

  @Test("The frame may be missing") func theFrameMayBeMissing() throws {
    let bare = try decode(opening + note)
    #expect(bare.noteCount == 1 && bare.length == 1_920)
    #expect(try decode(["BOS_None"] + opening + note + ["EOS_None", "PAD_None", "PAD_None"]) == bare)
  }

  @Test("Notes within notes survive AMIDI file") func notesWithinNotesSurviveAMIDIFile() throws {
    let within = ["Program_0", "Pitch_60", "Velocity_59", "Duration_0.6.12"]
    let drum = ["Program_-1", "PitchDrum_38", "Velocity_79"]
    let tokens =
      ["BOS_None"] + opening + note + drum + ["Duration_2.0.12", "Position_3"] + within + drum
      + ["Duration_0.6.12", "Position_12"] + note + ["EOS_None"]
    let tokenizer = try REMITokenizer()
    let ids = try tokenizer.vocabulary.ids(of: tokens)
    let score = try tokenizer.decode(ids)
    #expect(score.tracks.map(\.notes.count) == [2, 1, 1, 1])
    let bytes = try MIDIFile(score: score).encoded()
    let read = try ScoreReader.read(bytes: bytes, name: "piece.mid").scores[0]
    #expect(try tokenizer.encode(read).ids == ids)
  }

  @Test("Notes of a position may stand in any order") func notesOfAPositionMayStandInAnyOrder() throws {
    let higher = ["Program_0", "Pitch_72", "Velocity_79", "Duration_1.0.12"]
    #expect(try decode(opening + higher + note) == decode(opening + note + higher))
  }

  @Test(
    "What stands in the wrong place is named",
    arguments: [
      (["Position_0"], 0, "Bar_None"), (["Bar_None", "Position_0"], 1, "a TimeSig"),
      (["Bar_None", "TimeSig_4/4", "Position_3"], 2, "Position_0"),
      (["Bar_None", "TimeSig_4/4", "Position_0", "Pitch_60"], 3, "a Tempo"),
      (["Bar_None", "TimeSig_4/4", "Position_0", "Tempo_120.0", "Program_-1", "Pitch_60"], 5, "a PitchDrum"),
      (["Bar_None", "TimeSig_4/4", "Position_0", "Tempo_120.0", "Program_3", "PitchDrum_60"], 5, "a Pitch"),
      (
        ["Bar_None", "TimeSig_3/4", "Position_0", "Tempo_120.0", "Position_36"], 4, "a note, a later Position"
      ),
      (["Bar_None", "BOS_None"], 1, "a TimeSig"), (["EOS_None"], 0, "Bar_None"),
    ])
  func whatStandsInTheWrongPlaceIsNamed(tokens: [String], index: Int, expected: String) {
    let error = #expect(throws: TokenizationError.self) { try decode(tokens) }
    guard case .unexpectedToken(tokens[index], index, let words) = error else {
      Issue.record("\(tokens) gives \(String(describing: error))")
      return
    }
    #expect(words.hasPrefix(expected))
    #expect(error?.message.contains("'\(tokens[index])' at index \(index)") == true)
  }

  @Test("Half a note is truncated") func halfANoteIsTruncated() {
    for count in 1..<4 {
      #expect(throws: TokenizationError.self) { try decode(opening + note.prefix(count)) }
    }
    #expect(throws: TokenizationError.truncated(expected: "Bar_None")) { try decode([]) }
    #expect(throws: TokenizationError.noNotes) { try decode(opening) }
  }

  @Test("Unknown i ds are named") func unknownIDsAreNamed() throws {
    let tokenizer = try REMITokenizer()
    let count = tokenizer.vocabulary.count
    for id in [-1, Int32(count), .max, .min] {
      #expect(throws: TokenizationError.unknownID(id: id, index: 1, vocabularySize: count)) {
        try tokenizer.decode([tokenizer.vocabulary.roles.beginning, id])
      }
    }
  }

  /// Noise, noise after a good beginning, and good sequences with a few ids changed, taken out or doubled.
  @Test("Garbage is read or refused in words") func garbageIsReadOrRefusedInWords() throws {
    var generator = RepeatableGenerator(seed: 17)
    var (read, refused) = (0, 0)
    for configuration in [TestConfigurations.all[0], TestConfigurations.small, TestConfigurations.drums] {
      let tokenizer = try REMITokenizer(configuration: configuration)
      let vocabulary = tokenizer.vocabulary
      let isDrums = configuration.instruments == .drums
      let good = try vocabulary.ids(
        of: opening
          + (0..<6).flatMap { index in
            let steps = configuration.stepsPerQuarter
            let velocity = vocabulary.tokens.filter { $0.hasPrefix("Velocity") }[index % 4]
            return ["Position_\(index + 1)"] + (isDrums ? [] : ["Program_\(index)"])
              + [
                isDrums ? "PitchDrum_36" : "Pitch_\(60 + index)", velocity,
                "Duration_0.\(index % 3 + 1).\(steps)",
              ]
          })
      _ = try tokenizer.decode(good)
      for round in 0..<1_700 {
        var ids = round % 3 == 0 ? [] : good
        for _ in 0..<[12, 1, 3][round % 3] {
          let id = Int32.random(in: -1...Int32(vocabulary.count), using: &generator)
          let place = Int.random(in: 0...ids.count, using: &generator)
          switch Int.random(in: 0..<5, using: &generator) {
          case 0 where place < ids.count: ids[place] = id
          case 1 where place < ids.count: ids.remove(at: place)
          case 2...3 where place < ids.count: ids[place] += place % 2 == 0 ? 1 : -1
          default: ids.insert(place > 0 ? ids[place - 1] : id, at: place)
          }
        }
        do throws(TokenizationError) {
          let score = try tokenizer.decode(ids)
          let again = try tokenizer.encode(score)
          let decoded = try tokenizer.decode(again.ids)
          let normalized = try tokenizer.normalized(score).score
          #expect(decoded == normalized, "\(ids)")
          read += 1
        } catch {
          #expect(!error.message.isEmpty)
          refused += 1
        }
      }
    }
    #expect(read > 100 && refused > 2_000 && read + refused == 5_100, "\(read) read, \(refused) refused")
  }
}
