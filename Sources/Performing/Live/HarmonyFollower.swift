internal import Music

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Hears which chord a player is on, from moment to moment.
///
/// It is a rule, which may be told what a model expects (`expect(_:at:of:)`): what sounded in the last beat weighs the more the later it
/// sounded, and a chord gets the weights of its notes, less those of the others. What belongs to the key is preferred, the key being
/// that of all that was played, with what is long ago fading (`KeyEstimate`); a chord that is on is kept until another is clearly
/// better, which at a bar line is sooner than within a bar; under a tune alone it changes on beats only. The same notes at the same
/// beats give the same chords.
public struct HarmonyFollower: Sendable {
  /// A note in beats.
  private struct HeldNote: Hashable {
    var channel: Int
    var pitch: Int
    var onset: Double
    var end: Double
  }

  /// The chord that is on; nil before anything was played.
  public private(set) var chord: HeardChord?
  private var notes: [HeldNote] = []
  private var keyWeights = [Double](repeating: 0, count: 12)
  private var lastBeat = 0.0
  /// The chords that are expected at the next moments, with their probabilities, by whoever knows more than the rule.
  private var expected: [HeardChord: Double] = [:]

  /// What each trait of a chord is worth, beside shares of notes that add up to 1: found by random search on 70 tunes of the
  /// Nottingham collection, with and without their chords, of which others were set aside.
  package struct Weights: Sendable {
    package var root = 1.0
    package var third = 0.95
    package var fifth = 0.93
    package var seventh = 0.6
    package var outside = -5.0
    package var missingThird = -0.07
    package var bass = 0.18
    package var inKey = 0.18
    package var primary = 0.21
    package var keepsOnBar = 0.0
    package var keepsOnBeat = 0.18
    package var keepsWithin = 0.21
    package var seventhCost = -0.37
    package var diminishedCost = -0.63
    /// What a chord gains for each nat by which it is expected more than one that nobody expects: so much that the rest decides among what
    /// is about as probable.
    package var expectation = 6.0
    /// How many nats a way in which a bar may go loses for a note that is not of its chord; how probable what nobody expects is taken to
    /// be, and how much of the probability of a root goes to its other chords.
    package var stranger = 6.0
    package var leastExpected = 0.02
    package var shareOfRoot = 0.3
    /// What has just begun counts for so many quarter notes, and what is still held.
    package var begun = 2.0
    package var held = 2.15

    package init() {}
  }

  package var weights = Weights()

  /// Nothing heard yet.
  public init() {}

  /// How far back notes count, in quarter notes, and how fast they fade.
  private static let memory = 2.0
  private static let longestBar = 8.0
  private static let fading = 0.6

  /// A key goes down.
  public mutating func press(_ pitch: Int, channel: Int, at beat: Double) {
    lift(pitch, channel: channel, at: beat)
    if notes.count >= 256 { notes.removeFirst(64) }
    notes.append(HeldNote(channel: channel, pitch: pitch, onset: beat, end: .infinity))
  }

  /// A key goes up.
  public mutating func lift(_ pitch: Int, channel: Int, at beat: Double) {
    for index in notes.indices
    where notes[index].end == .infinity && notes[index].pitch == pitch && notes[index].channel == channel {
      notes[index].end = max(beat, notes[index].onset)
    }
  }

  /// How many pitch classes sound at a beat.
  public func pitchClassCount(at beat: Double) -> Int {
    Set(notes.filter { $0.onset <= beat + 0.1 && $0.end > beat }.map { $0.pitch % 12 }).count
  }

  /// Takes what a model expects at the next moment, by what has begun in the bar so far.
  /// - Parameters:
  ///   - bar: What it expects in the bar; nil for nothing.
  ///   - place: The eighth note of the bar.
  ///   - start: Where the bar begins, in quarter notes.
  package mutating func expect(_ bar: ExpectedBar?, at place: Int, of start: Double) {
    let heard = notes.filter { $0.onset > start - 0.1 && $0.onset < start + Double(place) / 2 + 0.12 }.map {
      (beat: $0.onset - start, pitch: $0.pitch)
    }
    expected = bar?.chords(at: place, hearing: heard, weight: weights.stranger) ?? [:]
  }

  /// Hears the chord at a moment.
  /// - Parameters:
  ///   - beat: The moment, in quarter notes; not before the last one.
  ///   - positionInBar: Quarter notes since the bar line.
  ///   - beatLength: Quarter notes in a beat of the time signature.
  /// - Returns: the chord that is on from then on; nil if nothing was played yet.
  @discardableResult
  public mutating func listen(at beat: Double, positionInBar: Double, beatLength: Double = 1) -> HeardChord? {
    learnKey(until: beat)
    let (shares, bass) = shares(at: beat)
    // A bar's notes are asked for until it is over.
    notes.removeAll { $0.end < beat - Self.memory && $0.onset < beat - Self.longestBar }
    guard shares.contains(where: { $0 > 0 }) else { return chord }
    let key = key
    let isOnBeat = (positionInBar / beatLength).truncatingRemainder(dividingBy: 1) == 0
    // The notes of a tune within a beat are mostly passing; who plays chords may change them anywhere.
    if chord != nil, !isOnBeat, pitchClassCount(at: beat) < 3 { return chord }
    let keeping =
      positionInBar == 0 ? weights.keepsOnBar : isOnBeat ? weights.keepsOnBeat : weights.keepsWithin
    // Who plays chords in full is not told which.
    let expected = pitchClassCount(at: beat) < 3 ? expected : [:]
    var roots = [Double](repeating: 0, count: 12)
    for (chord, probability) in expected { roots[chord.root] += probability }
    var best: (chord: HeardChord, score: Double)?
    for candidate in HeardChord.all {
      var score = fit(candidate, shares, bass: bass) + preference(candidate, in: key)
      if candidate == chord { score += keeping }
      if !expected.isEmpty {
        let own = expected[candidate] ?? 0
        let probability = own + weights.shareOfRoot * (roots[candidate.root] - own)
        score += weights.expectation * log((probability + weights.leastExpected) / weights.leastExpected)
      }
      if score > (best?.score ?? -.infinity) + 1e-9 { best = (candidate, score) }
    }
    chord = best?.chord ?? chord
    return chord
  }

  /// The share of each pitch class in what was just played, and the pitch class of the lowest note where it is low or carries a chord.
  private func shares(at beat: Double) -> (shares: [Double], bass: Int?) {
    var shares = [Double](repeating: 0, count: 12)
    var lowest: (pitch: Int, weight: Double) = (.max, 0)
    var sounding = 0
    for note in notes where note.onset <= beat + 0.12 {
      var weight = 0.0
      let (start, end) = (max(note.onset, beat - Self.memory), min(note.end, beat))
      if end > start {
        weight += Self.fading * (exp((end - beat) / Self.fading) - exp((start - beat) / Self.fading))
      }
      // What has just begun is what the moment is about.
      if note.end > beat { weight += note.onset > beat - 0.2 ? weights.begun : weights.held }
      guard weight > 0 else { continue }
      shares[note.pitch % 12] += weight
      if note.end > beat { sounding += 1 }
      if note.end > beat - 0.25, note.pitch < lowest.pitch { lowest = (note.pitch, weight) }
    }
    let sum = shares.reduce(0, +)
    if sum > 0 { shares = shares.map { $0 / sum } }
    let isBass = lowest.pitch < 128 && (lowest.pitch < 55 || sounding >= 3)
    return (shares, isBass ? lowest.pitch % 12 : nil)
  }

  private func fit(_ chord: HeardChord, _ shares: [Double], bass: Int?) -> Double {
    let worth = [weights.root, weights.third, weights.fifth, weights.seventh]
    var (score, inside) = (0.0, 0.0)
    for (place, pitchClass) in chord.pitchClasses.enumerated() {
      score += worth[place] * shares[pitchClass]
      inside += shares[pitchClass]
    }
    score += weights.outside * (1 - inside)
    if shares[chord.pitchClasses[1]] == 0 { score += weights.missingThird }
    if bass == chord.root { score += weights.bass }
    switch chord.quality {
    case .dominantSeventh: score += weights.seventhCost
    case .diminished: score += weights.diminishedCost
    case .major, .minor: break
    }
    return score
  }

  private func preference(_ chord: HeardChord, in key: KeyEstimate?) -> Double {
    guard let key else { return 0 }
    let scale = key.isMinor ? [0, 2, 3, 5, 7, 8, 10, 11] : [0, 2, 4, 5, 7, 9, 11]
    let degree = (chord.root - key.tonic + 12) % 12
    let belongs = chord.pitchClasses.allSatisfy { scale.contains(($0 - key.tonic + 12) % 12) }
    let isPrimary = [0, 5, 7].contains(degree) && belongs
    return (belongs ? weights.inKey : -weights.inKey) + (isPrimary ? weights.primary : 0)
  }

  // MARK: Key

  /// What was played fades by half in sixteen quarter notes.
  private static let keyMemory = 16.0

  private mutating func learnKey(until beat: Double) {
    guard beat > lastBeat else { return }
    let kept = exp2(-(beat - lastBeat) / Self.keyMemory)
    for index in keyWeights.indices { keyWeights[index] *= kept }
    for note in notes {
      let time = min(note.end, beat) - max(note.onset, lastBeat)
      if time > 0 { keyWeights[note.pitch % 12] += time }
    }
    lastBeat = beat
  }

  /// The key of what was played; nil before two quarter notes.
  var key: KeyEstimate? {
    keyWeights.reduce(0, +) >= 2 ? KeyEstimate(pitchClassWeights: keyWeights) : nil
  }

  /// Forgets what was played; the key stays.
  public mutating func forgetNotes() {
    notes.removeAll()
    chord = nil
  }
}
