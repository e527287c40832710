/// What went wrong in the terms of a caller: whose fault it is and what can be done.
///
/// The command line turns each case into an exit code of `sysexits.h`.
public enum FailureKind: String, Sendable, CaseIterable {
  /// The request itself makes no sense: an option, a value, a combination (exit code 64).
  case usage
  /// The input was read and is not what it should be (65).
  case badInput
  /// The input is not there or may not be read (66).
  case missingInput
  /// Our own fault (70).
  case internalFault
  /// The output cannot be written, or a device cannot be opened (73).
  case cannotWrite
  /// The user stopped it (130).
  case interrupted

  /// What a program ends with.
  package var exitCode: Int32 {
    switch self {
    case .usage: 64
    case .badInput: 65
    case .missingInput: 66
    case .internalFault: 70
    case .cannotWrite: 73
    case .interrupted: 130
    }
  }
}

/// An error that can explain itself to a musician: what was wrong, where, and what to do.
public protocol DiagnosableError: Error, CustomStringConvertible {
  /// Whose fault it is.
  var kind: FailureKind { get }
  /// One or two sentences that name the thing, the fault and, where there is one, the remedy.
  var message: String { get }
  /// The path of the file that it is about, if it is about one.
  var file: String? { get }
  /// The byte offset in that file, if known.
  var offset: Int? { get }
}

extension DiagnosableError {
  /// By default no file is named.
  public var file: String? { nil }
  /// By default no offset is named.
  public var offset: Int? { nil }
  /// The message itself.
  public var description: String { message }
}
