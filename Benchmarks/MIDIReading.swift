internal import Foundation
internal import Groundwork
internal import MIDI
internal import Music
internal import Notation

/// `benchmarks midi FOLDER`: how many files, and megabytes of them, one thread reads and writes in a second of processor
/// time, the median of the repeats.
func measureMIDIReading(_ arguments: [String]) throws {
  guard let folder = arguments.first, let names = FileManager.default.subpaths(atPath: folder) else {
    FileHandle.standardError.write(Data("usage: benchmarks midi FOLDER\n".utf8))
    exit(64)
  }
  let paths = names.filter { $0.lowercased().hasSuffix(".mid") || $0.lowercased().hasSuffix(".midi") }
    .sorted()
    .map { folder + "/" + $0 }
  let files = try paths.map { (path: $0, bytes: try readFile($0)) }
  try MIDIReadingRow.measure("gruppetto, path to Score", files, repeats: 7) { path, _ in
    try Score.read(midiPath: path).score.noteCount
  }
  try MIDIReadingRow.measure("gruppetto, bytes to Score", files, repeats: 7) { _, bytes in
    try Score(midi: MIDIFile(bytes: bytes)).noteCount
  }
  try MIDIReadingRow.measure("gruppetto, bytes to events", files, repeats: 7) { _, bytes in
    try MIDIFile(bytes: bytes).tracks.count
  }
  let scores = files.compactMap { file in
    (try? Score.read(midiPath: file.path).score).map { (path: file.path, bytes: file.bytes, score: $0) }
  }
  let byPath = Dictionary(uniqueKeysWithValues: scores.map { ($0.path, $0.score) })
  try MIDIReadingRow.measure(
    "gruppetto, Score to bytes", scores.map { (path: $0.path, bytes: $0.bytes) }, repeats: 5
  ) { path, _ in
    try byPath[path].map { try MIDIFile(score: $0).encoded().count } ?? 0
  }
}

/// One line of the result.
private struct MIDIReadingRow: Encodable {
  var peer: String
  var files: Int
  var refused: Int
  var filesPerSecond: Double
  var megabytesPerSecond: Double

  enum CodingKeys: String, CodingKey {
    case peer, files, refused
    case filesPerSecond = "files_per_second"
    case megabytesPerSecond = "mb_per_second"
  }

  static func measure(
    _ name: String, _ files: [(path: String, bytes: [UInt8])], repeats: Int,
    _ work: (String, [UInt8]) throws -> Int
  ) throws {
    var seconds: [Double] = []
    var read = (files: 0, bytes: 0)
    for _ in 0..<repeats {
      read = (0, 0)
      let start = processorTime()
      for (path, bytes) in files where (try? work(path, bytes)) != nil {
        read.files += 1
        read.bytes += bytes.count
      }
      seconds.append(processorTime() - start)
    }
    let median = seconds.sorted()[repeats / 2]
    let row = MIDIReadingRow(
      peer: name, files: files.count, refused: files.count - read.files,
      filesPerSecond: (Double(read.files) / median * 10).rounded() / 10,
      megabytesPerSecond: (Double(read.bytes) / median / 1e4).rounded() / 100)
    print(String(decoding: try JSONFormat.encodeLine(row), as: UTF8.self))
  }

  private static func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
