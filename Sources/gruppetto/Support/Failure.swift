internal import ArgumentParser
internal import Foundation
internal import Groundwork

/// The message and the exit code of a command that failed.
struct Failure {
  private let kind: FailureKind
  private let message: String
  private let file: String?
  private let offset: Int?
  /// A request for help or for the version, which is not a failure.
  private let cleanExit: (any Error)?
  private let root: any ParsableCommand.Type

  init(_ error: any Error, in root: any ParsableCommand.Type) {
    self.root = root
    let known = error as? any DiagnosableError
    file = known?.file
    offset = known?.offset
    cleanExit = known == nil && root.exitCode(for: error) == .success ? error : nil
    if let known {
      kind = known.kind
      message = OptionWords.message(of: known)
    } else if cleanExit != nil || root.exitCode(for: error) == .validationFailure {
      kind = .usage
      message = Self.usageMessage(for: error, in: root)
    } else {
      kind = .internalFault
      message = "\(error) (this is a bug in gruppetto; please report it with the command that you typed)"
    }
  }

  /// The parser's objection to a command line, in one line, with the help page to read.
  private static func usageMessage(for error: any Error, in root: any ParsableCommand.Type) -> String {
    let lines = root.message(for: error).split(whereSeparator: \.isNewline).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    // The parser prints choices as a list, one to a line.
    let choices = lines.filter { $0.hasPrefix("- ") }.map { String($0.dropFirst(2)) }
    let sentences = lines.filter { !$0.hasPrefix("- ") }
    var words = (sentences + [choices.joined(separator: ", ")]).filter { !$0.isEmpty }.joined(separator: " ")
    if words.hasSuffix(".") { words.removeLast() }
    let help = root.fullMessage(for: error).firstMatch(of: /See '(.*) --help'/)?.1 ?? "gruppetto"
    return "\(words) (see `\(help) --help`)"
  }

  /// Prints the message to standard error, with --json also to standard output, and exits.
  func reportAndExit() -> Never {
    ProgressLine.shared.clear()
    PlayerLine.shared.clear()
    TemporaryFiles.removeAll()
    if let cleanExit {
      let text = root.fullMessage(for: cleanExit)
      guard text.hasPrefix("OVERVIEW:") else { root.exit(withError: cleanExit) }
      try? Console.write(Array(HelpPage.ordered(text).utf8))
      exit(EXIT_SUCCESS)
    }
    if CommandLine.arguments.contains("--json"), !Console.hasPrintedJSON { printJSON() }
    Console.printError("gruppetto: \(message)")
    exit(kind.exitCode)
  }

  private func printJSON() {
    struct Report: Encodable {
      struct Fault: Encodable {
        var code: Int32
        var message: String
        var file: String?
        var offset: Int?
      }
      var error: Fault
    }
    let report = Report(error: .init(code: kind.exitCode, message: message, file: file, offset: offset))
    guard let line = try? JSONFormat.encodeLine(report) else { return }
    // A failure to print it is ignored: standard error has the message too.
    try? Console.printJSON(line: line)
  }
}

/// A usage error that a command finds after the command line was parsed.
struct UsageError: DiagnosableError {
  var message: String
  var kind: FailureKind { .usage }

  init(_ message: String) { self.message = message }
}

/// Why the content of a file that was read cannot be used, with the file's name.
struct UnusableFile: DiagnosableError {
  var path: String
  var cause: any DiagnosableError
  var kind: FailureKind { cause.kind }
  var message: String { "\(path): \(cause.message)" }
  var file: String? { path }

  /// What `body` gives; an error of it that names no file is about the one at `path`.
  static func naming<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as any DiagnosableError where error.file == nil {
      throw UnusableFile(path: path == "-" ? "standard input" : path, cause: error)
    }
  }
}

/// The user stopped the work; `message` names what was saved and how to continue.
struct InterruptedError: DiagnosableError {
  var message: String
  var kind: FailureKind { .interrupted }

  init(_ message: String) { self.message = message }
}
