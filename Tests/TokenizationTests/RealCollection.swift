internal import Foundation
import Music
import Notation
import TestSupport
import Testing

/// A folder of real MIDI files, and how many of them stand for the rest when not all are wanted.
enum RealCollection: String, CaseIterable, CustomTestStringConvertible, Sendable {
  case nottingham = "nottingham/midi"
  case pop909
  case multitrack
  case groove

  /// Whether every file is wanted (`GRUPPETTO_TEST_ALL=1`); it takes minutes.
  static let takesAll = ProcessInfo.processInfo.environment["GRUPPETTO_TEST_ALL"] == "1"

  var testDescription: String { rawValue }

  /// Every how many files one is taken.
  private var stride: Int {
    switch self {
    case .nottingham: 20
    case .pop909: 50
    case .multitrack: 3
    case .groove: 20
    }
  }

  /// The files to test with, evenly spread over the sorted list.
  func paths(every factor: Int = 1) -> [String] {
    let all = SharedData.files(under: rawValue, suffix: ".mid")
    guard !Self.takesAll else { return all }
    return all.indices.filter { $0 % (stride * factor) == 0 }.map { all[$0] }
  }

  /// The score of a file.
  func score(_ path: String) throws -> Score { try Score.read(midiPath: path).score }
}
