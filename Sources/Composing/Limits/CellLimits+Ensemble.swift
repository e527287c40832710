internal import Music
internal import Tokenization

/// The header of a piece: its length and its ensemble.
extension CellLimits {
  func isHeaderPossible(after id: Int32, _ kind: CellsView.Kind, _ value: Int) -> Bool {
    switch kind {
    case .length:
      guard value > 0, rules.newBars == nil, view.fixedParts != nil,
        view.fixedTimeSignature != nil || !rules.plan.isEmpty
      else { return true }
      return PieceOutline(completion, barCount: value - rules.givenBars, free: freeSignature) != nil
    case .role: return isRolePossible(view.role(value).role)
    case .bar: return view.fixedParts != nil || isPlayable(view.parts)
    default: return true
    }
  }

  /// Whether an ensemble can play what is asked for.
  private func isPlayable(_ parts: [CellsConfiguration.Part]) -> Bool {
    guard rules.looksAhead, rules.givenBars == 0 else { return true }
    let ensemble = BarCompletion(
      rules: rules, parts: PartRules.ensemble(parts, rules.limits, pitches: fixed.pitches))
    return signaturesToTry.contains {
      PieceOutline(ensemble, barCount: newBars, free: $0) != nil
    }
  }

  /// Of time signatures that the model may choose, that of four quarters stands for all.
  private var signaturesToTry: [Int] {
    view.fixedTimeSignature.map { [$0] } ?? view.timeSignatures.firstIndex(of: .common).map { [$0] } ?? [0]
  }

  private func isRolePossible(_ role: PartRole) -> Bool {
    guard rules.givenBars == 0 else { return true }
    let parts = view.parts + [CellsConfiguration.Part(role: role, program: 0)]
    guard rules.limits.instruments.isEmpty else { return isPlayable(parts, with: role) }
    if isPlayable(parts) { return true }
    // Parts that play chords, or any at all, may still come.
    return [PartRole.chords, .other, .melody].contains { later in
      CellsView.order(of: later) >= CellsView.order(of: role)
        && isPlayable(parts + [CellsConfiguration.Part(role: later, program: 0)])
    }
  }

  /// Whether an ensemble can play what is asked for, together with all instruments that are still wanted.
  private func isPlayable(_ parts: [CellsConfiguration.Part], with role: PartRole) -> Bool {
    var rest = wanted
    let own = rest.firstIndex { ($0.value.isDrums ? .drums : $0.part?.role) == role }
    guard let taken = own ?? rest.firstIndex(where: { $0.part == nil && !$0.value.isDrums }) else {
      return false
    }
    rest.remove(at: taken)
    return PartRole.allCases.contains { other in
      guard other != .drums, CellsView.order(of: other) >= CellsView.order(of: role) || rest.isEmpty else {
        return false
      }
      let roles = rest.map { $0.value.isDrums ? .drums : $0.part?.role ?? other }
        .sorted { CellsView.order(of: $0) < CellsView.order(of: $1) }
      return isPlayable(parts + roles.map { .init(role: $0, program: 0) })
    }
  }

  // MARK: Instruments

  /// Takes note of a part that has its instrument.
  mutating func takePart() {
    guard !wanted.isEmpty, let part = view.parts.last else { return }
    let isComplete = view.situation == .parts
    guard isComplete else { return }
    func suits(_ item: Limits.ForPart<InstrumentName>) -> Bool {
      part.role == .drums ? item.value.isDrums : item.value.programs.contains(part.program)
    }
    let own = wanted.firstIndex { $0.part?.role == part.role && suits($0) }
    if let index = own ?? wanted.firstIndex(where: { $0.part == nil && suits($0) }) {
      wanted.remove(at: index)
    }
  }

  func narrowEnsemble(_ mask: inout [Bool]) {
    if rules.mostVoices == 1, rules.limits.instruments.isEmpty { narrowToOnePart(&mask) }
    guard !rules.limits.instruments.isEmpty, view.fixedParts == nil, rules.givenBars == 0 else { return }
    for index in mask.indices where mask[index] {
      let id = Int32(index), value = view.value(of: id)
      switch fixed.kinds[index] {
      case .bar: mask[index] = wanted.isEmpty
      case .role: mask[index] = canTake(view.role(value).role)
      case .program:
        let role = view.parts.last?.role ?? .other
        mask[index] = canTake(program: value, role)
      default: break
      }
    }
  }

  /// Where there is one voice, one part has it: a melody, and drums at most.
  private func narrowToOnePart(_ mask: inout [Bool]) {
    guard view.fixedParts == nil, rules.givenBars == 0, view.situation == .parts else { return }
    let hasMelody = view.parts.contains { $0.role != .drums }
    for index in mask.indices where mask[index] && fixed.kinds[index] == .role {
      let role = view.role(view.value(of: Int32(index))).role
      mask[index] = hasMelody ? role == .drums : role == .melody
    }
  }

  /// Whether a part of a role can be one of those that are wanted, so that the others can follow.
  private func canTake(_ role: PartRole) -> Bool {
    if role == .drums {
      guard let index = wanted.firstIndex(where: \.value.isDrums) else { return false }
      return isRoom(after: role, index, isPlaced: false)
    }
    return wanted.indices.contains { index in
      let item = wanted[index]
      return !item.value.isDrums && (item.part == nil || item.part?.role == role)
        && isRoom(after: role, index, isPlaced: false)
    }
  }

  private func canTake(program: Int, _ role: PartRole) -> Bool {
    let fitting = wanted.indices.filter {
      let item = wanted[$0]
      return !item.value.isDrums && item.value.programs.contains(program)
        && (item.part == nil || item.part?.role == role)
    }
    let own = fitting.first { wanted[$0].part != nil } ?? fitting.first
    return own.map { isRoom(after: role, $0, isPlaced: true) } ?? false
  }

  /// Whether those that are wanted find a part each, once one has a part of a role.
  private func isRoom(after role: PartRole, _ taken: Int, isPlaced: Bool) -> Bool {
    var rest = wanted
    rest.remove(at: taken)
    let order = CellsView.order(of: role)
    var room: [PartRole: Int] = [:]
    for index in 0..<PartRole.allCases.count {
      let (other, most) = view.role(index)
      guard CellsView.order(of: other) >= order else { continue }
      room[other] = most - view.parts.count { $0.role == other } - (other == role && !isPlaced ? 1 : 0)
    }
    var free = 0
    for item in rest {
      let asked = item.value.isDrums ? PartRole.drums : item.part?.role
      guard let asked else {
        free += 1
        continue
      }
      guard let left = room[asked], left > 0 else { return false }
      room[asked] = left - 1
    }
    return free <= room.reduce(0) { $0 + ($1.key == .drums ? 0 : max(0, $1.value)) }
  }
}
