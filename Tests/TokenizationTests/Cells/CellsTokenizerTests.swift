import Music
import TestSupport
import Testing
import Tokenization

@Suite struct CellsTokenizerTests {
  /// A tune in G of four bars over two chords, written so that nothing of it is at its place in C.
  static let tune: Score = {
    func notes(_ pitches: [[Int]], each duration: Int, from onset: Int, velocity: Int = 90) -> [Note] {
      pitches.enumerated().flatMap { index, chord in
        chord.map {
          Note(onset: onset + index * duration, duration: duration, pitch: $0, velocity: velocity)
        }
      }
    }
    let figure = [[67], [71], [74], [71]]
    let other = [[66], [69], [72], [69]]
    return Score(
      ticksPerQuarter: 480,
      tracks: [
        Track(
          program: 73,
          notes: notes(figure, each: 480, from: 0) + notes(other, each: 480, from: 1920)
            + notes(figure, each: 480, from: 3840) + notes([[67]], each: 1920, from: 5760)),
        Track(
          program: 0,
          notes: notes([[43, 47, 50], [38, 42, 45], [43, 47, 50], [43, 47, 50]], each: 1920, from: 0)),
      ],
      keys: [KeyChange(tick: 0, fifths: 1, isMinor: false)], length: 7680)
  }()

  private func tokens(_ score: Score, _ tokenizer: CellsTokenizer) throws -> [String] {
    try tokenizer.encode(score).ids.map { tokenizer.vocabulary.tokens[Int($0)] }
  }

  @Test("A tune is written as cells") func aTuneIsWrittenAsCells() throws {
    let tokenizer = try CellsTokenizer()
    #expect(
      try tokens(Self.tune, tokenizer) == [
        "BOS_None", "Key_G", "Length_4", "Tempo_120.0", "Part_chords", "Program_0", "Part_melody",
        "Program_73",
        "Bar_None", "TimeSig_4/4",
        "Velocity_95", "Notes_None", "Duration_4.0.12", "Pitch_48", "And_52", "And_55",
        "Velocity_95", "Notes_None", "Duration_1.0.12", "Pitch_72", "Pitch_76", "Pitch_79", "Pitch_76",
        "Bar_None", "Notes_None", "Duration_4.0.12", "Pitch_43", "And_47", "And_50",
        "Rhythm_1", "Pitch_71", "Pitch_74", "Pitch_77", "Pitch_74",
        "Bar_None", "Same_2", "Same_2",
        "Bar_None", "Same_1", "Notes_None", "Duration_4.0.12", "Pitch_72",
        "EOS_None",
      ])
  }

  @Test("Transposing changes the key alone") func transposingChangesTheKeyAlone() throws {
    let tokenizer = try CellsTokenizer()
    let ids = try tokenizer.encode(Self.tune).ids
    for semitones in -11...11 {
      let moved = tokenizer.transpositionTable(semitones: semitones)
      let result = ids.map { moved[Int($0)] }
      // G lies five semitones below C; the offsets go from there to F#, six above.
      guard (0...11).contains(semitones) else {
        #expect(result.contains(-1))
        continue
      }
      var score = Self.tune
      for track in score.tracks.indices {
        for note in score.tracks[track].notes.indices { score.tracks[track].notes[note].pitch += semitones }
      }
      score.keys = [
        KeyChange(tick: 0, fifths: [1, -4, 3, -2, 5, 0, -5, 2, -3, 4, -1, 6][semitones], isMinor: false)
      ]
      #expect(try tokenizer.encode(score).ids == result, "\(semitones)")
    }
  }

  @Test("What transposing could move out of the range is marked") func transposingStaysInTheRange() throws {
    var configuration = CellsConfiguration()
    configuration.pitchRange = 55...79
    let tokenizer = try CellsTokenizer(configuration: configuration)
    for semitones in -7...7 where semitones != 0 {
      let table = tokenizer.transpositionTable(semitones: semitones)
      for (offset, pitch) in (55...79).enumerated() {
        let score = Score(
          ticksPerQuarter: 480,
          tracks: [
            Track(program: 0, notes: [Note(onset: 0, duration: 480, pitch: pitch, velocity: 80)])
          ],
          keys: [KeyChange(tick: 0, fifths: [0, 1, 2, -1][offset % 4], isMinor: false)], length: 480)
        guard let ids = try? tokenizer.encode(score).ids else { continue }
        let moved = ids.map { table[Int($0)] }
        if moved.contains(-1) { continue }
        let result = try tokenizer.decode(moved)
        #expect(result.tracks[0].notes.map(\.pitch) == [pitch + semitones])
        #expect(configuration.pitchRange.contains(pitch + semitones))
      }
      #expect(ids(of: 67, tokenizer).allSatisfy { table[Int($0)] != -1 } || abs(semitones) > 5)
    }
  }

  /// The ids of a pitch in C major.
  private func ids(of pitch: Int, _ tokenizer: CellsTokenizer) -> [Int32] {
    tokenizer.vocabulary.tokens.indices.filter { tokenizer.vocabulary.tokens[$0].hasSuffix("Pitch_\(pitch)") }
      .map(Int32.init)
  }

  @Test("Parts are told apart by their roles although they share a program")
  func partsAreToldApartByTheirRoles() throws {
    let tokenizer = try CellsTokenizer()
    let unison = [Note(onset: 0, duration: 480, pitch: 60, velocity: 80)]
    let score = Score(
      ticksPerQuarter: 480,
      tracks: [
        Track(program: 0, role: .melody, notes: unison), Track(program: 0, role: .chords, notes: unison),
      ])
    let decoded = try tokenizer.decode(tokenizer.encode(score).ids)
    #expect(decoded.tracks.map(\.role) == [.chords, .melody])
    #expect(decoded.tracks.map(\.program) == [0, 0])
    #expect(decoded.tracks.map(\.notes.count) == [1, 1])
  }

  @Test("More parts than a role can have are merged") func morePartsThanARoleCanHaveAreMerged() throws {
    let tokenizer = try CellsTokenizer()
    let tracks = (0..<7).map { index in
      Track(
        program: 10 * index, role: .melody,
        notes: [Note(onset: 480 * index, duration: 480, pitch: 60 + index, velocity: 80)])
    }
    let (score, report) = try tokenizer.normalized(Score(ticksPerQuarter: 480, tracks: tracks))
    #expect(score.tracks.count == 4 && score.noteCount == 7 && report.mergedParts == 3)
  }

  @Test("Tempos change at bar lines") func temposChangeAtBarLines() throws {
    var score = Self.tune
    score.tempos = [
      TempoChange(tick: 0, microsecondsPerQuarter: 600_000),
      TempoChange(tick: 1440, microsecondsPerQuarter: 500_000),
      TempoChange(tick: 4000, microsecondsPerQuarter: 400_000),
    ]
    let (normalized, report) = try CellsTokenizer().normalized(score)
    #expect(normalized.tempos.map(\.tick) == [0, 1920, 3840] && report.movedTempos == 2)
  }

  @Test("The beginning of a piece announces how long it is to be")
  func theBeginningOfAPieceAnnouncesHowLongItIsToBe() throws {
    let tokenizer = try CellsTokenizer()
    let ids = try tokenizer.encode(Self.tune).ids
    func length(_ ids: [Int32]) -> String { tokenizer.vocabulary.tokens[Int(ids[2])] }
    #expect(length(tokenizer.beginning(of: ids, barCount: 12)) == "Length_12")
    #expect(length(tokenizer.beginning(of: ids, barCount: nil)) == "Length_open")
    #expect(length(tokenizer.beginning(of: ids, barCount: 500)) == "Length_open")
    #expect(tokenizer.beginning(of: ids, barCount: 12).count == ids.count - 1)
    let table = try #require(tokenizer.openLengthTable)
    #expect(length(ids.map { table[Int($0)] }) == "Length_open")
  }
}
