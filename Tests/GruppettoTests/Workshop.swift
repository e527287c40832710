import Foundation
import Groundwork
import TestSupport

/// A folder with some music, and the program to work on it.
final class Workshop: Sendable {
  let folder: TemporaryFolder
  let program = Program()

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.file("tunes"), withIntermediateDirectories: true)
    // A tune of two bars, for what takes long in a debug build: a single voice, as MIDI can hold it.
    try replaceFile(
      at: folder.file("short.abc"), with: "X:1\nT:Short\nM:4/4\nL:1/4\nQ:1/4=240\nK:C\nCEGE|DFAc|]\n")
    for number in 1...12 {
      try replaceFile(at: folder.file("tunes/tune\(number).abc"), with: Self.tune(number))
    }
  }

  /// A path in the folder.
  func callAsFunction(_ name: String) -> String { folder.file(name) }

  /// Runs the program in the folder.
  @discardableResult
  func run(
    _ arguments: [String], environment: [String: String] = [:], input: Data? = nil
  ) throws -> Program.Outcome {
    try program.run(arguments, environment: environment, input: input, folder: folder.path)
  }

  /// Runs a line of shell in the folder, for what only a redirection can bring about.
  func shell(_ line: String) throws -> Program.Outcome {
    try Program(path: "/bin/sh").run(["-c", line], folder: folder.path)
  }

  /// The names in a folder of the workshop, sorted.
  func names(in folder: String = ".") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: self.folder.file(folder)).sorted()
  }

  /// The content of a file of the workshop.
  func bytes(_ name: String) throws -> [UInt8] { try readFile(folder.file(name)) }

  /// Whether the workshop has a file of this name.
  func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder.file(name)) }

  /// The options that make training take a second: a small network.
  static let quick = [
    "--layers", "1", "--hidden", "24", "--embedding", "16", "--batch", "4", "--truncation", "32", "--threads",
    "1",
  ]

  private static func tune(_ number: Int) -> String {
    let scale = ["C", "D", "E", "F", "G", "A", "B", "c", "d", "e"]
    let bars = (0..<16).map { bar in
      (0..<8).map { scale[($0 * (number % 4 + 1) + bar * (number % 3 + 2) + number) % scale.count] }.joined()
    }
    return "X:\(number)\nT:Tune \(number)\nM:4/4\nL:1/8\nQ:1/4=110\nK:C\n\"C\" " + bars.joined(separator: "|")
      + "|]\n"
  }
}
