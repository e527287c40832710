import MIDI
import Music
import Notation
import TestSupport
import Testing

@Suite("Lyrics")
struct LyricsTests {
  @Test("lyric events, with a line and a verse marked after them")
  func lyricEvents() throws {
    let score = try Score(
      midi: midiFile(
        [
          text(0, .text, "not sung"), text(0, .lyric, "Hel"), text(5, .lyric, "lo\r"), text(9, .lyric, "\n"),
          text(9, .lyric, "you"),
        ]))
    #expect(
      score.lyrics == [
        Lyric(tick: 0, text: "Hel", startsLine: true, startsVerse: true), Lyric(tick: 5, text: "lo"),
        Lyric(tick: 9, text: "you", startsLine: true, startsVerse: true),
      ])
  }

  @Test("a karaoke file's text and tags", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func karaoke() throws {
    let score = try Score.read(
      midiPath: SharedData.path("midi-conformance/midi/test-karaoke-kar.mid")
    ).score
    #expect(score.title == "Karaoke .KAR Test")
    #expect(score.karaokeTags.map(\.letter) == ["T"])
    #expect(score.karaokeTags.map(\.text) == ["Mary Was A Little Lame"])
    let lyrics = score.lyrics
    #expect(lyrics.count == 26)
    #expect(lyrics[0] == Lyric(tick: 0, text: "Ma", startsLine: true, startsVerse: true))
    #expect(lyrics[1].text == "ry ")
    #expect(lyrics.map(\.text).joined().hasPrefix("Mary was a little lame,Little lame,"))
  }

  @Test("a piece with text that is not sung has none")
  func none() throws {
    #expect(try Score(midi: midiFile([text(0, .text, "Allegro")])).lyrics.isEmpty)
  }
}
