internal import Tokenization

extension PieceCollection {
  /// Takes the `Program` tokens out of all pieces where they say nothing: in a collection that knows one program only, or only drums.
  /// - Returns: the tokenizer of what the pieces are now.
  mutating func droppingSoleProgram(of tokenizer: REMITokenizer) throws(TokenizationError) -> REMITokenizer {
    guard tokenizer.configuration.instruments == .programs else { return tokenizer }
    var programs: Set<Int> = []
    for piece in pieces {
      programs.formUnion(tokenizer.programs(in: piece.ids))
      if programs.count > 1 { return tokenizer }
    }
    guard let sole = programs.first else { return tokenizer }
    var configuration = tokenizer.configuration
    configuration.instruments = sole == REMITokenizer.drumProgram ? .drums : .single(program: sole)
    let narrow = try REMITokenizer(configuration: configuration)
    let map = tokenizer.idMap(to: narrow)
    replaceIDs { ids in
      ids.compactMap { id in
        let mapped = map[Int(id)]
        return mapped < 0 ? nil : mapped
      }
    }
    return narrow
  }
}
