internal import ArgumentParser
internal import Foundation
internal import Groundwork

/// What the program says, and with which exit code it ends, when a command could not do its work.
struct Failure {
  private let kind: FailureKind
  private let message: String
  private let file: String?
  private let offset: Int?
  /// A request for help or for the version, which is none of our failures.
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
      message = "\(error) (this is a fault of the program; please report it with the command that you typed)"
    }
  }

  /// What the parser has against a command line, in one line, with the command whose help tells more.
  private static func usageMessage(for error: any Error, in root: any ParsableCommand.Type) -> String {
    let lines = root.message(for: error).split(whereSeparator: \.isNewline).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    // A choice is given as a list, one to a line.
    let choices = lines.filter { $0.hasPrefix("- ") }.map { String($0.dropFirst(2)) }
    let sentences = lines.filter { !$0.hasPrefix("- ") }
    var words = (sentences + [choices.joined(separator: ", ")]).filter { !$0.isEmpty }.joined(separator: " ")
    if words.hasSuffix(".") { words.removeLast() }
    let help = root.fullMessage(for: error).firstMatch(of: /See '(.*) --help'/)?.1 ?? "gruppetto"
    return "\(words) (see `\(help) --help`)"
  }

  /// Prints the message to standard error, and as JSON to standard output where that was asked for, and ends the program.
  func reportAndExit() -> Never {
    ProgressLine.shared.clear()
    TemporaryFiles.removeAll()
    if let cleanExit { root.exit(withError: cleanExit) }
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
    // What the fault is stands on standard error as well.
    try? Console.printJSON(line: line)
  }
}

/// A request that makes no sense, said by a command after the command line itself was parsed.
struct UsageError: DiagnosableError {
  var message: String
  var kind: FailureKind { .usage }

  init(_ message: String) { self.message = message }
}

/// The work was stopped by the user; `message` says what was saved and how to go on.
struct InterruptedError: DiagnosableError {
  var message: String
  var kind: FailureKind { .interrupted }

  init(_ message: String) { self.message = message }
}
