public import Corpora
internal import Training

extension TrainingPieces {
  /// The training and validation splits of a corpus, read from its file where they are.
  ///
  /// - Parameter corpus: The corpus.
  /// - Parameter name: What to call it; the name of its folder by default.
  public init(corpus: Corpus, name: String? = nil) {
    self.init(
      name: name ?? Self.name(of: corpus), fingerprint: corpus.fingerprint, tokenizer: corpus.tokenizer,
      training: Self.ids(of: corpus, in: .train), validation: Self.ids(of: corpus, in: .valid))
  }

  private static func ids(of corpus: Corpus, in split: Split) -> PieceIDs {
    PieceIDs(corpus.ids, ranges: corpus.pieces(in: split).map { corpus.pieces[$0].ids }, owner: corpus)
  }

  /// The name of the folder that a corpus is in.
  private static func name(of corpus: Corpus) -> String {
    let parts = corpus.path.split(separator: "/")
    return (parts.last == Substring(Corpus.fileName) ? parts.dropLast() : parts[...]).last.map(String.init)
      ?? "corpus"
  }
}
