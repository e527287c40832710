public import Groundwork

/// Why nothing could be read from bytes that were given as ABC. Whatever can be kept is kept, with a diagnostic.
public enum ABCError: DiagnosableError, Equatable {
  /// There is neither an `X:` nor a `K:` field, so it is not ABC; the place is where the text begins.
  case notABC(file: String?, line: Int, column: Int)
  /// There are tunes, but none has a `K:` field followed by music; the place is the first tune's beginning.
  case noMusic(file: String?, line: Int, column: Int)

  /// Bad input.
  public var kind: FailureKind { .badInput }

  /// The file's name, where one was given.
  public var file: String? {
    switch self {
    case .notABC(let file, _, _), .noMusic(let file, _, _): file
    }
  }

  /// The line, counted from 1.
  public var line: Int {
    switch self {
    case .notABC(_, let line, _), .noMusic(_, let line, _): line
    }
  }

  /// The column in bytes, counted from 1.
  public var column: Int {
    switch self {
    case .notABC(_, _, let column), .noMusic(_, _, let column): column
    }
  }

  /// The place, the fault and what an ABC tune needs.
  public var message: String {
    let place = "\(file ?? "ABC text"):\(line):\(column)"
    return switch self {
    case .notABC:
      "\(place): this is not ABC; a tune begins with an 'X:' field and its music follows a 'K:' field"
    case .noMusic:
      "\(place): no tune has music; the notes must follow a 'K:' field without a blank line between"
    }
  }
}

extension Diagnostic {
  /// A problem in a tune.
  static func abc(
    line: Int, column: Int, action: Action = .skipped, severity: Severity = .fault, message: String
  ) -> Diagnostic {
    Diagnostic(
      rule: "abc", severity: severity, action: action, line: line, column: column, message: message)
  }
}
