public import Groundwork

/// Why a piece cannot be asked for.
public enum LimitError: DiagnosableError, Hashable {
  /// Limits that no piece holds together, in words, and why.
  case contradiction(limits: [String], reason: String)
  /// A limit that the model cannot hold, and why.
  case unsupported(limit: String, reason: String)

  /// It is something that the user asked for.
  public var kind: FailureKind { .usage }

  /// What contradicts what, and what to do.
  public var message: String {
    switch self {
    case .contradiction(let limits, let reason):
      limits.count < 2
        ? "\(limits.first ?? "what is asked for") cannot be held: \(reason)"
        : "\(limits[0]) contradicts \(limits.dropFirst().joined(separator: " and ")): \(reason)"
    case .unsupported(let limit, let reason): "the model cannot hold \(limit): \(reason)"
    }
  }
}
