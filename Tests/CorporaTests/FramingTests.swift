import Testing
import Tokenization

@testable import Corpora

@Suite struct FramingTests {
  /// Vocabularies whose special ids come first, last, and between others.
  @Test(
    "A piece is framed wherever the ids for its beginning and end stand in the vocabulary",
    arguments: [
      [.padding, .beginning, .end, .pitch, .pitch], [.pitch, .pitch, .end, .beginning],
      [.pitch, .end, .padding, .pitch, .beginning], [.beginning, .end, .pitch],
    ] as [[TokenRole]])
  func aPieceIsFramedWhereverItsFrameStands(roles: [TokenRole]) throws {
    let vocabulary = try Vocabulary(
      configuration: REMIConfiguration(), tokens: roles.indices.map { "\($0)" }, roles: roles)
    let (beginning, end) = (vocabulary.roles.beginning, vocabulary.roles.end)
    func isFramed(_ ids: [Int32]) -> Bool {
      ids.withUnsafeBufferPointer { Corpus.isFramed($0, in: vocabulary) }
    }
    for id in Int32(-1)...Int32(roles.count) {
      let isMusic = roles.indices.contains(Int(id)) && roles[Int(id)] == .pitch
      #expect(isFramed([beginning, id, end]) == isMusic, "id \(id) of \(roles)")
      #expect(!isFramed([id]) && !isFramed([beginning, id]) || id == end)
    }
    #expect(isFramed([beginning, end]) && !isFramed([end, beginning]) && !isFramed([]))
  }
}
