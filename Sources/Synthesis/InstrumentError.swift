public import Groundwork

/// Why a folder of instruments cannot be used.
public enum InstrumentError: DiagnosableError, Equatable {
  /// The folder or one of its files cannot be read.
  case unreadable(FileError)
  /// The folder holds no instrument at all.
  case noInstruments(folder: String)
  /// A file is not JSON, or far too large; `reason` says which, in words.
  case notJSON(file: String, reason: String)
  /// A key has a value that is not allowed. `instrument` is empty where the error is not in an instrument.
  case invalid(file: String, instrument: String, key: String, reason: String)

  /// Which kind of failure it is.
  public var kind: FailureKind {
    switch self {
    case .unreadable(let error): error.kind
    case .noInstruments: .missingInput
    case .notJSON, .invalid: .badInput
    }
  }

  /// The place, what is wrong, and what is allowed there.
  public var message: String {
    switch self {
    case .unreadable(let error): error.message
    case .noInstruments(let folder):
      "\(folder): holds no instruments; it should hold JSON files like those of presets/instruments"
    case .notJSON(let file, let reason): "\(file): \(reason)"
    case .invalid(let file, let instrument, let key, let reason):
      instrument.isEmpty
        ? "\(file): \(key): \(reason)" : "\(file): instrument “\(instrument)”, \(key): \(reason)"
    }
  }

  /// The file or folder concerned.
  public var file: String? {
    switch self {
    case .unreadable(let error): error.file
    case .noInstruments(let folder): folder
    case .notJSON(let file, _), .invalid(let file, _, _, _): file
    }
  }
}

extension InstrumentError {
  /// What is wrong with a file of instruments.
  init(_ failure: JSONFile.Failure) {
    switch failure {
    case .file(let error): self = .unreadable(error)
    case .malformed(let path, let reason): self = .notJSON(file: path, reason: reason)
    }
  }
}
