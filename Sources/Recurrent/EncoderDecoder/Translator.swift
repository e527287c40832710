public import Arithmetic

/// Writes the target of one source at a time with a trained encoder–decoder: greedily, or with a beam.
///
/// What a step costs depends on the length of the source and the width of the beam, and not on how much was written already.
/// A translator is used by one thread at a time.
public final class Translator {
  /// The network that is run.
  public let model: EncoderDecoder

  private let team: ThreadTeam
  private var workspace: DecodingWorkspace
  /// Of each step the weights of each beginning that was continued: steps × width × the source's length.
  private var weights: [Float] = []

  /// A translator; sources longer and beams wider than ever before make it take more memory.
  public init(model: EncoderDecoder, team: ThreadTeam = ThreadTeam(threadCount: 1)) {
    self.model = model
    self.team = team
    workspace = DecodingWorkspace(model: model, sourceCapacity: 32, widthCapacity: 1, team: team)
  }

  /// Takes the network's weights as they are now. To be called after every change of them.
  public func parametersDidChange() { workspace.parametersDidChange() }

  /// The translation that takes the most probable id at each step.
  /// - Parameters:
  ///   - source: at least one id of the source's vocabulary.
  ///   - maximumLength: how many ids the translation may have.
  public func translate(_ source: [Int32], maximumLength: Int = 100) -> Translation {
    search(source, BeamSearchOptions(width: 1, maximumLength: maximumLength, normalization: .none))[0]
  }

  /// The best translations that a beam search finds, best score first: at least one and at most `options.width`. Where none
  /// ended within `options.maximumLength` ids they are those that were followed when the limit was reached.
  /// - Parameter source: at least one id of the source's vocabulary.
  /// - Parameter options: how wide and how far it searches.
  public func search(_ source: [Int32], _ options: BeamSearchOptions) -> [Translation] {
    let vocabulary = 0..<Int32(model.configuration.sourceVocabularySize)
    precondition(!source.isEmpty, "an empty source")
    for id in source {
      precondition(vocabulary.contains(id), "source id \(id) is outside a vocabulary of \(vocabulary.count)")
    }
    reserve(source: source.count, width: options.width)
    workspace.read(source)
    var search = BeamSearch(
      width: options.width, vocabularySize: model.configuration.targetVocabularySize,
      endID: model.configuration.endID, maximumLength: options.maximumLength,
      normalization: options.normalization)
    weights.removeAll(keepingCapacity: true)
    while !search.isFinished {
      step(&search)
      let rows = workspace.attention.weights.elements
      let count = options.width * source.count
      weights.append(contentsOf: rows[..<count])
    }
    return search.results().map { translation($0, width: options.width, sourceLength: source.count) }
  }

  private func reserve(source: Int, width: Int) {
    guard source > workspace.sourceCapacity || width > workspace.widthCapacity else { return }
    workspace = DecodingWorkspace(
      model: model, sourceCapacity: max(workspace.sourceCapacity, source + source / 2),
      widthCapacity: max(workspace.widthCapacity, width), team: team)
  }

  private func step(_ search: inout BeamSearch) {
    let count = search.liveCount
    for index in 0..<count {
      guard search.stepCount > 0 else {
        workspace.inputs[index] = model.configuration.beginID
        break
      }
      let entry = search.entry(index)
      workspace.inputs[index] = entry.id
      workspace.parents[index] = entry.parent
    }
    if search.stepCount > 0 { workspace.takeStatesOfParents(count: count) }
    search.advance(logits: workspace.step(count: count))
  }

  private func translation(_ result: BeamSearch.Result, width: Int, sourceLength: Int) -> Translation {
    let alignment = result.parents.enumerated().map { step, parent in
      let first = (step * width + parent) * sourceLength
      return Array(weights[first..<first + sourceLength])
    }
    return Translation(
      ids: result.ids, logProbability: result.logProbability, score: result.score,
      isComplete: result.isComplete, alignment: alignment)
  }
}
