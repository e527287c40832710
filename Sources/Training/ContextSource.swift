/// What tells a network more than the ids of a piece: its context, an index of each of several features.
///
/// What is told of an id is concluded from the piece up to it, and so it is read along with the piece, from its beginning.
public protocol ContextSource: Sendable {
  /// How many features there are, `C`.
  var featureCount: Int { get }
  /// What reads a piece, before its first id.
  func makeReader() -> any ContextReader
  /// What reads a certain piece, before its first id, where what is told depends on the piece as a whole.
  /// - Parameters:
  ///   - number: Which of the pieces it is.
  ///   - ids: Its ids.
  func makeReader(ofPiece number: Int, ids: UnsafeBufferPointer<Int32>) -> any ContextReader
}

extension ContextSource {
  /// What reads any piece.
  public func makeReader(ofPiece number: Int, ids: UnsafeBufferPointer<Int32>) -> any ContextReader {
    makeReader()
  }
}

/// Reads one piece and tells what a network is told beside each of its ids. It is a value: a copy continues by itself.
public protocol ContextReader: Sendable {
  /// Takes the next id of the piece.
  mutating func advance(_ id: Int32)
  /// Writes what the network is told beside the last id: one index for each feature, −1 for nothing. `features` has one
  /// element for each; nothing is allocated.
  func write(into features: inout [Int32])
}

/// Reads pieces wherever a stream of training goes on in them.
package struct ContextCursor: Sendable {
  private let source: any ContextSource
  private var reader: any ContextReader
  /// Which piece is read, and how many of its ids have been.
  private var piece = -1
  private var position = 0
  private var features: [Int32]

  /// A cursor that has read nothing.
  package init(_ source: any ContextSource) {
    self.source = source
    reader = source.makeReader()
    features = Array(repeating: -1, count: source.featureCount)
  }

  /// Goes to a place in a piece, so that the id at `position` is read next. What is before it in the piece is read, unless
  /// the cursor is there.
  /// - Parameters:
  ///   - piece: what tells the piece from others.
  ///   - position: how many ids of the piece are before the place.
  ///   - reader: what reads the piece from its beginning, where that is another than the source makes.
  ///   - id: the ids of the piece.
  package mutating func seek(
    piece: Int, position: Int, reader other: () -> (any ContextReader)? = { nil }, id: (_ index: Int) -> Int32
  ) {
    if piece != self.piece || position < self.position {
      reader = other() ?? source.makeReader()
      self.piece = piece
      self.position = 0
    }
    while self.position < position {
      reader.advance(id(self.position))
      self.position += 1
    }
  }

  /// Lets the next piece be read from its beginning, even if it is called as the last one.
  package mutating func forget() { piece = -1 }

  /// Reads the next id of the piece.
  /// - Returns: what the network is told beside it.
  package mutating func read(_ id: Int32) -> [Int32] {
    reader.advance(id)
    reader.write(into: &features)
    position += 1
    return features
  }
}
