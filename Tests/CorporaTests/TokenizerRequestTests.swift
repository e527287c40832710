import Corpora
import Music
import TestSupport
import Testing
import Tokenization

@Suite struct TokenizerRequestTests {
  @Test("A request remembers its tokenizer") func aRequestRemembersItsTokenizer() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/request.json"
    let request = CorpusRequest(metre: "3/4", tokenizer: "remi")
    try request.write(to: path)
    let read = try #require(try CorpusRequest(path: path))
    #expect(read == request)
    let configuration = try read.builder(testShare: 0, threadCount: 1).tokenizer
    #expect((configuration as? REMIConfiguration)?.timeSignature == TimeSignature(3, 4))
    #expect(try CorpusRequest().builder(testShare: 0, threadCount: 1).tokenizer.name == "cells")
    #expect(throws: CorpusError.self) {
      try CorpusRequest(tokenizer: "letters").builder(testShare: 0, threadCount: 1)
    }
  }
}
