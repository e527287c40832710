public import Groundwork

/// What is wrong with a folder of instruments.
public enum InstrumentError: DiagnosableError, Equatable {
  /// The folder or one of its files cannot be read.
  case unreadable(FileError)
  /// The folder holds no instrument at all.
  case noInstruments(folder: String)
  /// A file is not JSON; `reason` is the parser's.
  case notJSON(file: String, reason: String)
  /// A key holds what it must not. `instrument` is empty where the fault lies outside of any.
  case invalid(file: String, instrument: String, key: String, reason: String)

  /// Whose fault it is.
  public var kind: FailureKind {
    switch self {
    case .unreadable(let error): error.kind
    case .noInstruments: .missingInput
    case .notJSON, .invalid: .badInput
    }
  }

  /// Where it stands, what is wrong and what could stand there.
  public var message: String {
    switch self {
    case .unreadable(let error): error.message
    case .noInstruments(let folder):
      "\(folder): holds no instruments; it should hold JSON files like those of presets/instruments"
    case .notJSON(let file, let reason): "\(file): is not JSON (\(reason))"
    case .invalid(let file, let instrument, let key, let reason):
      instrument.isEmpty
        ? "\(file): \(key): \(reason)" : "\(file): instrument “\(instrument)”, \(key): \(reason)"
    }
  }

  /// The file or folder that it is about.
  public var file: String? {
    switch self {
    case .unreadable(let error): error.file
    case .noInstruments(let folder): folder
    case .notJSON(let file, _), .invalid(let file, _, _, _): file
    }
  }
}
