internal import Arithmetic
internal import Composing
internal import Corpora
internal import Foundation
internal import Music
internal import Performing
internal import Tokenization

/// How often the root of the chord is right that an accompaniment of a bare tune is on, by the rule alone and with what a model expects.
///
///     benchmarks harmony MODEL [PIECES] [sweep]
///
/// The tunes are the held-out pieces of the corpus in the model's folder that have a melody and chords, played with onsets that are up to
/// a fiftieth of a beat early or late. Of each beat it is counted whether the root is that of the piece's chord on the beat (`onBeat`), and
/// within a beat from it (`within`). The first half of the pieces is what weights are chosen on, with `sweep`.
func measureHarmony(_ arguments: [String]) throws {
  guard let path = arguments.first else { return printUsage("benchmarks harmony MODEL [PIECES] [sweep]") }
  let model = try MusicModel(path: path), corpus = try Corpus(path: path + "/corpus")
  let composer = try Composer(model: model)
  let held = corpus.pieces(in: .test).isEmpty ? corpus.pieces(in: .valid) : corpus.pieces(in: .test)
  var pieces: [PlayedTune] = []
  for index in held.prefix(arguments.dropFirst().compactMap(Int.init).first ?? .max) {
    let score = try model.tokenizer.decode(Array(corpus.ids(ofPiece: index)))
    if let piece = PlayedTune(score, seed: UInt64(index)) { pieces.append(piece) }
  }
  let clock = ContinuousClock()
  var (bars, longest) = (0, Duration.zero)
  let time = clock.measure {
    for index in pieces.indices {
      guard
        let forecaster = BarForecaster(
          composer: composer, roles: [.chords], timeSignature: pieces[index].signature,
          quartersPerMinute: 120, seed: 1)
      else { continue }
      longest = max(longest, pieces[index].expect(forecaster))
      bars += pieces[index].expected.count
    }
  }
  let half = pieces.count / 2
  if arguments.contains("sweep") {
    for expectation in [1.0, 3, 6] {
      for stranger in [1.0, 2, 3, 4, 6] {
        var weights = HarmonyFollower.Weights()
        weights.expectation = expectation
        weights.stranger = stranger
        let share = PlayedTune.shares(pieces[..<half], weights, withModel: true)
        print(expectation, stranger, share.onBeat, share.within)
      }
    }
  }
  for (name, part) in [("first half", pieces[..<half]), ("second half", pieces[half...])] {
    for withModel in [false, true] {
      let share = PlayedTune.shares(part, HarmonyFollower.Weights(), withModel: withModel)
      printJSON([
        "measurement": "harmony", "pieces": name, "by": withModel ? "rule and model" : "rule",
        "onBeat": share.onBeat, "within": share.within, "beats": share.beats,
      ])
    }
  }
  printJSON([
    "measurement": "harmony", "pieces": pieces.count, "bars": bars,
    "millisecondsPerBar": 1000 * (time / .seconds(1)) / Double(max(1, bars)),
    "longestMilliseconds": 1000 * (longest / .seconds(1)),
  ])
}

private func printJSON(_ fields: [String: Any]) {
  guard let data = try? JSONSerialization.data(withJSONObject: fields, options: .sortedKeys) else { return }
  print(String(decoding: data, as: UTF8.self))
}

/// A tune as it is played, and the root of the chord on each beat.
private struct PlayedTune {
  var events: [(beat: Double, pitch: Int, isOn: Bool)] = []
  var roots: [Int?] = []
  var signature = TimeSignature.common
  /// What a model expects, by bar.
  var expected: [Int: ExpectedBar] = [:]

  init?(_ score: Score, seed: UInt64) {
    guard let tune = score.tracks.first(where: { $0.role == .melody }),
      let chords = score.tracks.first(where: { $0.role == .chords }),
      Set(score.timeSignatures.map(\.timeSignature)).count < 2
    else { return nil }
    signature = score.timeSignatures.first?.timeSignature ?? .common
    let quarter = Double(score.ticksPerQuarter)
    var random = RandomStream(seed: seed, name: "playing")
    for note in tune.notes {
      let moved = (random.uniformDouble() - 0.5) / 25
      events.append((Double(note.onset) / quarter + moved, note.pitch, true))
      events.append((Double(note.end) / quarter - 0.03, note.pitch, false))
    }
    events.sort { $0.beat < $1.beat }
    for beat in 0..<Int(Double(score.lastNoteEnd) / quarter) {
      let sounding = chords.notes.filter {
        Double($0.onset) / quarter <= Double(beat) + 0.01 && Double($0.end) / quarter > Double(beat) + 0.05
      }
      roots.append(sounding.map(\.pitch).min().map { $0 % 12 })
    }
  }

  private var quartersPerBar: Double { 4 * Double(signature.numerator) / Double(signature.denominator) }

  /// Asks of each bar when it is asked in a performance.
  /// - Returns: How long the longest answer took.
  mutating func expect(_ forecaster: BarForecaster) -> Duration {
    var tune = HeardTune()
    var next = 0
    var longest = Duration.zero
    for bar in 1...max(1, Int(Double(roots.count) / quartersPerBar)) {
      let end = Double(bar) * quartersPerBar
      while next < events.count, events[next].beat <= end - 0.25 {
        if events[next].isOn {
          tune.press(events[next].pitch, at: events[next].beat)
        } else {
          tune.lift(events[next].pitch, at: events[next].beat)
        }
        next += 1
      }
      let line = tune.line(until: end, period: 0.5)
      guard !line.isEmpty else { continue }
      var forecast: BarForecast?
      longest = max(
        longest, ContinuousClock().measure { forecast = forecaster.forecast(bar: bar, tune: line) })
      expected[bar] = forecast.map { ExpectedBar($0, length: Int(2 * quartersPerBar)) }
    }
    return longest
  }

  /// How often the root is right.
  private func count(
    _ weights: HarmonyFollower.Weights, withModel: Bool
  ) -> (onBeat: Int, within: Int, beats: Int) {
    var follower = HarmonyFollower()
    follower.weights = weights
    var next = 0
    var heard: [Int?] = []
    for eighth in 0..<2 * roots.count {
      let beat = Double(eighth) / 2
      while next < events.count, events[next].beat <= beat {
        if events[next].isOn {
          follower.press(events[next].pitch, channel: 0, at: events[next].beat)
        } else {
          follower.lift(events[next].pitch, channel: 0, at: events[next].beat)
        }
        next += 1
      }
      let place = Int(2 * beat.truncatingRemainder(dividingBy: quartersPerBar))
      follower.expect(
        withModel ? expected[Int(beat / quartersPerBar)] : nil, at: place, of: beat - Double(place) / 2)
      heard.append(
        follower.listen(
          at: beat, positionInBar: Double(place) / 2, beatLength: signature.isCompound ? 1.5 : 1)?.root)
    }
    var counts = (onBeat: 0, within: 0, beats: 0)
    for (beat, root) in roots.enumerated() {
      guard let root else { continue }
      counts.beats += 1
      if heard[2 * beat] == root { counts.onBeat += 1 }
      if heard[2 * beat..<min(heard.count, 2 * beat + 3)].contains(root) { counts.within += 1 }
    }
    return counts
  }

  static func shares(
    _ pieces: ArraySlice<PlayedTune>, _ weights: HarmonyFollower.Weights, withModel: Bool
  ) -> (onBeat: Double, within: Double, beats: Int) {
    var sum = (onBeat: 0, within: 0, beats: 0)
    for piece in pieces {
      let counts = piece.count(weights, withModel: withModel)
      sum = (sum.onBeat + counts.onBeat, sum.within + counts.within, sum.beats + counts.beats)
    }
    let beats = Double(max(1, sum.beats))
    return (Double(sum.onBeat) / beats, Double(sum.within) / beats, sum.beats)
  }
}
