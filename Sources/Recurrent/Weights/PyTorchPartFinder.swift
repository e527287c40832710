/// Finds the parts of a language model among the tensors of a file that PyTorch wrote.
struct PyTorchPartFinder {
  /// Recurrent layers, whose tensors' names begin with `prefix`.
  struct Recurrent {
    var prefix: String
    var cell: Cell
    var inputSize: Int
    var hiddenSize: Int
    var layerCount: Int

    var name: String { PyTorchPartFinder.name(ofPrefix: prefix) }
  }

  /// A matrix that is no recurrent layer's, of rows × columns.
  struct Matrix {
    var prefix: String
    var rowCount: Int
    var columnCount: Int
    var hasBias: Bool
    /// Whether the matrix is another part's, so that only a bias begins with the prefix.
    var isBorrowed = false

    var name: String { PyTorchPartFinder.name(ofPrefix: prefix) }
  }

  let file: SafetensorsFile

  /// The recurrent layers, those of the name that was given or the only ones.
  func recurrentPart(named name: String?, cell: Cell?) throws(ExchangeError) -> Recurrent {
    let prefixes = file.entries.map(\.name).filter { $0.hasSuffix("weight_ih_l0") }
      .map { String($0.dropLast("weight_ih_l0".count)) }
    let prefix = try choose(
      prefixes, named: name, part: "recurrent layer", option: "recurrent", name: Self.name(ofPrefix:),
      hint: "its first weights should be named weight_ih_l0, as in torch.nn.RNN, LSTM and GRU")
    for entry in file.entries where entry.name.hasPrefix(prefix) {
      if entry.name.hasSuffix("_reverse") {
        throw unsupported(
          "its recurrent layers read the sequence backward too (\(entry.name)), which composing does not allow"
        )
      }
      if entry.name.hasPrefix(prefix + "weight_hr_") {
        throw unsupported("its recurrent layers project their state (\(entry.name)), which is not supported")
      }
    }
    let input = try matrixShape(of: prefix + "weight_ih_l0")
    let state = try matrixShape(of: prefix + "weight_hh_l0")
    var layerCount = 1
    while file.entry(named: "\(prefix)weight_ih_l\(layerCount)") != nil { layerCount += 1 }
    return Recurrent(
      prefix: prefix, cell: try self.cell(rows: state.rows, hiddenSize: state.columns, asked: cell),
      inputSize: input.columns, hiddenSize: state.columns, layerCount: layerCount)
  }

  /// The embeddings of a list of modules, in their order, such as `embedding.0`, `embedding.1`; empty where there is no such
  /// list.
  private func list(among embeddings: [Matrix], named name: String?) -> [Matrix] {
    for first in embeddings where first.prefix.hasSuffix(".0.") {
      let prefix = String(first.prefix.dropLast(2))
      guard name == nil || name == Self.name(ofPrefix: prefix) else { continue }
      var list = [first]
      while let next = embeddings.first(where: { $0.prefix == "\(prefix)\(list.count)." }) {
        list.append(next)
      }
      if list.count > 1 { return list }
    }
    return []
  }

  /// The embedding, those of a context, and the output; embedding and output are one matrix where the file has only that.
  func matrices(
    named names: PyTorchNames, around recurrent: Recurrent
  ) throws(ExchangeError) -> (embedding: Matrix, contexts: [Matrix], output: Matrix) {
    let all = file.entries.compactMap { entry -> Matrix? in
      guard entry.shape.count == 2, entry.name.hasSuffix("weight"), entry.shape.allSatisfy({ $0 > 0 }) else {
        return nil
      }
      let prefix = String(entry.name.dropLast("weight".count))
      return Matrix(
        prefix: prefix, rowCount: entry.shape[0], columnCount: entry.shape[1],
        hasBias: file.entry(named: prefix + "bias") != nil)
    }
    var embeddings = all.filter { $0.columnCount == recurrent.inputSize && !$0.hasBias }
    let list = list(among: embeddings, named: names.embedding)
    var names = names
    if let first = list.first {
      embeddings = [first]
      names.embedding = first.name
    }
    if embeddings.isEmpty || list.isEmpty && names.embedding != nil {
      embeddings = all.filter { $0.columnCount == recurrent.inputSize }
    }
    if let output = names.output, embeddings.count > 1 { embeddings.removeAll { $0.name == output } }
    if embeddings.count > 1, names.embedding == nil {
      // With two matrices of one shape the one that is called so is the embedding.
      let called = embeddings.filter { $0.name.lowercased().contains("emb") || $0.name.hasSuffix("encoder") }
      if called.count == 1 { embeddings = called }
    }
    let embedding = try choose(
      embeddings, named: names.embedding, part: "embedding", option: "embedding", name: \.name,
      hint: "it should be a matrix of \(recurrent.inputSize) columns, the input size of the recurrent layers")
    var outputs = all.filter { $0.columnCount == recurrent.hiddenSize && $0.rowCount == embedding.rowCount }
    outputs.removeAll { output in list.dropFirst().contains { $0.prefix == output.prefix } }
    if names.output == nil, outputs.count > 1 { outputs.removeAll { $0.prefix == embedding.prefix } }
    let output = try choose(
      outputs, named: names.output, part: "output", option: "output-layer", name: \.name,
      hint: "it should be a matrix of \(embedding.rowCount) rows, like the embedding, and "
        + "\(recurrent.hiddenSize) columns, the hidden size of the recurrent layers")
    return (
      embedding, Array(list.dropFirst()),
      output.prefix == embedding.prefix ? borrowing(embedding, around: recurrent) : output
    )
  }

  /// The output that shares the embedding's matrix, whose bias has a name of its own.
  private func borrowing(_ embedding: Matrix, around recurrent: Recurrent) -> Matrix {
    let biases = file.entries.filter {
      $0.name.hasSuffix("bias") && $0.shape == [embedding.rowCount]
        && !($0.name.hasPrefix(recurrent.prefix) && $0.name.contains("bias_"))
    }
    guard biases.count == 1, let bias = biases.first else { return embedding }
    var output = embedding
    output.prefix = String(bias.name.dropLast("bias".count))
    output.isBorrowed = output.prefix != embedding.prefix
    return output
  }

  /// Whether two matrices are one, or have the same numbers.
  func areEqual(_ first: Matrix, _ second: Matrix) throws(ExchangeError) -> Bool {
    guard first.prefix != second.prefix, !second.isBorrowed else { return true }
    guard first.columnCount == second.columnCount else { return false }
    do throws(SafetensorsError) {
      return try file.floats(named: first.prefix + "weight") == file.floats(named: second.prefix + "weight")
    } catch {
      throw .weights(error)
    }
  }

  /// The kind of cell with that many rows for that many units.
  private func cell(rows: Int, hiddenSize: Int, asked: Cell?) throws(ExchangeError) -> Cell {
    let possible = Cell.allCases.filter {
      let cell = $0.implementation
      return cell.exchange?.pytorchModule != nil && rows == cell.gateCount * hiddenSize
    }
    guard let first = possible.first else {
      throw unsupported(
        "its recurrent layers have \(rows) rows for \(hiddenSize) units, which fits no supported cell")
    }
    guard let asked else {
      let written = file.metadata[PyTorchWeights.cellKey].flatMap(Cell.init)
      return written.flatMap { possible.contains($0) ? $0 : nil } ?? first
    }
    guard possible.contains(asked) else {
      throw unsupported(
        "its recurrent layers are of the cell \(possible.map(\.rawValue).joined(separator: " or ")), not \(asked.rawValue)"
      )
    }
    return asked
  }

  private func matrixShape(of name: String) throws(ExchangeError) -> (rows: Int, columns: Int) {
    guard let entry = file.entry(named: name) else {
      throw .weights(.missingTensor(file: file.path, tensor: name))
    }
    guard entry.shape.count == 2, entry.shape.allSatisfy({ $0 > 0 }) else {
      throw unsupported("the tensor \(name) should be a matrix and has the shape \(entry.shape)")
    }
    return (entry.shape[0], entry.shape[1])
  }

  /// The candidate of the name that was given, or the only one.
  private func choose<Candidate>(
    _ candidates: [Candidate], named name: String?, part: String, option: String,
    name nameOf: (Candidate) -> String, hint: String
  ) throws(ExchangeError) -> Candidate {
    let fitting = name.map { name in candidates.filter { nameOf($0) == name } } ?? candidates
    guard let first = fitting.first else {
      let names = candidates.map(nameOf)
      throw .missingPart(
        file: file.path, part: name.map { "\(part) called \($0)" } ?? part,
        hint: names.isEmpty ? hint : "there is \(names.joined(separator: ", "))")
    }
    guard fitting.count == 1 else {
      throw .severalParts(
        file: file.path, part: part, names: fitting.map(nameOf), hint: "choose one with --\(option)")
    }
    return first
  }

  private func unsupported(_ reason: String) -> ExchangeError {
    .unsupported(file: file.path, reason: reason)
  }

  /// What a part is called: its tensors' prefix without the dot.
  static func name(ofPrefix prefix: String) -> String {
    prefix.hasSuffix(".") ? String(prefix.dropLast()) : prefix
  }
}
