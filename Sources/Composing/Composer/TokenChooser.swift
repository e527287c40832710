internal import Arithmetic
internal import Tokenization
internal import Training

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Draws the next id among those that the grammar and the constraints allow. Its memory is taken when it is made.
struct TokenChooser {
  private let roles: TokenRoles
  private let weightsPath: String?
  private var distribution: TokenDistribution
  private var mask: [Bool]
  /// Ids that leave the number of bars open, or what a piece says of itself, each with those that tell it.
  private let openLengths: [(open: Int, told: [Int])]
  /// The pitch that each id says, as it is written; nil for those that say none.
  private let pitches: [Int?]

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
    pitches = (0..<Int32(roles.count)).map { [roles] in roles.writtenPitch(of: $0) }
  }

  /// What came of a choice.
  enum Choice {
    case id(Int32)
    /// Nothing is left that is allowed.
    case nothing
    /// What is allowed the model would never write: a note has been begun that it cannot finish.
    case impasse
  }

  /// Where all that grammar and constraints allow amid a note is less probable than this, the note is given up. The model has begun something for
  /// which there is no room, such as a length that goes beyond the last bar or a note after the last chord, and what is left are accidents:
  /// a note of a chord where it writes no chords, at any pitch.
  private static let leastProbability: Float = 1e-4

  /// - Parameters:
  ///   - forbidden: ids that lead nowhere, each at its place.
  ///   - index: the place of the id to choose.
  ///   - mayGiveUp: Whether an impasse is to be told; else something is chosen.
  /// - Throws: `ComposingError.brokenWeights` if the logits are not numbers, `.endless`.
  mutating func chooseID(
    logits: UnsafeBufferPointer<Float>, filters: [any SamplingFilter],
    progress: inout PieceInProgress.Progress, forbidden: [(index: Int, id: Int32)], index: Int,
    mayGiveUp: Bool
  ) throws(ComposingError) -> Choice {
    if let given = progress.grammar.givenID {
      return forbidden.contains { $0.index == index && $0.id == given } ? .nothing : .id(given)
    }
    progress.grammar.allowed(into: &mask)
    if progress.newNotes == 0 { forbid(roles.end) }
    tellLength()
    for place in progress.constraints.indices {
      progress.constraints[place].observe(logits: logits.span, allowed: mask)
      progress.constraints[place].narrow(&mask)
    }
    if mayGiveUp, mask.contains(true), isImpasse(progress.grammar, logits) { return .impasse }
    let idsLeft = 2 * Composer.idsPerBarLimit - progress.idsInBar
    guard idsLeft > 0 else { throw .endless(tokens: progress.idsInBar) }
    if progress.idsInBar >= Composer.idsPerBarLimit { closeBar() }
    for deadEnd in forbidden where deadEnd.index == index { mask[Int(deadEnd.id)] = false }
    // What is asked of the piece goes before what the collection's pieces do: these come where nothing else is left.
    var strays = forbidStrayPitches(progress, logits)
    var overlongRest = forbidOverlongRest(progress.grammar)
    choosing: while true {
      while !mask.contains(true) {
        if let rest = overlongRest {
          mask[Int(rest)] = true
          overlongRest = nil
        } else if !strays.isEmpty {
          for index in strays { mask[index] = true }
          strays = []
        } else {
          return .nothing
        }
      }
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
      return .id(id)
    }
  }

  /// Whether a note is begun that the model would not go on with in any way that is allowed.
  private func isImpasse(_ grammar: any TokenGrammar, _ logits: UnsafeBufferPointer<Float>) -> Bool {
    guard !grammar.isBetweenNotes, grammar.barCount > 0 else { return false }
    let least = Self.leastLogit(logits)
    return !mask.indices.contains { mask[$0] && !(logits[$0] < least) }
  }

  /// Masks out a rest that is longer than parts of its role rest in the collection.
  /// - Returns: Its id, if it was allowed beside others.
  private mutating func forbidOverlongRest(_ grammar: any TokenGrammar) -> Int32? {
    guard let rest = grammar.overlongRest, mask[Int(rest)] else { return nil }
    forbid(rest)
    return mask[Int(rest)] ? nil : rest
  }

  /// Where constraints force what comes, masks out pitches beyond all that the piece has had, which the model would never write there: where
  /// nothing that is left is probable, they would be drawn as often as any other.
  /// - Returns: The ids, if there are others.
  private mutating func forbidStrayPitches(
    _ progress: PieceInProgress.Progress, _ logits: UnsafeBufferPointer<Float>
  ) -> [Int] {
    guard !progress.constraints.isEmpty, let known = progress.pitches else { return [] }
    let least = Self.leastLogit(logits)
    let strays = mask.indices.filter { index in
      guard mask[index], logits[index] < least, let pitch = pitches[index] else { return false }
      return !known.contains(pitch)
    }
    for index in strays { mask[index] = false }
    guard !mask.contains(true) else { return strays }
    for index in strays { mask[index] = true }
    return []
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
    Double(logSum(logits)) - Double(logits[Int(id)])
  }

  /// The logit of what the model would hardly write.
  private static func leastLogit(_ logits: UnsafeBufferPointer<Float>) -> Float {
    logSum(logits) + log(leastProbability)
  }

  /// The logarithm of the sum of the exponentials.
  private static func logSum(_ logits: UnsafeBufferPointer<Float>) -> Float {
    guard let base = logits.baseAddress else { return 0 }
    return Kernels.current.softmax(count: logits.count, logits: base, probabilities: nil)
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

extension TokenRoles {
  /// The pitch that an id says, as it is written; nil where it says none, or a drum.
  func writtenPitch(of id: Int32) -> Int? {
    for case .pitch(let pitch) in values(of: id) { return pitch }
    for case .pitchInKey(let pitch) in values(of: id) { return pitch }
    return nil
  }
}
