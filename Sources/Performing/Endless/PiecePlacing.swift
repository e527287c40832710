internal import Analysis
internal import Composing
internal import Music

/// Makes a set of pieces that were composed one by one: which key each is moved to, how fast it goes, and who plays it.
struct PiecePlacing {
  private var channels = ChannelAllocation()
  /// The key that was heard last.
  private var key: PieceKey?
  /// By how many semitones the current piece is moved.
  private var shift = 0
  /// The tempo in which pieces of a time signature go, in quarter notes a minute.
  private var tempos: [TimeSignature: Double] = [:]
  /// By how much the tempo of the current piece is multiplied.
  private var tempoRatio = 1.0
  /// The number of the current piece.
  private var piece = 0
  /// Who plays the parts of a role, one after the other.
  private var ensemble: [Player: Int] = [:]
  /// The program of each part of the current piece, by its place.
  private var programs: [Int] = []
  /// How many notes with a pitch there were, in how many bars.
  private var density = (notes: 0, bars: 0)

  private struct Player: Hashable {
    var role: PartRole?
    var ordinal: Int
  }

  /// How many notes with a pitch a bar has, in the music so far.
  var usualDensity: Double { density.bars == 0 ? 8 : Double(density.notes) / Double(density.bars) }

  /// Takes note of the next piece.
  mutating func begin(_ draft: PieceDraft, _ settings: EndlessSettings, number: Int) {
    piece = number
    programs = []
    shift = 0
    tempoRatio = 0
    let isFree =
      settings.limits.key == nil && settings.limits.ranges.isEmpty && settings.limits.firstNotes.isEmpty
    if settings.keepsKey, isFree, draft.isWhole, let before = key, let own = draft.key {
      shift = Self.shift(from: before, to: own)
    }
  }

  /// Takes note that a piece of this key has ended.
  mutating func end(_ own: PieceKey?) {
    guard let own else { return }
    key = PieceKey(tonic: (own.tonic + shift + 120) % 12, isMinor: own.isMinor)
  }

  /// By how many semitones a piece is to be moved so that its key signature has at most one sharp or flat more or less than that of the
  /// piece before: two at most, for one of any three neighboring fifths is that near.
  static func shift(from before: PieceKey, to own: PieceKey) -> Int {
    let relations = (-6...6).map { shift in
      (shift, fifths(from: before, to: PieceKey(tonic: (own.tonic + shift + 12) % 12, isMinor: own.isMinor)))
    }
    let related = relations.filter { $0.1 <= 1 }.map(\.0)
    return related.min { (abs($0), $0) < (abs($1), $1) } ?? 0
  }

  /// How far two keys are apart on the circle of fifths, 0...6.
  private static func fifths(from first: PieceKey, to second: PieceKey) -> Int {
    func place(_ key: PieceKey) -> Int { ((key.isMinor ? key.tonic + 3 : key.tonic) * 7) % 12 }
    let distance = (place(second) - place(first) + 12) % 12
    return min(distance, 12 - distance)
  }

  /// A bar of the current piece as it is heard.
  mutating func placed(_ bar: PerformedBar, _ settings: EndlessSettings) -> PerformedBar {
    var bar = bar
    bar.piece = piece
    density.bars += 1
    density.notes += bar.notes.count { !bar.parts[$0.part].isDrum }
    setTempo(&bar, settings)
    choosePlayers(&bar, settings)
    let shift = shift + settings.transposition
    guard shift != 0 else { return bar }
    for index in bar.notes.indices where !bar.parts[bar.notes[index].part].isDrum {
      var pitch = bar.notes[index].note.pitch + shift
      while pitch > 127 { pitch -= 12 }
      while pitch < 0 { pitch += 12 }
      bar.notes[index].note.pitch = pitch
    }
    return bar
  }

  private mutating func setTempo(_ bar: inout PerformedBar, _ settings: EndlessSettings) {
    if tempoRatio == 0 {
      let own = bar.quartersPerMinute
      let usual = tempos[bar.timeSignature]
      tempoRatio = 1
      if settings.keepsTempo, let usual { tempoRatio = usual / own }
      if usual == nil { tempos[bar.timeSignature] = own }
    }
    var factor = tempoRatio * settings.tempoFactor
    if let asked = settings.composition.tempo {
      factor = asked / bar.quartersPerMinute * settings.tempoFactor
    }
    bar.tempoFactor = settings.tempoFactor
    for index in bar.tempos.indices {
      let length = Double(bar.tempos[index].microsecondsPerQuarter) / factor
      bar.tempos[index].microsecondsPerQuarter = Int(min(max(length.rounded(), 1), 16_777_215))
    }
  }

  /// Gives the parts their programs and channels.
  private mutating func choosePlayers(_ bar: inout PerformedBar, _ settings: EndlessSettings) {
    let pitched = bar.parts.indices.filter { !bar.parts[$0].isDrum }
    if !settings.programs.isEmpty {
      for (place, index) in pitched.enumerated() {
        bar.parts[index].program = settings.programs[place % settings.programs.count]
      }
    } else if settings.keepsEnsemble {
      keepEnsemble(&bar.parts, pitched)
    }
    channels.assign(&bar.parts, piece: piece)
  }

  /// Lets the players of the piece before play, if there is one for each part; otherwise others come.
  private mutating func keepEnsemble(_ parts: inout [PerformedPart], _ pitched: [Int]) {
    var counts: [PartRole?: Int] = [:]
    let players = pitched.map { index in
      defer { counts[parts[index].role, default: 0] += 1 }
      return Player(role: parts[index].role, ordinal: counts[parts[index].role, default: 0])
    }
    if piece > 0, !players.isEmpty, players.allSatisfy({ ensemble[$0] != nil }) {
      for (index, player) in zip(pitched, players) {
        parts[index].program = ensemble[player] ?? parts[index].program
      }
      return
    }
    for (index, player) in zip(pitched, players) { ensemble[player] = parts[index].program }
  }
}
