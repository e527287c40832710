/// What a piece is for.
public enum Split: String, Sendable, Hashable, Codable, CaseIterable {
  /// The network learns from it.
  case train
  /// Tells while training how well the network does on music that it has not seen.
  case valid
  /// Kept for the last word.
  case test
}

/// How much of a collection is set aside.
public struct SplitFractions: Sendable, Hashable {
  /// The share of the pieces for validation, 0..<1.
  public var valid: Double
  /// The share of the pieces for the test, 0..<1.
  public var test: Double

  /// Fractions; a tenth each by default.
  public init(valid: Double = 0.1, test: Double = 0.1) {
    self.valid = valid
    self.test = test
  }

  func validate() throws(CorpusError) {
    guard valid >= 0, test >= 0, valid + test < 1 else {
      throw .invalidFractions(valid: valid, test: test)
    }
  }

  /// The split of a piece whose content has this hash. It depends on nothing else, so that a piece stays where it is when
  /// others join the collection, and the validation pieces stay when the test fraction changes.
  func split(ofHash hash: UInt64) -> Split {
    let share = Double(hash >> 11) * 0x1p-53
    return share < valid ? .valid : share < valid + test ? .test : .train
  }

  /// The split of each piece. If there is a fraction for validation but no piece falls into it, the piece of lowest hash goes
  /// there; where none is left for training, the piece of highest hash stays.
  func splits(ofHashes hashes: [UInt64]) -> [Split] {
    var splits = hashes.map(split(ofHash:))
    guard hashes.count > 1 else { return splits.map { _ in .train } }
    let ascending = hashes.indices.sorted { (hashes[$0], $0) < (hashes[$1], $1) }
    if valid > 0, !splits.contains(.valid) { splits[ascending[0]] = .valid }
    if !splits.contains(.train) { splits[ascending[ascending.count - 1]] = .train }
    return splits
  }
}
