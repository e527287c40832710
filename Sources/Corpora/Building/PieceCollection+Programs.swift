internal import Tokenization

extension PieceCollection {
  /// Removes the tokens that carry no information in this collection from all pieces, such as the program if there is one only.
  /// - Returns: the tokenizer of what the pieces are now.
  mutating func droppingConstantTokens(
    of tokenizer: any Tokenizer
  ) throws(TokenizationError) -> any Tokenizer {
    guard let narrowing = try tokenizer.narrowing(to: pieces.lazy.map(\.ids)) else { return tokenizer }
    replaceIDs { ids in
      ids.compactMap { id in
        let mapped = narrowing.idMap[Int(id)]
        return mapped < 0 ? nil : mapped
      }
    }
    return narrowing.tokenizer
  }
}
