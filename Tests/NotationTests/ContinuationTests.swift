import MIDI
import Music
import Notation
import Testing

@Suite struct ContinuationTests {
  private static func note(_ onset: Int, _ duration: Int, _ pitch: Int = 60) -> Note {
    Note(onset: onset, duration: duration, pitch: pitch, velocity: 80)
  }

  /// Two bars at 12 ticks a quarter of a flute and drums, and a third bar that is new.
  private func composed(
    program: Int? = 73, timeSignatures: [TimeSignatureChange] = [], tempos: [TempoChange] = []
  ) -> Score {
    Score(
      ticksPerQuarter: 12,
      tracks: [
        Track(program: program, notes: [Self.note(0, 90), Self.note(96, 24, 62)]),
        Track(isDrum: true, notes: [Self.note(0, 3, 36), Self.note(108, 3, 38)]),
      ], tempos: tempos, timeSignatures: timeSignatures, length: 144)
  }

  /// A file of two bars at 480 ticks a quarter, whose first track names the piece.
  private func file(
    format: MIDIFile.Format = .simultaneous, edit: (inout MIDITrack) -> Void = { _ in }
  ) -> MIDIFile {
    var conductor = MIDITrack()
    conductor.append(.meta(.text(.trackName, Array("Piece".utf8))), at: 0)
    conductor.append(.meta(.tempo(400_000)), at: 0)
    var flute = MIDITrack()
    flute.append(.meta(.text(.trackName, Array("Solo".utf8))), at: 0)
    flute.append(.programChange(channel: 3, program: 73), at: 0)
    flute.append(.noteOn(channel: 3, key: 60, velocity: 80), at: 0)
    flute.append(.noteOff(channel: 3, key: 60, velocity: 11), at: 3_600)
    edit(&flute)
    flute.end(at: max(flute.length, 3_840))
    var drums = MIDITrack()
    drums.append(.noteOn(channel: 9, key: 36, velocity: 80), at: 0)
    drums.append(.noteOff(channel: 9, key: 36, velocity: 64), at: 120)
    let tracks = [conductor, flute, drums]
    guard format == .singleTrack else { return MIDIFile(tracks: tracks) }
    var whole = conductor
    whole.merge(flute)
    whole.merge(drums)
    return MIDIFile(format: .singleTrack, tracks: [whole])
  }

  /// What a track says after what it said in `original`.
  private func news(_ track: MIDITrack, behind original: MIDITrack) -> [String] {
    #expect(track.events.count >= original.events.count)
    for (old, new) in zip(original.events, track.events) {
      #expect(old.tick == new.tick && original.message(of: old) == track.message(of: new))
    }
    return track.events.dropFirst(original.events.count).map { "\($0.tick) \(track.message(of: $0))" }
  }

  @Test(
    "New music waits for the last notes, by whole bars",
    arguments: [(3_900, 3_840), (5_000, 5_760), (9_000, 9_600)])
  func newMusicWaitsForTheLastNotes(lastNoteEnd: Int, start: Int) throws {
    let original = file { flute in
      flute.append(.noteOn(channel: 3, key: 67, velocity: 80), at: 3_600)
      flute.append(.noteOff(channel: 3, key: 67, velocity: 64), at: lastNoteEnd)
    }
    let joined = try original.continued(by: composed(), from: 96)
    let onsets = joined.tracks[1].events.filter { $0.status & 0xF0 == 0x90 }.map(\.tick)
    #expect(onsets.last == start, "\(onsets)")
  }

  @Test("The new music follows in the tracks that play its programs") func theNewMusicFollows() throws {
    let original = file()
    let joined = try original.continued(by: composed(), from: 96)
    #expect(
      joined.tracks.count == 3 && joined.format == original.format && joined.division == original.division)
    #expect(news(joined.tracks[0], behind: original.tracks[0]).isEmpty)
    #expect(
      news(joined.tracks[1], behind: original.tracks[1]) == [
        "3840 noteOn(channel: 3, key: 62, velocity: 80)", "4800 noteOff(channel: 3, key: 62, velocity: 64)",
      ])
    #expect(
      news(joined.tracks[2], behind: original.tracks[2]) == [
        "4320 noteOn(channel: 9, key: 38, velocity: 80)", "4440 noteOff(channel: 9, key: 38, velocity: 64)",
      ])
    #expect(joined.tracks.map(\.length) == [5_760, 5_760, 5_760])
    let score = try Score(midi: MIDIFile(bytes: joined.encoded()))
    #expect(score.title == "Piece" && score.tracks[0].name == "Solo" && score.bars.count == 3)
  }

  @Test("Parts that share a channel and name no program continue each in its own track", arguments: [0, 1])
  func partsOfOneChannelContinueInTheirTracks(melodyTrack: Int) throws {
    var melody = MIDITrack()
    var chords = MIDITrack()
    for bar in 0..<2 {
      for beat in 0..<4 {
        let tick = 1_920 * bar + 480 * beat
        melody.append(.noteOn(channel: 0, key: 72 + beat, velocity: 80), at: tick)
        melody.append(.noteOff(channel: 0, key: 72 + beat, velocity: 64), at: tick + 400)
      }
      for key in [48, 52, 55] { chords.append(.noteOn(channel: 0, key: key, velocity: 70), at: 1_920 * bar) }
      for key in [48, 52, 55] {
        chords.append(.noteOff(channel: 0, key: key, velocity: 64), at: 1_920 * bar + 1_900)
      }
    }
    let original = MIDIFile(tracks: melodyTrack == 0 ? [melody, chords] : [chords, melody])
    // As a tokenizer gives them: the chords first, whatever the file's order is.
    let old = (0..<2).flatMap { bar in [48, 52, 55].map { Self.note(48 * bar, 48, $0) } }
    let tune = (0..<8).map { Self.note(12 * $0, 12, 72 + $0 % 4) }
    let score = Score(
      ticksPerQuarter: 12,
      tracks: [
        Track(name: "Chords", role: .chords, notes: old + [Self.note(96, 48, 50)]),
        Track(name: "Melody", role: .melody, notes: tune + [Self.note(120, 12, 77)]),
      ], length: 144)
    let joined = try original.continued(by: score, from: 96)
    #expect(joined.tracks.count == 2)
    #expect(
      news(joined.tracks[melodyTrack], behind: original.tracks[melodyTrack]) == [
        "4800 noteOn(channel: 0, key: 77, velocity: 80)", "5280 noteOff(channel: 0, key: 77, velocity: 64)",
      ])
    #expect(
      news(joined.tracks[1 - melodyTrack], behind: original.tracks[1 - melodyTrack]) == [
        "3840 noteOn(channel: 0, key: 50, velocity: 80)", "5760 noteOff(channel: 0, key: 50, velocity: 64)",
      ])
  }

  @Test("Parts that a tokenizer gives one program keep theirs") func partsOfOneProgramKeepTheirs() throws {
    var tracks: [MIDITrack] = []
    for (channel, program) in [(0, 73), (1, 0)] {
      var track = MIDITrack()
      track.append(.programChange(channel: channel, program: program), at: 0)
      for tick in [0, 960, 1_920, 2_880] {
        track.append(.noteOn(channel: channel, key: 72 - 12 * channel, velocity: 80), at: tick)
        track.append(.noteOff(channel: channel, key: 72 - 12 * channel, velocity: 64), at: tick + 960)
      }
      tracks.append(track)
    }
    let score = Score(
      ticksPerQuarter: 12,
      tracks: [72, 60].map { pitch in
        Track(
          program: 0, notes: (0..<4).map { Self.note(24 * $0, 24, pitch) } + [Self.note(96, 24, pitch + 1)])
      }, length: 144)
    let joined = try MIDIFile(tracks: tracks).continued(by: score, from: 96)
    let last = try Score(midi: joined).tracks.map { [$0.program ?? -1, $0.notes.last?.pitch ?? -1] }
    #expect(last == [[73, 73], [0, 61]])
  }

  @Test("A track that has the notes of several parts continues the one that played last")
  func mergedPartsContinueInTheLast() throws {
    var tracks: [MIDITrack] = []
    for channel in 0..<2 {
      var track = MIDITrack()
      for beat in 0..<6 {
        let tick = 480 * (beat + channel)
        track.append(.noteOn(channel: channel, key: 60 + beat, velocity: 80), at: tick)
        track.append(.noteOff(channel: channel, key: 60 + beat, velocity: 64), at: tick + 400)
      }
      tracks.append(track)
    }
    let notes = (0..<2).flatMap { channel in (0..<6).map { Self.note(12 * ($0 + channel), 10, 60 + $0) } }
    let score = Score(
      ticksPerQuarter: 12, tracks: [Track(program: 0, notes: notes + [Self.note(96, 24, 90)])], length: 144)
    let joined = try MIDIFile(tracks: tracks).continued(by: score, from: 96)
    #expect(try Score(midi: joined).tracks.map { $0.notes.last?.pitch } == [65, 90])
  }

  @Test("A file of one track stays one") func aFileOfOneTrackStaysOne() throws {
    let original = file(format: .singleTrack)
    let joined = try original.continued(by: composed(program: 5), from: 96)
    #expect(joined.format == .singleTrack && joined.tracks.count == 1)
    let news = news(joined.tracks[0], behind: original.tracks[0])
    // The tokenizer knew one instrument alone, so that its notes are the flute's.
    #expect(news.contains("3840 noteOn(channel: 3, key: 62, velocity: 80)"))
  }

  @Test("A program that the piece has not got plays in a track of its own") func aNewProgramGetsATrack()
    throws
  {
    var score = composed()
    score.tracks.append(Track(program: 40, notes: [Self.note(100, 10, 70)]))
    let original = file()
    let joined = try original.continued(by: score, from: 96)
    #expect(joined.tracks.count == 4 && joined.tracks[3].name == "Violin")
    let messages = joined.tracks[3].events.map { "\($0.tick) \(joined.tracks[3].message(of: $0))" }
    #expect(messages[1] == "3840 programChange(channel: 0, program: 40)")
    #expect(messages[2] == "4000 noteOn(channel: 0, key: 70, velocity: 80)")
    let single = try file(format: .singleTrack).continued(by: score, from: 96)
    #expect(single.tracks.count == 1)
    #expect(try Score(midi: single).tracks.count == 3)
  }

  @Test("What hangs is released, and what was faded out is heard again") func whatHangsIsReleased() throws {
    let original = file { track in
      track.append(.noteOn(channel: 3, key: 48, velocity: 80), at: 3_700)
      track.append(.controlChange(channel: 3, controller: 64, value: 127), at: 3_700)
      track.append(.controlChange(channel: 3, controller: 7, value: 3), at: 3_750)
      track.append(.controlChange(channel: 3, controller: 11, value: 120), at: 3_750)
      track.append(.pitchBend(channel: 3, value: -400), at: 3_830)
    }
    let joined = try original.continued(by: composed(), from: 96)
    #expect(
      news(joined.tracks[1], behind: original.tracks[1]) == [
        "3840 noteOff(channel: 3, key: 48, velocity: 64)",
        "3840 controlChange(channel: 3, controller: 64, value: 0)",
        "3840 pitchBend(channel: 3, value: 0)",
        "3840 controlChange(channel: 3, controller: 7, value: 100)",
        "3840 noteOn(channel: 3, key: 62, velocity: 80)", "4800 noteOff(channel: 3, key: 62, velocity: 64)",
      ])
    let score = try Score(midi: joined)
    #expect(score.tracks[0].notes.first { $0.pitch == 48 }?.end == 3_840)
    #expect(score.tracks[0].controlChanges.last { $0.controller == 64 }?.value == 0)
    #expect(score.tracks[0].controlChanges.last { $0.controller == 7 }?.value == 100)
    #expect(score.tracks[0].controlChanges.last { $0.controller == 11 }?.value == 120)
    #expect(score.tracks[0].pitchBends.last?.value == 0)
  }

  @Test("Tempos are relative to the one that holds") func temposAreRelative() throws {
    let tempos = [(0, 500_000), (96, 500_000), (108, 1_000_000), (120, 500_000)].map {
      TempoChange(tick: $0.0, microsecondsPerQuarter: $0.1)
    }
    let original = file()
    let joined = try original.continued(by: composed(tempos: tempos), from: 96)
    #expect(
      news(joined.tracks[0], behind: original.tracks[0]) == [
        "4320 meta(MIDI.MIDIMeta.tempo(800000))", "4800 meta(MIDI.MIDIMeta.tempo(400000))",
      ])
  }

  @Test("A time signature is written only where bars differ")
  func aTimeSignatureIsWrittenOnlyWhereBarsDiffer()
    throws
  {
    func said(
      _ stated: TimeSignature?, _ composed: [(Int, TimeSignature)], from tick: Int = 96
    ) throws -> [String] {
      var original = file()
      if let stated {
        var track = MIDITrack()
        track.append(
          .meta(
            .timeSignature(
              numerator: stated.numerator, denominatorPower: stated.denominator.trailingZeroBitCount,
              clocksPerClick: 24, thirtySecondsPerQuarter: 8)), at: 0)
        original.tracks[0].merge(track)
      }
      let score = self.composed(
        timeSignatures: composed.map { TimeSignatureChange(tick: $0.0, timeSignature: $0.1) })
      let all = try Score(midi: original.continued(by: score, from: tick)).timeSignatures
      return all.dropFirst(stated == nil ? 0 : 1).map { "\($0.timeSignature)@\($0.tick)" }
    }
    #expect(try said(nil, []) == [])
    #expect(try said(TimeSignature(1, 4), [(0, .common)]) == [])
    #expect(
      try said(TimeSignature(4, 4), [(0, TimeSignature(3, 4)), (96, TimeSignature(3, 4))]) == ["3/4@3840"])
    #expect(try said(TimeSignature(4, 4), [(0, .common), (108, TimeSignature(2, 4))]) == ["2/4@4320"])
    // The piece was cut short by a tokenizer of other bars: the new ones begin within one of its bars.
    #expect(try said(TimeSignature(4, 4), [(0, .common)], from: 108) == ["4/4@4320"])
  }

  @Test("A score continues in its tracks") func aScoreContinuesInItsTracks() throws {
    let score = Score(
      ticksPerQuarter: 96, tracks: [Track(name: "Tune", notes: [Self.note(0, 700)])], length: 768,
      title: "Reel", pickup: 96)
    let joined = try score.continued(by: composed(program: 0), from: 96)
    #expect(joined.title == "Reel" && joined.pickup == 96 && joined.length == 1_152)
    #expect(joined.tracks[0].name == "Tune" && joined.tracks[0].notes.map(\.onset) == [0, 768])
    #expect(joined.tracks.count == 2 && joined.tracks[1].isDrum)
  }

  @Test("Files that hold nothing or little are continued") func smallFilesAreContinued() throws {
    let empty = try MIDIFile(tracks: []).continued(by: composed(), from: 96)
    #expect(try Score(midi: empty).noteCount == 2)
    let smpte = try MIDIFile(division: .smpte(framesPerSecond: 25, ticksPerFrame: 40), tracks: [MIDITrack()])
      .continued(by: composed(tempos: [TempoChange(tick: 96, microsecondsPerQuarter: 1)]), from: 96)
    #expect(try Score(midi: smpte).tempos.count == 1)
    #expect(throws: ScoreError.self) {
      try MIDIFile(format: .independent, tracks: [MIDITrack(), MIDITrack()]).continued(
        by: composed(), from: 96)
    }
  }
}
