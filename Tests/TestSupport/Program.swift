public import Foundation

/// A program of this package, run as a user runs it.
public struct Program: Sendable {
  /// Where the build put it.
  public let path: String

  /// The product of this name that was built beside the tests; for gruppetto another one, where `GRUPPETTO_TEST_PROGRAM` names it, such
  /// as that of a build for release.
  public init(_ name: String = "gruppetto") {
    if name == "gruppetto", let other = ProcessInfo.processInfo.environment["GRUPPETTO_TEST_PROGRAM"] {
      path = other
      return
    }
    path = Self.productsFolder.appending(path: name).path
  }

  /// The program at this path.
  public init(path: String) { self.path = path }

  /// Whether a program of this name is on the search path.
  public static func isOnPath(_ name: String) -> Bool {
    let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    return folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
  }

  /// What a run left behind.
  public struct Outcome: Sendable {
    /// The exit code; the negative signal number where a signal ended it.
    public var exitCode: Int32
    /// Standard output.
    public var output: String
    /// Standard error.
    public var errors: String

    /// The one JSON object on standard output.
    public func json() throws -> [String: Any] {
      let value = try JSONSerialization.jsonObject(with: Data(output.utf8))
      return value as? [String: Any] ?? [:]
    }

    /// The lines on standard error that are not empty.
    public var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
  }

  /// Runs it to its end.
  @discardableResult
  public func run(
    _ arguments: [String], environment: [String: String] = [:], input: Data? = nil, folder: String? = nil
  ) throws -> Outcome {
    let running = try start(arguments, environment: environment, input: input, folder: folder)
    return running.wait()
  }

  /// Starts it; the caller may signal it before waiting.
  public func start(
    _ arguments: [String], environment: [String: String] = [:], input: Data? = nil, stream: FileHandle? = nil,
    folder: String? = nil
  ) throws -> Running {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    // What is rendered does not depend on the banks that the machine has.
    process.environment = ["GRUPPETTO_SOUND": "builtin"].merging(ProcessInfo.processInfo.environment) { $1 }
      .merging(environment) { $1 }
    if let folder { process.currentDirectoryURL = URL(filePath: folder) }
    let scratch = try TemporaryFolder()
    let (output, errors) = (scratch.file("output"), scratch.file("errors"))
    for file in [output, errors] { try Data().write(to: URL(filePath: file)) }
    process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
    process.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
    if let input {
      let file = scratch.file("input")
      try input.write(to: URL(filePath: file))
      process.standardInput = try FileHandle(forReadingFrom: URL(filePath: file))
    } else {
      process.standardInput = stream ?? FileHandle.nullDevice
    }
    try process.run()
    return Running(process: process, output: output, errors: errors, scratch: scratch)
  }

  /// A running program.
  public struct Running {
    /// The process.
    public let process: Process
    let output: String
    let errors: String
    let scratch: TemporaryFolder

    /// Sends it a signal.
    public func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// What it has written to standard error so far.
    public var errorsSoFar: String { text(errors) }

    /// Waits until it has written this to standard error.
    /// - Returns: false if it has ended, or a minute has passed, without.
    public func waitForErrors(_ part: String) -> Bool {
      let deadline = Date() + 60
      while Date() < deadline {
        let isRunning = process.isRunning
        if errorsSoFar.contains(part) { return true }
        guard isRunning else { return false }
        usleep(20_000)
      }
      return false
    }

    private func text(_ path: String) -> String {
      String(decoding: (try? Data(contentsOf: URL(filePath: path))) ?? Data(), as: UTF8.self)
    }

    /// Waits for its end.
    public func wait() -> Outcome {
      process.waitUntilExit()
      let code = process.terminationStatus
      let isSignal = process.terminationReason == .uncaughtSignal
      return Outcome(exitCode: isSignal ? -code : code, output: text(output), errors: text(errors))
    }
  }

  private static let productsFolder: URL = {
    let runner = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    if FileManager.default.fileExists(atPath: runner.appending(path: "gruppetto").path) { return runner }
    let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return checkout.appending(path: ".build/debug")
  }()
}
