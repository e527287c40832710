public import Groundwork
internal import Tokenization

extension Corpus {
  /// Writes the splits for other programs: `train.npy`, `valid.npy` and `test.npy`, each one flat array of 32-bit ids with the
  /// pieces one after another, each with the ids that begin and end it, and `vocabulary.json`. The folder is made where it is not there.
  /// - Returns: the paths of the files.
  /// - Throws: `FileError.unwritable`.
  @discardableResult
  public func exportNumPy(to folder: String) throws(FileError) -> [String] {
    try withFolder(folder) { () throws(FileError) in
      var paths: [String] = []
      for split in Split.allCases {
        var flat: [Int32] = []
        flat.reserveCapacity(pieces.reduce(0) { $0 + ($1.split == split ? $1.tokenCount : 0) })
        for piece in pieces(in: split) { flat += idBuffer(ofPiece: piece) }
        let path = "\(folder)/\(split.rawValue).npy"
        try replaceFile(at: path, with: NumPyArray(shape: [flat.count], elements: flat).encoded())
        paths.append(path)
      }
      let path = "\(folder)/vocabulary.json"
      try replaceFile(at: path, with: vocabulary.json())
      return paths + [path]
    }
  }
}
