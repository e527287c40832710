internal import Arithmetic
internal import Composing
internal import Groundwork
internal import Music
internal import Tokenization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A piece written again and again, each time with one note at another pitch or left out.
struct NoteAlternatives: Sendable {
  /// One way to write it.
  struct Variant: Sendable {
    /// The index of the note that is different.
    var note: Int
    /// Its pitch; nil where it is left out.
    var pitch: Int?
    var tokens: TokenVariant
    /// Where the same music ends in the piece as it is written.
    var end: Int
  }

  /// What comes of the comparison for one note.
  struct Judgment {
    var wrongness: Double?
    var superfluity: Double?
    var expected: NoteSurprise.ExpectedPitch?
  }

  private let piece: SpelledPiece
  private let tokenizer: any Tokenizer
  private let options: SurpriseOptions
  private(set) var variants: [Variant] = []

  init(_ piece: SpelledPiece, _ tokenizer: any Tokenizer, _ options: SurpriseOptions) {
    self.piece = piece
    self.tokenizer = tokenizer
    self.options = options
  }

  /// Writes all variants.
  mutating func write(
    threadCount: Int, cancellation: Cancellation?, progress: ProgressHandler?
  ) throws(ComposingError) {
    let byTrack = piece.score.tracks.map(PitchesByTime.init)
    let (piece, writer) = (piece, self)
    let written: [[Variant]]? = Arithmetic.parallelMap(
      Array(piece.notes.indices), activity: "trying other notes", unit: "notes", threadCount: threadCount,
      cancellation: cancellation, progress: progress
    ) { index in
      let span = piece.notes[index]
      let bar = piece.bar(of: span.decoded.note.onset)
      var pitches: [Int?] = piece.notes.count > 1 ? [nil] : []
      if !span.decoded.isDrum {
        pitches += byTrack[span.place.track].candidates(for: span.decoded.note, in: piece.score)
          .map(Optional.some)
      }
      return pitches.compactMap { writer.variant($0, note: index, bar: bar) }
    }
    guard let written else { throw .interrupted }
    variants = written.flatMap(\.self)
  }

  /// The piece with a note at another pitch, or without it.
  private func variant(_ pitch: Int?, note index: Int, bar: Int) -> Variant? {
    let place = piece.notes[index].place
    var score = piece.score
    if let pitch {
      score.tracks[place.track].notes[place.index].pitch = pitch
      score.tracks[place.track].notes.sort()
    } else {
      score.tracks[place.track].notes.remove(at: place.index)
    }
    // A change that the tokens cannot express is none that the model could prefer.
    guard let ids = try? tokenizer.encode(score).ids else { return nil }
    guard let first = zip(ids, piece.ids).enumerated().first(where: { $1.0 != $1.1 })?.offset else {
      return nil
    }
    let next = bar + 1 + options.followingBars
    let end = max(piece.beginning(ofBar: next), first + 1)
    let ownEnd = max(piece.beginning(ofBar: next, in: ids, first: first), first + 1)
    return Variant(
      note: index, pitch: pitch,
      tokens: TokenVariant(
        first: first, ids: Array(ids[first..<min(ownEnd, ids.count)]), group: pitch == nil ? nil : index),
      end: min(end, piece.ids.count))
  }

  /// What the model says of each note.
  func judgments(_ read: TokenDistributions) -> [Judgment] {
    var sums = [0.0]
    for surprisal in read.surprisals { sums.append(sums[sums.count - 1] + surprisal) }
    var gains = [[(pitch: Int, gain: Double)]](repeating: [], count: piece.notes.count)
    var judgments = [Judgment](repeating: Judgment(), count: piece.notes.count)
    for (variant, other) in zip(variants, read.variants) {
      guard let other else { continue }
      let gain = sums[variant.end] - sums[variant.tokens.first] - other
      if let pitch = variant.pitch {
        gains[variant.note].append((pitch, gain))
      } else {
        judgments[variant.note].superfluity = gain
      }
    }
    for index in judgments.indices {
      guard let best = gains[index].max(by: { $0.gain < $1.gain }) else { continue }
      let sum = gains[index].reduce(0) { $0 + exp($1.gain - best.gain) }
      judgments[index].wrongness = best.gain + log(sum)
      judgments[index].expected = NoteSurprise.ExpectedPitch(
        pitch: best.pitch, probability: 1 / (sum + exp(-best.gain)))
    }
    return judgments
  }
}

/// The pitches of a track by time, for what else a note could have been.
private struct PitchesByTime: Sendable {
  private let notes: [Note]

  init(_ track: Track) { notes = track.notes }

  /// How many semitones around a note are tried.
  private static let reach = 6

  /// The pitches that are tried in a note's place: those next to it, its octaves, and those that sound within four quarter notes before
  /// and after it, without those that begin with it.
  func candidates(for note: Note, in score: Score) -> [Int] {
    var pitches = Set(note.pitch - Self.reach...note.pitch + Self.reach)
    pitches.formUnion([note.pitch - 12, note.pitch + 12])
    let reach = 4 * score.ticksPerQuarter
    var index = notes.partitioningIndex { $0.onset >= note.onset - reach }
    var taken: Set<Int> = [note.pitch]
    while index < notes.count, notes[index].onset <= note.onset + reach {
      pitches.insert(notes[index].pitch)
      if notes[index].onset == note.onset { taken.insert(notes[index].pitch) }
      index += 1
    }
    return pitches.filter { Pitch.keys.contains($0) && !taken.contains($0) }.sorted()
  }
}
