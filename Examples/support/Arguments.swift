import Foundation
public import Groundwork

/// What an example was called with. Whatever is wrong with it is said on standard error, and ends the program with the exit
/// code that `gruppetto` has for it.
public struct Arguments {
  private let usage: String
  private let names: [Substring]
  private let values: [String]

  /// - Parameter usage: the program's name and those of its arguments; what may be left out stands in brackets.
  public init(_ usage: String) {
    self.usage = usage
    names = usage.split(separator: " ").dropFirst().map { $0.drop { $0 == "[" }.prefix { $0 != "]" } }
    values = Array(CommandLine.arguments.dropFirst())
    if values.contains("--help") || values.contains("-h") {
      print("usage: \(usage)")
      exit(0)
    }
    if let option = values.first(where: { $0.hasPrefix("-") && Int($0) == nil }) {
      refuse("there is no option \(option)")
    }
    if values.count > names.count { refuse("“\(values[names.count])” is one argument too many") }
    let needed = usage.split(separator: " ").dropFirst().count { !$0.hasPrefix("[") }
    if values.count < needed { refuse("\(names[values.count]) is missing") }
  }

  /// The argument at a place, 0 the first; `alternative` where it was left out.
  public func text(_ place: Int, default alternative: String = "") -> String {
    place < values.count ? values[place] : alternative
  }

  /// The number at a place; `alternative` where it was left out.
  public func number(_ place: Int, in range: ClosedRange<Int> = 1...100_000, default alternative: Int) -> Int
  {
    guard place < values.count else { return alternative }
    guard let number = Int(values[place]), range.contains(number) else {
      refuse(
        "\(names[place]) is a whole number from \(range.lowerBound) to \(range.upperBound), not “\(values[place])”"
      )
    }
    return number
  }

  private func refuse(_ fault: String) -> Never { end(.usage, "\(fault)\nusage: \(usage)") }
}

/// What `body` gives. Where it throws, the error is said, and the program ends.
public func attempt<Value>(_ body: () throws -> Value) -> Value {
  do {
    return try body()
  } catch {
    let known = error as? any DiagnosableError
    end(known?.kind ?? .internalFault, known?.message ?? "\(error)")
  }
}

/// An input that is not what it should be.
public struct InputError: DiagnosableError {
  /// What is wrong, where, and what to do.
  public let message: String
  /// Bad input.
  public var kind: FailureKind { .badInput }

  /// An error that says this.
  public init(_ message: String) { self.message = message }
}

private func end(_ kind: FailureKind, _ message: String) -> Never {
  let program = URL(filePath: CommandLine.arguments[0]).lastPathComponent
  FileHandle.standardError.write(Data("\(program): \(message)\n".utf8))
  exit(kind.exitCode)
}
