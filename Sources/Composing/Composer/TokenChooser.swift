internal import Arithmetic
internal import Tokenization
internal import Training

/// Draws the next id among those that the grammar allows. Its memory is taken when it is made.
struct TokenChooser {
  private let vocabulary: Vocabulary
  private let weightsPath: String
  private var distribution: TokenDistribution
  private var mask: [Bool]

  init(model: MusicModel) {
    vocabulary = model.tokenizer.vocabulary
    weightsPath = model.weightsName
    distribution = TokenDistribution(vocabularySize: vocabulary.count)
    mask = Array(repeating: false, count: vocabulary.count)
  }

  /// - Throws: `ComposingError.brokenWeights` where the logits are not numbers.
  mutating func chooseID(
    logits: UnsafeBufferPointer<Float>, filters: [any SamplingFilter], writing: Writing,
    random: inout RandomStream
  ) throws(ComposingError) -> Int32 {
    writing.grammar.allowed(into: &mask)
    if writing.newNotes == 0 { forbid(vocabulary.eosID) }
    if writing.idsInBar >= Composer.idsPerBarLimit { closeBar() }
    distribution.load(logits, allowed: mask)
    creditTheOtherEnd(logits)
    for filter in filters { filter.apply(to: &distribution) }
    guard let id = distribution.draw(random: &random) else { throw .brokenWeights(path: weightsPath) }
    return id
  }

  /// A bar ends by the next bar line or by the end of the piece. Where the number of bars leaves only one of them, it stands for
  /// both; else a model that has finished its bar would be made to write notes until the improbable end came up.
  private mutating func creditTheOtherEnd(_ logits: UnsafeBufferPointer<Float>) {
    let end = vocabulary.eosID
    guard let bar = vocabulary.id(of: "Bar_None"), mask[Int(bar)] != mask[Int(end)] else { return }
    let (allowed, barred) = mask[Int(bar)] ? (bar, end) : (end, bar)
    distribution.credit(allowed, with: logits[Int(barred)])
  }

  /// Puts an id out unless it is the only one.
  private mutating func forbid(_ id: Int32) {
    let index = Int(id)
    guard mask[index] else { return }
    mask[index] = false
    if !mask.contains(true) { mask[index] = true }
  }

  /// Leaves nothing but the end of the bar or of the piece, where either is allowed.
  private mutating func closeBar() {
    let closing = [vocabulary.id(of: "Bar_None"), vocabulary.eosID].compactMap { $0.map(Int.init) }
    guard closing.contains(where: { mask[$0] }) else { return }
    for index in mask.indices where !closing.contains(index) { mask[index] = false }
  }
}
