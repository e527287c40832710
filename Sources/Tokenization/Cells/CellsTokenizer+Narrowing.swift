internal import Music

extension CellsTokenizer {
  /// A tokenizer that knows what is the same in all pieces: the ensemble, the tempo, the loudness, the time signature. The key is always
  /// stated, because transposing changes it.
  public func narrowing(to pieces: some Sequence<[Int32]>) throws(TokenizationError) -> TokenizerNarrowing? {
    var constants = CellConstants(layout)
    for ids in pieces { constants.add(ids) }
    guard let narrowed = constants.narrowed(configuration) else { return nil }
    let narrow = try CellsTokenizer(configuration: narrowed)
    return TokenizerNarrowing(
      tokenizer: narrow, idMap: vocabulary.tokens.map { narrow.vocabulary.id(of: $0) ?? -1 })
  }
}

/// What has the same value in all pieces that it was given.
private struct CellConstants {
  /// What is known of a value.
  private enum Knowledge<Value: Equatable> {
    case nothing, one(Value), several

    mutating func add(_ value: Value) {
      switch self {
      case .nothing: self = .one(value)
      case .one(let known) where known != value: self = .several
      default: break
      }
    }

    var value: Value? { if case .one(let value) = self { value } else { nil } }
  }

  private let layout: CellsLayout
  private var parts = Knowledge<[CellsConfiguration.Part]>.nothing
  private var tempo = Knowledge<Int>.nothing
  private var velocity = Knowledge<Int>.nothing
  private var timeSignature = Knowledge<Int>.nothing

  init(_ layout: CellsLayout) { self.layout = layout }

  mutating func add(_ ids: [Int32]) {
    var ensemble: [CellsConfiguration.Part] = []
    for id in ids {
      let value = Int(layout.values[Int(id)])
      switch layout.kinds[Int(id)] {
      case .role: ensemble.append(CellsConfiguration.Part(role: PartRole.byOrder[value], program: 0))
      case .program: ensemble[ensemble.count - 1].program = value
      case .tempo: tempo.add(value)
      case .velocity: velocity.add(value)
      case .timeSignature: timeSignature.add(value)
      default: break
      }
    }
    if !layout.role.isEmpty { parts.add(ensemble) }
  }

  /// The configuration in which what is the same has no tokens; nil where nothing is.
  func narrowed(_ configuration: CellsConfiguration) -> CellsConfiguration? {
    var narrowed = configuration
    if let parts = parts.value { narrowed.parts = parts }
    if let tempo = tempo.value { narrowed.tempo = layout.tempos.microsecondsPerQuarter[tempo] }
    if let velocity = velocity.value { narrowed.velocity = layout.velocities[velocity] }
    if let signature = timeSignature.value {
      narrowed.timeSignature = layout.meters.timeSignatures[signature]
    }
    return narrowed == configuration ? nil : narrowed
  }
}

extension CellsTokenizer {
  /// The same tokens for a collection in which no piece names a program.
  public func leavingProgramsOpen() throws(TokenizationError) -> CellsTokenizer {
    var configuration = configuration
    configuration.namesPrograms = false
    return try CellsTokenizer(configuration: configuration)
  }
}
