public import Corpora

extension TrainingPieces {
  /// The training and validation splits of a corpus.
  ///
  /// - Parameter name: What to call it; the name of its folder unless told otherwise.
  public init(corpus: Corpus, name: String? = nil) {
    self.init(
      name: name ?? Self.name(of: corpus), fingerprint: corpus.fingerprint, tokenizer: corpus.tokenizer,
      training: corpus.pieces(in: .train).map { corpus.ids(ofPiece: $0) },
      validation: corpus.pieces(in: .valid).map { corpus.ids(ofPiece: $0) })
  }

  /// The name of the folder that a corpus is in.
  private static func name(of corpus: Corpus) -> String {
    let parts = corpus.path.split(separator: "/")
    return (parts.last == Substring(Corpus.fileName) ? parts.dropLast() : parts[...]).last.map(String.init)
      ?? "corpus"
  }
}
