internal import Foundation
internal import Music
internal import Notation
internal import Tokenization

/// `benchmarks tokens FOLDER`: how many files one thread encodes and decodes in a second of processor time, reading not counted.
func measureTokens(_ arguments: [String]) throws {
  guard let folder = arguments.first, let names = FileManager.default.subpaths(atPath: folder) else {
    FileHandle.standardError.write(Data("usage: benchmarks tokens FOLDER\n".utf8))
    exit(64)
  }
  let scores = names.filter { $0.lowercased().hasSuffix(".mid") || $0.lowercased().hasSuffix(".midi") }
    .sorted().compactMap { try? Score.read(midiPath: folder + "/" + $0).score }
  let tokenizer = try REMITokenizer()
  let encodings = scores.compactMap { try? tokenizer.encode($0) }
  let ids = encodings.reduce(0) { $0 + $1.ids.count }
  let encoding = medianProcessorSeconds { for score in scores { _ = try? tokenizer.encode(score) } }
  let decoding = medianProcessorSeconds {
    for encoding in encodings { _ = try? tokenizer.decode(encoding.ids) }
  }
  let row = TokensRow(
    peer: "gruppetto", tokenization: "REMI", files: encodings.count, ids: ids,
    encodeFilesPerSecond: (Double(encodings.count) / encoding).rounded(),
    encodeIdsPerSecond: (Double(ids) / encoding).rounded(),
    decodeFilesPerSecond: (Double(encodings.count) / decoding).rounded())
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting = .sortedKeys
  print(String(decoding: try encoder.encode(row), as: UTF8.self))
}

/// One line of the result, in the fields of the peers' script.
private struct TokensRow: Encodable {
  var peer: String
  var tokenization: String
  var files: Int
  var ids: Int
  var encodeFilesPerSecond: Double
  var encodeIdsPerSecond: Double
  var decodeFilesPerSecond: Double
}

/// The median over seven repeats.
private func medianProcessorSeconds(_ work: () -> Void) -> Double {
  let seconds = (0..<7).map { _ in
    let start = clock()
    work()
    return Double(clock() - start) / Double(CLOCKS_PER_SEC)
  }
  return seconds.sorted()[3]
}
