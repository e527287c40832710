import Groundwork
import Music
import Testing
import Tokenization

@testable import Composing

/// What cannot be held is refused before anything is composed, in one line that names it.
@Suite struct LimitContradictionTests {
  private func refusal(
    of change: (inout Limits) throws -> Void, bars: Int? = 8, ensemble: Int = 0,
    configuration: (any TokenizerConfiguration)? = nil
  ) throws -> String {
    var limits = Limits()
    try change(&limits)
    let tokenizer =
      try configuration?.makeTokenizer() ?? LimitTests.model(parts: LimitTests.ensembles[ensemble]).tokenizer
    let error = #expect(throws: LimitError.self) { try limits.held(by: tokenizer, bars: bars) }
    let message = error?.message ?? ""
    #expect(!message.isEmpty && !message.contains("\n") && error?.kind == .usage)
    return message
  }

  @Test("A last note outside the key") func aLastNoteOutsideTheKey() throws {
    let message = try refusal {
      $0.key = try Music.Scale("C major")
      $0.lastNote = .pitchClass(6)
    }
    #expect(message == "the key of C major contradicts the last note F#: F# is not in C major")
  }

  @Test("A range in which the key has no notes") func aRangeWithoutNotesOfTheKey() throws {
    let message = try refusal {
      $0.key = try Music.Scale("C major")
      $0.ranges = [.init(Pitch(61)...Pitch(61))]
    }
    #expect(message.hasPrefix("the key of C major contradicts a range of C#4 to C#4"))
  }

  @Test("Four voices from one melody") func fourVoicesFromOneMelody() throws {
    let message = try refusal { $0.voices = 4...4 }
    #expect(
      message
        == "the model cannot hold 4 voices: it plays melody, one note at a time, and no part with chords")
    #expect(throws: Never.self) {
      var limits = Limits()
      limits.voices = 4...4
      _ = try limits.held(by: LimitTests.model(parts: LimitTests.ensembles[1]).tokenizer, bars: 8)
    }
  }

  @Test("Bars and a tempo that last longer than the seconds") func barsAndTempoAgainstSeconds() throws {
    let message = try refusal(
      of: {
        ($0.seconds, $0.tempo) = (60, 120)
        $0.timeSignatures = [.init(.common)]
      }, bars: 16)
    #expect(
      message == "60 seconds contradicts 16 bars and a tempo of 120: 16 bars at that tempo last 32 seconds")
  }

  @Test("Only those are named that have a part in it") func onlyThoseWithAPartInIt() throws {
    let message = try refusal {
      $0.key = try Music.Scale("G major")
      $0.densities = [.init(20...30)]
      $0.noteLengths = NoteLength(1, 4)...NoteLength(1, 2)
      $0.lastNote = .pitchClass(7)
    }
    #expect(message.contains("notes of 1/4 to 1/2") && message.contains("20 to 30 notes a bar"))
    #expect(!message.contains("key") && !message.contains("last"))
  }

  @Test("A rhythm of notes that are too short, and one of more than a bar may have")
  func aRhythmAgainstLengthsAndDensity() throws {
    let short = try refusal {
      $0.rhythm = try RhythmPattern("1/8 1/8 1/4")
      $0.noteLengths = NoteLength(1, 4)...NoteLength(1, 1)
    }
    #expect(short.hasPrefix("notes of 1/4 to 1/1 contradicts the rhythm 1/8 1/8 1/4"))
    let many = try refusal {
      $0.rhythm = try RhythmPattern("1/8 1/8 1/4")
      $0.densities = [.init(0...2, part: .init(.melody))]
    }
    #expect(many.hasPrefix("0 to 2 notes a bar for melody contradicts the rhythm"))
  }

  @Test("Time signatures of another number of bars") func timeSignaturesOfAnotherNumberOfBars() throws {
    let message = try refusal {
      $0.timeSignatures = [.init(TimeSignature(3, 4), bars: 8), .init(.common, bars: 8)]
    }
    #expect(message.hasPrefix("8 bars contradicts a time signature of 3/4 for 8 bars, 4/4 for 8 bars"))
  }

  @Test("Tokens that say notes one by one hold a key and a range, and say what they cannot")
  func otherTokenizers() throws {
    let message = try refusal(of: { $0.voices = 1...2 }, configuration: REMIConfiguration())
    #expect(message.hasPrefix("the model cannot hold 1 to 2 voices: its tokens (remi)"))
    var limits = Limits()
    limits.key = try Music.Scale("D dorian")
    limits.ranges = [.init(Pitch(50)...Pitch(80))]
    limits.timeSignatures = [.init(TimeSignature(3, 4))]
    let model = try ComposerTests.untrainedModel()
    let request = try limits.held(by: model.tokenizer, bars: 3)
    let piece = try Composer(model: model).compose(
      CompositionOptions(seed: 3, bars: request.bars, constraints: request.constraints))
    let pitches = piece.score.tracks.filter { !$0.isDrum }.flatMap(\.notes).map(\.pitch)
    #expect(pitches.allSatisfy { (50...80).contains($0) && [0, 2, 4, 5, 7, 9, 11].contains($0 % 12) })
    #expect(piece.score.bars.allSatisfy { $0.timeSignature == TimeSignature(3, 4) })
  }

  @Test(
    "Chords choose the key where none is asked for",
    arguments: [
      ("Dm7 G7 | Cmaj7", "C major"), ("Am F C G", "A minor"), ("E7 | Am", "A minor"),
      ("D | A | Bm G | A7", "D major"),
    ])
  func chordsChooseTheKey(text: String, key: String) throws {
    let model = try LimitTests.model(0)
    var limits = Limits()
    limits.chords = try ChordProgression(text)
    let request = try limits.held(by: model.tokenizer, bars: 1)
    let piece = try Composer(model: model).compose(
      CompositionOptions(seed: 1, bars: request.bars, constraints: request.constraints))
    #expect(piece.score.keys.first.map { keyName(fifths: $0.fifths, isMinor: $0.isMinor) } == key)
  }

  @Test("Limits hold in what follows a primer") func limitsHoldAfterAPrimer() throws {
    let model = try LimitTests.model(parts: LimitTests.ensembles[0])
    let notes = (0..<16).map { Note(onset: 480 * $0, duration: 480, pitch: 61 + $0 % 3, velocity: 80) }
    let primer = Score(
      ticksPerQuarter: 480, tracks: [Track(program: 73, role: .melody, notes: notes)], length: 16 * 480)
    var limits = Limits()
    limits.key = try Music.Scale("C major")
    limits.timeSignatures = [.init(TimeSignature(3, 4))]
    limits.lastNote = .pitchClass(7)
    limits.firstNotes = [Pitch(72)]
    let request = try limits.held(by: model.tokenizer, bars: 3, primer: primer)
    for seed in UInt64(1)...8 {
      let piece = try Composer(model: model).compose(
        CompositionOptions(
          seed: seed, bars: request.bars, primer: primer, keepsPrimer: true, constraints: request.constraints)
      )
      let bars = Array(piece.score.bars)
      let new = piece.score.tracks[0].notes.filter { $0.onset >= piece.newMusicTick }
      #expect(bars.count == 7 && bars.dropFirst(4).allSatisfy { $0.timeSignature == TimeSignature(3, 4) })
      #expect(new.allSatisfy { [0, 2, 4, 5, 7, 9, 11].contains($0.pitch % 12) })
      #expect(
        new.first?.pitch == 72 && new.last.map { $0.pitch % 12 } == 7 && new.last?.onset == bars[6].start)
    }
  }
}
