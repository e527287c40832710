internal import Music
internal import Tokenization

/// Keeps new basses where basses are: in the register of the collection's, and never above what else sounds.
///
/// A network that has read basses writes them low by itself, with exceptions. One whose collection has none writes a second tune where it
/// is asked for a bass, as high as the first. So there a rule says what the bass has to do with the chords, and the network chooses within it:
/// one note at a time, on beats, of the chord that sounds; its lowest note where it begins.
struct BassRegister: TokenConstraint {
  /// What is asked of the basses that are new.
  struct Rule: Sendable {
    /// The pitches that basses have.
    var range: ClosedRange<Int>
    /// Whether the network has read basses.
    var isLearned: Bool
    /// Where nobody has written any: from the lowest note of a double bass to the middle of its neck.
    static let usualRange = 28...55
  }

  /// A note that is known or written, in steps from the beginning.
  private struct Heard: Sendable {
    var start: Int
    var end: Int
    var pitch: Int
    var role: PartRole
  }

  private final class Fixed: Sendable {
    let rule: Rule
    /// For each part whether it is a new bass.
    let isBass: [Bool]
    /// For each part whether it is a new bass, or what the new basses lie below.
    let matters: [Bool]
    let roles: [PartRole]
    let kinds: [CellsView.Kind]
    /// The known notes of each bar.
    let known: [[Heard]]

    init(rule: Rule, isBass: [Bool], roles: [PartRole], kinds: [CellsView.Kind], known: [[Heard]]) {
      self.rule = rule
      self.isBass = isBass
      self.roles = roles
      self.kinds = kinds
      self.known = known
      matters = roles.indices.map { isBass[$0] || (roles[$0] != .drums && roles[$0] != .bass) }
    }
  }

  private let fixed: Fixed
  private var view: CellsView
  /// What is played in the bars that are complete, known or written.
  private var written: [[Heard]] = []

  /// - Parameters:
  ///   - rule: What is asked of them.
  ///   - ids: The ids of the piece, of which what is hidden is not looked at.
  ///   - mask: What is hidden.
  ///   - tokenizer: What the ids mean.
  /// - Returns: Nil where no bass is new.
  init?(_ rule: Rule, ids: [Int32], mask: CellMask, tokenizer: CellsTokenizer) {
    guard let start = CellsView(tokenizer) else { return nil }
    let roles = tokenizer.parts(ofPiece: ids).map(\.role)
    let isBass = roles.indices.map { part in
      roles[part] == .bass && (0..<mask.barCount).allSatisfy { mask[$0, part] }
    }
    guard isBass.contains(true) else { return nil }
    let kinds = start.kinds()
    var view = start
    var known: [[Heard]] = []
    for id in ids {
      let kind = kinds[Int(id)]
      if kind == .bar || kind == .end, view.barCount > 0 {
        let bar = view.barCount - 1
        known.append(
          Self.notes(in: view, roles) { part in
            !mask[bar, part] && roles[part] != .drums && roles[part] != .bass
          })
      }
      view.advance(id)
    }
    self.view = start
    fixed = Fixed(rule: rule, isBass: isBass, roles: roles, kinds: kinds, known: known)
  }

  private static func notes(
    in view: CellsView, _ roles: [PartRole], of parts: (Int) -> Bool
  ) -> [Heard] {
    // The cell that an id ends is complete only once the id is taken.
    let open = view.situation == .note ? view.part : -1
    return roles.indices.filter(parts).flatMap { part in
      (part == open ? view.cellNotes() : view.notes(ofPart: part, barsBack: 0)).map { note in
        Heard(
          start: view.barStart + note.onset, end: view.barStart + note.onset + note.duration,
          pitch: note.pitch, role: roles[part])
      }
    }
  }

  /// Whether it asks for notes that the network would never write.
  var asksForImprobable: Bool { !fixed.rule.isLearned }

  var summary: String { "a bass below the other parts" }
  func leastToFinish() -> Int? { 0 }
  func leastToFinish(after id: Int32) -> Int? { 0 }

  mutating func advance(_ id: Int32) {
    if fixed.kinds[Int(id)] == .bar, view.barCount > 0 {
      let matters = fixed.matters
      written.append(Self.notes(in: view, fixed.roles) { matters[$0] })
    }
    view.advance(id)
  }

  // MARK: What may come

  func narrow(_ mask: inout [Bool]) {
    let isOpen = view.situation == .note
    if isOpen { narrowNotes(of: view.part, &mask) }
    let part = isOpen ? view.part + 1 : view.part
    switch view.situation {
    case .barLine, .betweenCells, .note: narrowReferences(of: part, &mask)
    case .rhythm:
      let source = view.rhythmSource()
      guard view.cellCount < source.count else { return }
      let note = source[view.cellCount]
      keep(pitches(of: part, from: note.onset, lasting: note.duration), &mask)
    case .notes, .position, .value: narrowNotes(of: part, &mask)
    default: break
    }
  }

  private func isBass(_ part: Int) -> Bool { fixed.isBass.indices.contains(part) && fixed.isBass[part] }
  private func matters(_ part: Int) -> Bool { fixed.matters.indices.contains(part) && fixed.matters[part] }

  /// Masks out ids, unless they are all that there are.
  private func forbid(_ ids: some Sequence<Int32>, _ mask: inout [Bool]) {
    let all = mask
    for id in ids { mask[Int(id)] = false }
    if !mask.contains(true) { mask = all }
  }

  /// Leaves those pitches alone.
  private func keep(_ pitches: PitchSet, _ mask: inout [Bool]) {
    let ids = view.pitchIDs(isDrum: false)
    let offset = ids.lowest + view.offset
    func isOut(_ range: Range<Int32>) -> [Int32] {
      range.filter { id in
        let pitch = Int(id - range.lowerBound) + offset
        return !(0...127).contains(pitch) || !pitches.contains(pitch)
      }
    }
    forbid(isOut(ids.first) + isOut(ids.joining), &mask)
  }

  private func narrowNotes(of part: Int, _ mask: inout [Bool]) {
    guard matters(part) else { return }
    let ids = view.pitchIDs(isDrum: false)
    let onset = view.statedOnset >= 0 ? view.statedOnset : view.cursor
    if isBass(part), !fixed.rule.isLearned {
      let beat = beat
      forbid(ids.joining, &mask)
      forbid(
        view.positionIDs.filter { view.value(of: $0) % beat != 0 || view.value(of: $0) < view.cursor }, &mask)
      forbid(
        view.durationIDs.filter {
          let end = onset + view.value(of: $0)
          return end > view.barLength || (end % beat != 0 && end != view.barLength)
        }, &mask)
      if view.duration > 0, onset % beat != 0 || onset + view.duration > view.barLength {
        forbid(ids.first, &mask)
      }
    }
    guard view.duration > 0 else { return }
    keep(pitches(of: part, from: onset, lasting: view.duration), &mask)
  }

  private var beat: Int {
    let signature = view.timeSignatures[view.timeSignature]
    return max(1, view.barLength / max(1, signature.beatCount))
  }

  private func narrowReferences(of part: Int, _ mask: inout [Bool]) {
    guard matters(part) else { return }
    forbid(
      view.sameIDs.filter { id in
        guard mask[Int(id)] else { return false }
        return !view.notes(ofPart: part, barsBack: view.value(of: id)).allSatisfy {
          (0...127).contains($0.pitch)
            && pitches(of: part, from: $0.onset, lasting: $0.duration).contains($0.pitch)
        }
      }, &mask)
  }

  // MARK: Where a note may be

  /// What is played while a note of the bar lasts.
  private func heard(from onset: Int, lasting duration: Int) -> [Heard] {
    let bar = view.barCount - 1
    guard bar >= 0 else { return [] }
    let (start, end) = (view.barStart + onset, view.barStart + onset + max(1, duration))
    let matters = fixed.matters
    var heard = Self.notes(in: view, fixed.roles) { matters[$0] }
    for earlier in max(0, bar - Self.barsBack)..<bar where earlier < written.count {
      heard += written[earlier]
    }
    for number in bar...bar + 1 where fixed.known.indices.contains(number) { heard += fixed.known[number] }
    return heard.filter { $0.start < end && $0.end > start }
  }

  /// How many bars back a note may have begun that still sounds.
  private static let barsBack = 4

  /// The pitches for a note: for one of a bass of what its register, the other parts and, where the network knows no better, the chord
  /// leave; if that is nothing, the lowest of the register. Other new parts do not go below a bass.
  private func pitches(of part: Int, from onset: Int, lasting duration: Int) -> PitchSet {
    let heard = heard(from: onset, lasting: duration)
    guard isBass(part) else {
      let floor = heard.lazy.filter { $0.role == .bass }.map(\.pitch).max() ?? 0
      return PitchSet(min(127, max(0, floor))...127)
    }
    let rule = fixed.rule
    let others = heard.filter { $0.role != .bass }
    let lowest = PitchSet(rule.range.lowerBound...rule.range.lowerBound + 11)
    let ceiling = min(127, others.lazy.map(\.pitch).min() ?? 127)
    var pitches =
      ceiling < rule.range.lowerBound ? lowest : PitchSet(rule.range).intersection(PitchSet(0...ceiling))
    guard !rule.isLearned else { return pitches }
    let start = view.barStart + onset
    let chord = others.filter { $0.role == .chords && $0.start <= start }
    guard let root = chord.min(by: { $0.pitch < $1.pitch }) else { return pitches }
    let classes = chord.contains { $0.start == start } ? [root.pitch] : chord.map(\.pitch)
    let wanted = PitchSet(classes: classes.reduce(UInt16(0)) { $0 | 1 << UInt16(($1 % 12 + 12) % 12) })
    if pitches.intersection(wanted).isEmpty { pitches = lowest }
    return pitches.intersection(wanted)
  }
}

extension EnsembleList {
  /// The rule for new basses of a model.
  var bassRule: BassRegister.Rule {
    BassRegister.Rule(
      range: bassRange ?? BassRegister.Rule.usualRange,
      isLearned: isEmpty || share(of: .bass) >= Self.learnedShare)
  }

  /// What fewer pieces have than one in fifty a network has not learned.
  private static let learnedShare = 0.02
}
