internal import MIDI
public import Music

/// A syllable that is sung.
public struct Lyric: Sendable, Hashable {
  /// When, in ticks.
  public var tick: Int
  /// The syllable; a blank at its end closes a word.
  public var text: String
  /// Whether it begins a line.
  public var startsLine: Bool
  /// Whether it begins a verse.
  public var startsVerse: Bool

  /// A syllable.
  public init(tick: Int, text: String, startsLine: Bool = false, startsVerse: Bool = false) {
    self.tick = tick
    self.text = text
    self.startsLine = startsLine
    self.startsVerse = startsVerse
  }
}

extension Score {
  /// What is sung, by tick: the lyric events where there are any, else the text events of a karaoke file.
  ///
  /// Lines are marked as RP-017 does in lyrics (a carriage return after a line, a line feed after a verse) and as
  /// Soft Karaoke does in text (`/` before a line, `\` before a verse).
  public var lyrics: [Lyric] {
    let lyrics = texts(of: .lyric)
    if !lyrics.isEmpty { return Self.lyrics(withBreaksBehind: lyrics) }
    // Only the track of the lyrics has lines: texts of other tracks are not sung.
    let sources = ([otherEvents] + tracks.map(\.otherEvents)).map { Self.texts(of: .text, in: $0) }
    let texts = sources.filter { texts in
      texts.contains { $0.text.hasPrefix("\\") || $0.text.hasPrefix("/") }
    }.joined()
    return texts.filter { !Self.isTag($0.text) }.map { tick, text in
      let startsVerse = text.hasPrefix("\\")
      let startsLine = text.hasPrefix("/")
      return Lyric(
        tick: tick, text: String(startsVerse || startsLine ? text.dropFirst() : text[...]),
        startsLine: startsLine || startsVerse, startsVerse: startsVerse)
    }
  }

  /// The tags of a karaoke file: a letter (`T` title and author, `L` language, `I` information, `V` version, `K` kind, `W`
  /// copyright) and its text, in the order of the file.
  public var karaokeTags: [(letter: Character, text: String)] {
    texts(of: .text).filter { Self.isTag($0.text) }.compactMap { _, text in
      text.dropFirst().first.map { ($0, String(text.dropFirst(2))) }
    }
  }

  private static func isTag(_ text: String) -> Bool { text.hasPrefix("@") && text.count >= 2 }

  private func texts(of kind: MIDITextKind) -> [(tick: Int, text: String)] {
    Self.texts(of: kind, in: (otherEvents + tracks.flatMap(\.otherEvents)).stablySorted())
  }

  private static func texts(
    of kind: MIDITextKind, in events: [OpaqueEvent]
  ) -> [(tick: Int, text: String)] {
    events.filter { $0.type == kind.type }.map { ($0.tick, MIDIText.decode($0.payload)) }
  }

  private static func lyrics(withBreaksBehind texts: [(tick: Int, text: String)]) -> [Lyric] {
    var lyrics: [Lyric] = []
    var startsLine = true
    var startsVerse = true
    for (tick, text) in texts {
      let syllable = text.filter { !$0.isNewline }
      if !syllable.isEmpty {
        lyrics.append(
          Lyric(tick: tick, text: syllable, startsLine: startsLine, startsVerse: startsVerse))
        startsLine = false
        startsVerse = false
      }
      let scalars = text.unicodeScalars
      startsVerse = startsVerse || scalars.contains("\n")
      startsLine = startsLine || startsVerse || scalars.contains("\r")
    }
    return lyrics
  }
}
