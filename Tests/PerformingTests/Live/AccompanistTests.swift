import Music
import Notation
import Synthesis
import TestSupport
import Testing
import Tokenization

@testable import Composing
@testable import Performing

@Suite("An accompaniment")
struct AccompanistTests {
  /// Plays chords of four beats each to an accompanist, and gives the events and the chord after each eighth note.
  private func accompany(
    _ chords: [[Int]], settings: AccompanimentSettings = AccompanimentSettings(), late: Double = 0
  ) -> (events: [BeatEvent], chords: [String?]) {
    var accompanist = Accompanist(settings)
    var events: [BeatEvent] = []
    var heard: [String?] = []
    for eighth in 0..<chords.count * 8 {
      let beat = Double(eighth) / 2
      func change() {
        guard eighth % 8 == 0 else { return }
        if eighth > 0 {
          for pitch in chords[eighth / 8 - 1] {
            accompanist.take(.noteOff(key: pitch), channel: 0, at: beat + late)
          }
        }
        for pitch in chords[eighth / 8] {
          accompanist.take(.noteOn(key: pitch, velocity: 80), channel: 0, at: beat + late)
        }
      }
      if late <= 0 { change() }
      events += accompanist.perform(until: beat)
      if late > 0 { change() }
      heard.append(accompanist.chord?.description)
    }
    return (events, heard)
  }

  private static let cadence = [
    [60, 64, 67], [57, 60, 65], [55, 59, 65, 67], [57, 60, 64], [55, 60, 64],
  ]

  @Test("Chords that are played on the beat are followed at once, late ones within half a beat")
  func chordsAreFollowed() {
    let names = ["C", "F", "G7", "Am", "C"]
    let prompt = accompany(Self.cadence)
    for (bar, name) in names.enumerated() { #expect(prompt.chords[8 * bar] == name) }
    let late = accompany(Self.cadence, late: 0.05)
    for (bar, name) in names.enumerated() { #expect(late.chords[8 * bar + 1] == name) }
  }

  @Test("The bass has the root on the bar line, and every note that begins ends")
  func theBassHasTheRoot() {
    let events = accompany(Self.cadence).events
    for (bar, root) in [0, 5, 7, 9, 0].enumerated() {
      let bass = events.first {
        guard case .noteOn = $0.message else { return false }
        return $0.channel == Accompanist.bassChannel && $0.beat == Double(4 * bar)
      }
      guard case .noteOn(let key, _, _) = bass?.message else {
        Issue.record("no bass in bar \(bar)")
        continue
      }
      #expect(key % 12 == root && (33...50).contains(key))
    }
    #expect(zip(events, events.dropFirst()).allSatisfy { $0.beat <= $1.beat })
    var down: Set<Int> = []
    for event in events {
      switch event.message {
      case .noteOn(let key, _, _): #expect(down.insert(event.channel << 7 | key).inserted)
      case .noteOff(let key, _): #expect(down.remove(event.channel << 7 | key) != nil)
      default: break
      }
    }
  }

  @Test("It leaves the chords to who plays them in full, and plays them to a tune")
  func chordsAreLeftToThePlayer() {
    func chordCount(_ events: [BeatEvent]) -> Int {
      events.count {
        if case .noteOn = $0.message { $0.channel == Accompanist.chordChannel } else { false }
      }
    }
    #expect(chordCount(accompany(Self.cadence).events) == 0)
    #expect(chordCount(accompany([[72], [69], [71], [72]]).events) > 8)
    let bare = accompany([[72], [69]], settings: AccompanimentSettings(parts: [.bass]))
    #expect(Set(bare.events.map(\.channel)) == [Accompanist.bassChannel])
  }

  @Test("It rests when nothing is played for two bars, and what sounds can be ended")
  func itRests() {
    var accompanist = Accompanist()
    accompanist.take(.noteOn(key: 60, velocity: 80), channel: 0, at: 0)
    accompanist.take(.noteOff(key: 60), channel: 0, at: 1)
    let events = accompanist.perform(until: 40)
    let last = events.compactMap { if case .noteOn = $0.message { $0.beat } else { nil } }.max() ?? 0
    #expect((7...8.5).contains(last) && accompanist.isResting)
    accompanist.take(.noteOn(key: 60, velocity: 80), channel: 0, at: 40)
    _ = accompanist.perform(until: 42)
    #expect(!accompanist.silence(at: 42).isEmpty && accompanist.silence(at: 42).isEmpty)
  }

  @Test(
    "Bars of every time signature have a pattern",
    arguments: ["2/4", "3/4", "4/4", "5/4", "6/8", "9/8", "7/8", "12/8", "2/2", "1/16", "3/16"])
  func everyBarHasAPattern(text: String) throws {
    let pattern = AccompanimentPattern(try #require(TimeSignature(text)))
    #expect(pattern.length == pattern.drums.count && pattern.length >= 1)
    #expect(pattern.roots == [0] && pattern.drums[0].contains { $0.key == 36 })
    #expect(pattern.fifths.union(pattern.chords).allSatisfy { (1..<max(2, pattern.length)).contains($0) })
  }

  @Test(
    "What a model expects weighs in; its drums are played where they stand, its bass where the chord is its own"
  )
  func whatAModelExpectsWeighsIn() {
    typealias Step = BarForecast.Step
    func chord(_ pitches: [Int]) -> [Step] { pitches.map { Step(onset: 0, duration: 16, pitch: $0) } }
    let forecast = BarForecast(
      bar: 1, stepsPerQuarter: 4,
      candidates: [
        .init(probability: 0.9, notes: chord([50, 53, 57])),
        .init(probability: 0.1, notes: chord([48, 52, 55])),
      ],
      parts: [
        .bass: [Note(onset: 0, duration: 480, pitch: 38, velocity: 90)],
        .drums: [
          Note(onset: 0, duration: 40, pitch: 36, velocity: 90),
          Note(onset: 120, duration: 40, pitch: 44, velocity: 70),
        ],
      ], ticksPerQuarter: 480)
    func play(_ model: Bool) -> (events: [BeatEvent], chord: String?) {
      var accompanist = Accompanist()
      accompanist.take(.noteOn(key: 69, velocity: 80), channel: 0, at: 0)
      if model { accompanist.expect(ExpectedBar(forecast, length: 8)) }
      var events = accompanist.perform(until: 3.9)
      accompanist.take(.noteOff(key: 69), channel: 0, at: 3.9)
      accompanist.take(.noteOn(key: 69, velocity: 80), channel: 0, at: 4)
      events += accompanist.perform(until: 7.9)
      return (events, accompanist.chord?.description)
    }
    func onsets(_ events: [BeatEvent], _ channel: Int) -> [[Double]] {
      events.compactMap {
        guard case .noteOn(let key, _, _) = $0.message, $0.channel == channel, $0.beat >= 4 else {
          return nil
        }
        return [$0.beat, Double(key)]
      }
    }
    let (own, chord) = play(true)
    #expect(chord == "Dm" && play(false).chord != "Dm")
    #expect(onsets(own, Accompanist.drumChannel) == [[4, 36], [4.25, 44]])
    #expect(onsets(own, Accompanist.bassChannel) == [[4, 38]])
    #expect(zip(own, own.dropFirst()).allSatisfy { $0.beat <= $1.beat })
    // In the bar before, all goes by the rule.
    let before = { (events: [BeatEvent]) in events.filter { $0.beat < 4 } }
    #expect(before(own) == before(play(false).events))
  }

  @Test("The highest line of what is played is written in twelfths, one note after another")
  func theHighestLineIsWritten() {
    var tune = HeardTune()
    // A chord beneath a note, and a note beneath one that is held.
    for (pitch, beat) in [(60, 0.01), (76, 0.02), (64, 0.03), (77, 1.01), (55, 1.5), (79, 1.98), (81, 2.52)] {
      if pitch == 77 { tune.lift(76, at: 0.9) }
      if pitch == 79 { tune.lift(77, at: 1.9) }
      if pitch == 81 { tune.lift(79, at: 2.2) }
      tune.press(pitch, at: beat)
    }
    let line = tune.line(until: 4, period: 0.5)
    #expect(line.map(\.pitch) == [76, 77, 79, 81])
    #expect(line.map(\.onset) == [0, 12, 24, 30])
    #expect(line.map(\.duration) == [12, 12, 2, 18])
    #expect(tune.line(until: 2, period: 0.5).map(\.pitch) == [76, 77])
  }

  @Test("Voices move as little as can be")
  func voicesMoveLittle() {
    var voicing = ChordVoicing()
    voicing.move(to: HeardChord(root: 0, quality: .major))
    for (root, quality) in [(5, HeardChord.Quality.major), (7, .dominantSeventh), (9, .minor), (0, .major)] {
      let before = voicing.pitches
      voicing.move(to: HeardChord(root: root, quality: quality))
      #expect(
        Set(voicing.pitches.map { $0 % 12 }) == Set(HeardChord(root: root, quality: quality).pitchClasses))
      for pitch in voicing.pitches { #expect(before.map { abs($0 - pitch) }.min() ?? 99 <= 4) }
    }
  }

  @Test(
    "Of Nottingham's tunes played with their chords, the root is right within a beat in 99 % of the beats; by the tune alone in more than half",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func rootsOfRealTunesAreFollowed() throws {
    let files = SharedData.files(under: "nottingham/midi", suffix: ".mid")
    for withChords in [true, false] {
      var (right, within, all) = (0, 0, 0)
      for path in files.enumerated().filter({ $0.offset % 50 == 0 }).map(\.element) {
        let counts = try Self.follow(path, withChords: withChords)
        right += counts.right
        within += counts.within
        all += counts.all
      }
      #expect(all > 1000)
      #expect(Double(within) / Double(all) > (withChords ? 0.99 : 0.5), "\(within) of \(all)")
      #expect(Double(right) / Double(all) > (withChords ? 0.85 : 0.38), "\(right) of \(all)")
    }
  }

  /// How often the root is that of the chords' track: on the beat, and within a beat.
  private static func follow(_ path: String, withChords: Bool) throws -> (right: Int, within: Int, all: Int) {
    let score = try ScoreReader.read(path: path).scores[0]
    let tracks = score.tracks.filter { !$0.notes.isEmpty }
    func height(_ track: Track) -> Int { track.notes.reduce(0) { $0 + $1.pitch } / track.notes.count }
    guard tracks.count > 1, let tune = tracks.max(by: { height($0) < height($1) }),
      let chords = tracks.first(where: { $0 != tune })
    else { return (0, 0, 0) }
    let quarter = Double(score.ticksPerQuarter)
    let signature = score.timeSignatures.first?.timeSignature ?? .common
    let bar = 4 * Double(signature.numerator) / Double(signature.denominator)
    var random = RepeatableGenerator(seed: 5)
    var events: [(beat: Double, pitch: Int, isOn: Bool)] = []
    for note in tune.notes + (withChords ? chords.notes : []) {
      let moved = Double(random.number(-20...20)) / 1000
      events.append((Double(note.onset) / quarter + moved, note.pitch, true))
      events.append((Double(note.end) / quarter - 0.03, note.pitch, false))
    }
    events.sort { $0.beat < $1.beat }
    var follower = HarmonyFollower()
    var (next, roots) = (0, [Int?]())
    let end = Double(score.lastNoteEnd) / quarter
    for eighth in 0..<Int(2 * end) {
      let beat = Double(eighth) / 2
      while next < events.count, events[next].beat <= beat {
        let event = events[next]
        if event.isOn {
          follower.press(event.pitch, channel: 0, at: event.beat)
        } else {
          follower.lift(event.pitch, channel: 0, at: event.beat)
        }
        next += 1
      }
      roots.append(
        follower.listen(
          at: beat, positionInBar: beat.truncatingRemainder(dividingBy: bar),
          beatLength: signature.isCompound ? 1.5 : 1)?.root)
    }
    var (right, within, all) = (0, 0, 0)
    for beat in 0..<Int(end) {
      let sounding = chords.notes.filter {
        Double($0.onset) / quarter <= Double(beat) + 0.01 && Double($0.end) / quarter > Double(beat) + 0.05
      }
      guard let root = sounding.map(\.pitch).min().map({ $0 % 12 }) else { continue }
      all += 1
      if roots[2 * beat] == root { right += 1 }
      if roots[2 * beat..<min(roots.count, 2 * beat + 3)].contains(root) { within += 1 }
    }
    return (right, within, all)
  }
}
