public import Groundwork

/// Why a piece cannot be made again.
public enum CompositionRecordError: DiagnosableError, Equatable {
  /// The file does not tell what it was made with.
  case missing(path: String)
  /// What it tells is no record.
  case damaged(path: String, reason: String)
  /// Its record has a layout of a later version.
  case laterSchema(path: String, schema: Int, program: String?)
  /// Its record has a setting that this version does not know.
  case unknownSetting(path: String, name: String, program: String)
  /// The model is another one.
  case otherModel(path: String, made: CompositionRecord.Model, given: CompositionRecord.Model)
  /// The primer is another one than the piece went on from; both by their fingerprints.
  case otherPrimer(path: String, primer: String, made: String, given: String)
  /// The corpus that was not to be copied is another one.
  case otherCorpus(path: String, corpus: String, made: String, given: String)
  /// The instruments are others.
  case otherInstruments(path: String, made: String, given: String)

  /// The input is not what it should be.
  public var kind: FailureKind { .badInput }

  /// What is wrong, and what was expected.
  public var message: String {
    switch self {
    case .missing(let path):
      "\(path): does not tell what it was made with: no metadata of gruppetto is in it"
    case .damaged(let path, let reason): "\(path): its metadata of gruppetto is damaged: \(reason)"
    case .laterSchema(let path, let schema, let program):
      "\(path): its metadata has the layout \(schema)\(program.map { " of \($0)" } ?? ""), and this program knows layouts up to "
        + "\(CompositionRecord.currentSchema); use a later version"
    case .unknownSetting(let path, let name, let program):
      "\(path): was made by \(program) with '\(name)', which this version does not know; use a later version"
    case .otherModel(let path, let made, let given):
      "\(path): was made with the model \(made.path), whose fingerprint is \(made.fingerprint); \(given.path) has the fingerprint "
        + "\(given.fingerprint). Give the model that it was made with, as it was then"
    case .otherPrimer(let path, let primer, let made, let given):
      "\(path): goes on from music whose fingerprint is \(made); \(primer) has the fingerprint \(given). Give the music that it "
        + "was made from"
    case .otherCorpus(let path, let corpus, let made, let given):
      "\(path): was kept from copying the corpus \(made); \(corpus) is the corpus \(given)"
    case .otherInstruments(let path, let made, let given):
      "\(path): was rendered with instruments whose fingerprint is \(made), and these have \(given). Give the presets that it was "
        + "rendered with, or make its notes again (.mid)"
    }
  }

  /// The file whose piece was to be made again.
  public var file: String? {
    switch self {
    case .missing(let path), .damaged(let path, _), .laterSchema(let path, _, _),
      .unknownSetting(let path, _, _), .otherModel(let path, _, _), .otherPrimer(let path, _, _, _),
      .otherCorpus(let path, _, _, _), .otherInstruments(let path, _, _):
      path
    }
  }
}
