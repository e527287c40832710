internal import Corpora
internal import Foundation
internal import Recurrent
internal import Tokenization

/// The ids of a corpus with what the network is told beside each, as arrays for other programs.
///
///     benchmarks contexts CORPUS FOLDER
///
/// `train.i32` and `valid.i32` have a row for each id: the id, then an index of each feature, −1 for nothing, after that id. `contexts.json` has
/// the size of the vocabulary, the features with their sizes, and the notes of the validation pieces.
func writeContexts(_ arguments: [String]) throws {
  guard arguments.count == 2 else { return printUsage("benchmarks contexts CORPUS FOLDER") }
  let corpus = try Corpus(path: arguments[0]), tokenizer = corpus.tokenizer
  let features = tokenizer.contextFeatures
  try FileManager.default.createDirectory(atPath: arguments[1], withIntermediateDirectories: true)
  for (split, name) in [(Split.train, "train"), (.valid, "valid")] {
    var rows: [Int32] = []
    var row = [Int32](repeating: -1, count: features.count)
    for index in corpus.pieces(in: split) {
      var context = tokenizer.makeContext()
      for id in corpus.ids(ofPiece: index) {
        context?.advance(id)
        context?.write(into: &row)
        rows.append(id)
        rows += row
      }
    }
    try rows.withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: "\(arguments[1])/\(name).i32")) }
  }
  let notes = corpus.pieces(in: .valid).reduce(0) { $0 + corpus.pieces[$1].noteCount }
  let about: [String: Any] = [
    "vocabulary": tokenizer.vocabulary.count, "valid_notes": notes,
    "features": features.map { ["name": $0.name, "count": $0.count] as [String: Any] },
  ]
  try JSONSerialization.data(withJSONObject: about).write(
    to: URL(fileURLWithPath: "\(arguments[1])/contexts.json"))
}
