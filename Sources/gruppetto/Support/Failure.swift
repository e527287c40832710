internal import ArgumentParser
internal import Foundation
internal import Groundwork

/// What the program says, and with which exit code it ends, when a command could not do its work.
struct Failure {
  private let kind: FailureKind
  private let message: String
  private let file: String?
  private let offset: Int?
  private let parserError: (any Error)?
  private let root: any ParsableCommand.Type

  init(_ error: any Error, in root: any ParsableCommand.Type) {
    self.root = root
    if let known = error as? any DiagnosableError {
      kind = known.kind
      message = known.message
      file = known.file
      offset = known.offset
      parserError = nil
    } else if root.exitCode(for: error) == .success || root.exitCode(for: error) == .validationFailure {
      kind = .usage
      message = root.message(for: error)
      file = nil
      offset = nil
      parserError = error
    } else {
      kind = .internalFault
      message = "\(error) (this is a fault of the program; please report it with the command that you typed)"
      file = nil
      offset = nil
      parserError = nil
    }
  }

  /// Prints the message to standard error, and as JSON to standard output where that was asked for, and ends the program.
  func reportAndExit() -> Never {
    ProgressLine.shared.clear()
    TemporaryFiles.removeAll()
    if let parserError {
      if root.exitCode(for: parserError) != .success, CommandLine.arguments.contains("--json") { printJSON() }
      root.exit(withError: parserError)
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
    // What the fault is stands on standard error as well.
    try? Console.print(String(decoding: line, as: UTF8.self))
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
