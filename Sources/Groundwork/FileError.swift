#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A file that could not be opened, read or written, in the system's words.
public enum FileError: DiagnosableError, Equatable {
  /// Nothing exists at the path.
  case notFound(path: String)
  /// It exists and cannot be read; `reason` is the system's word for why.
  case unreadable(path: String, reason: String)
  /// It cannot be created, written or put in its place.
  case unwritable(path: String, reason: String)
  /// Another program is writing there.
  case busy(path: String)
  /// It holds more bytes than are read of such a file; `size` is nil if the file does not tell before it is read.
  case tooLarge(path: String, size: Int?, limit: Int)
  /// Something already exists where new output would go.
  case alreadyExists(path: String, remedy: String)

  /// A missing input where something cannot be read, bad input where it is too large, an unwritable output otherwise.
  public var kind: FailureKind {
    switch self {
    case .tooLarge: .badInput
    case .notFound, .unreadable: .missingInput
    case .unwritable, .busy, .alreadyExists: .cannotWrite
    }
  }

  /// The path and the problem.
  public var message: String {
    switch self {
    case .notFound(let path): "\(path): no such file or folder"
    case .unreadable(let path, let reason): "\(path): cannot be read (\(reason))"
    case .unwritable(let path, let reason): "\(path): cannot be written (\(reason))"
    case .busy(let path):
      "\(path): another program is using it; wait until it has ended, or choose another folder"
    case .tooLarge(let path, let size, let limit):
      "\(path): is too large: \(size.map { "\($0.grouped) bytes, " } ?? "")over the limit of \(limit.grouped) bytes"
    case .alreadyExists(let path, let remedy): "\(path): already exists; \(remedy)"
    }
  }

  /// A higher limit allows a file that is too large.
  public var remedies: [Remedy] {
    if case .tooLarge = self { [.raise(setting: "sizeLimit")] } else { [] }
  }

  /// The path.
  public var file: String? {
    switch self {
    case .notFound(let path), .unreadable(let path, _), .unwritable(let path, _), .busy(let path),
      .tooLarge(let path, _, _), .alreadyExists(let path, _):
      path
    }
  }

  /// What the last failed system call of this thread means for reading `path`.
  package static func reading(_ path: String, errorNumber: Int32 = errno) -> FileError {
    errorNumber == ENOENT || errorNumber == ENOTDIR
      ? .notFound(path: path) : .unreadable(path: path, reason: systemMessage(errorNumber))
  }

  /// What is wrong with a pipe whose other end is closed.
  package static let nobodyReads = "nobody reads it any more"

  /// What the last failed system call of this thread means for writing `path`.
  package static func writing(_ path: String, errorNumber: Int32 = errno) -> FileError {
    .unwritable(
      path: path, reason: errorNumber == EPIPE ? nobodyReads : systemMessage(errorNumber))
  }
}

/// The system's message for an error number, in lower case so that it fits into a sentence.
package func systemMessage(_ errorNumber: Int32) -> String {
  String(cString: strerror(errorNumber)).lowercased()
}
