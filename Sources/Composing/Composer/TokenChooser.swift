internal import Arithmetic
internal import Tokenization
internal import Training

/// Draws the next id among those that the grammar and the constraints allow. Its memory is taken when it is made.
struct TokenChooser {
  private let roles: TokenRoles
  private let weightsPath: String?
  private var distribution: TokenDistribution
  private var mask: [Bool]
  /// Ids that leave the number of bars open, or what a piece says of itself, each with those that tell it.
  private let openLengths: [(open: Int, told: [Int])]

  init(model: MusicModel) {
    roles = model.tokenizer.vocabulary.roles
    weightsPath = model.folder?.training.weightsPath
    distribution = TokenDistribution(vocabularySize: roles.count)
    mask = Array(repeating: false, count: roles.count)
    let table = (model.tokenizer.openLengthTable ?? []).enumerated().filter { $0.offset != Int($0.element) }
    openLengths =
      Dictionary(grouping: table) { Int($0.element) }
      .map { (open: $0.key, told: $0.value.map(\.offset)) }
      + model.tokenizer.attributes.map { (open: Int($0.open), told: $0.values.map { Int($0.id) }) }
  }

  /// - Parameters:
  ///   - forbidden: ids that lead nowhere, each at its place.
  ///   - index: the place of the id to choose.
  /// - Returns: the id; nil if nothing is left that is allowed.
  /// - Throws: `ComposingError.brokenWeights` if the logits are not numbers, `.endless`.
  mutating func chooseID(
    logits: UnsafeBufferPointer<Float>, filters: [any SamplingFilter],
    progress: inout PieceInProgress.Progress, forbidden: [(index: Int, id: Int32)], index: Int
  ) throws(ComposingError) -> Int32? {
    if let given = progress.grammar.givenID {
      return forbidden.contains { $0.index == index && $0.id == given } ? nil : given
    }
    progress.grammar.allowed(into: &mask)
    if progress.newNotes == 0 { forbid(roles.end) }
    tellLength()
    for constraint in progress.constraints { constraint.narrow(&mask) }
    let idsLeft = 2 * Composer.idsPerBarLimit - progress.idsInBar
    guard idsLeft > 0 else { throw .endless(tokens: progress.idsInBar) }
    if progress.idsInBar >= Composer.idsPerBarLimit { closeBar() }
    for deadEnd in forbidden where deadEnd.index == index { mask[Int(deadEnd.id)] = false }
    choosing: while mask.contains(true) {
      distribution.load(logits.span, allowed: mask)
      if let substitution = progress.grammar.substitution {
        for other in substitution.others { distribution.credit(substitution.id, with: logits[Int(other)]) }
      } else {
        creditTheOtherEnd(logits)
      }
      progress.loops?.weaken(&distribution)
      for filter in filters { filter.apply(to: &distribution) }
      guard var id = distribution.draw(random: &progress.random) else {
        throw .brokenWeights(path: weightsPath)
      }
      while !isOpen(after: id, progress.constraints, idsLeft: idsLeft - 1) {
        mask[Int(id)] = false
        distribution.remove(id)
        // Where the filters left nothing else, they get what they had put aside.
        guard let other = distribution.draw(random: &progress.random) else { continue choosing }
        id = other
      }
      return id
    }
    return nil
  }

  /// Whether no constraint sees a dead end after an id, or more to do than a piece without bars has ids left for.
  private func isOpen(after id: Int32, _ constraints: [any TokenConstraint], idsLeft: Int) -> Bool {
    constraints.allSatisfy { constraint in
      guard let least = constraint.leastToFinish(after: id) else { return false }
      return roles.hasBars || least <= idsLeft
    }
  }

  /// −log p of an id in nats, p being the softmax of the logits.
  static func surprisal(of id: Int32, logits: UnsafeBufferPointer<Float>) -> Double {
    guard let base = logits.baseAddress else { return 0 }
    let logSum = Kernels.current.softmax(count: logits.count, logits: base, probabilities: nil)
    return Double(logSum) - Double(logits[Int(id)])
  }

  /// A bar ends by the next bar line or by the end of the piece. Where the number of bars leaves only one of them, it stands for
  /// both; else a model that has finished its bar would be made to write notes until the improbable end came up.
  private mutating func creditTheOtherEnd(_ logits: UnsafeBufferPointer<Float>) {
    let mayGoOn = roles.barLines.contains { mask[Int($0)] }
    guard mayGoOn != mask[Int(roles.end)] else { return }
    if mayGoOn {
      distribution.credit(among: roles.barLines, with: logits[Int(roles.end)])
    } else {
      for bar in roles.barLines { distribution.credit(roles.end, with: logits[Int(bar)]) }
    }
  }

  /// Masks out an id unless it is the only one.
  private mutating func forbid(_ id: Int32) {
    let index = Int(id)
    guard mask[index] else { return }
    mask[index] = false
    if !mask.contains(true) { mask[index] = true }
  }

  /// Lets a piece tell how many bars it has wherever it may. Open lengths are there for primers; training reads every piece in both
  /// ways, and of those that leave it open many would find no end.
  private mutating func tellLength() {
    for length in openLengths where mask[length.open] && length.told.contains(where: { mask[$0] }) {
      mask[length.open] = false
    }
  }

  /// Allows only the end of the bar or of the piece, if either is allowed.
  private mutating func closeBar() {
    guard mask[Int(roles.end)] || roles.barLines.contains(where: { mask[Int($0)] }) else { return }
    for index in mask.indices where mask[index] {
      mask[index] = !roles[Int32(index)].isDisjoint(with: [.end, .barLine])
    }
  }
}
