import Music
import Recurrent
import TestSupport
import Testing
import Tokenization

@testable import Composing

@Suite struct FingerprintTests {
  @Test("A model has the fingerprint of its copy, wherever it is") func aModelHasTheFingerprintOfItsCopy()
    throws
  {
    let folder = try TemporaryFolder()
    let model = try ComposerTests.untrainedModel()
    #expect(model.fingerprint.count == 16 && model.fingerprint == model.fingerprint)
    for name in ["one", "two"] {
      try model.write(to: folder.file(name), program: name)
      #expect(try MusicModel(path: folder.file(name)).fingerprint == model.fingerprint)
    }
  }

  @Test("One weight or one setting of the tokenizer makes another model")
  func oneWeightOrOneSettingMakesAnotherModel() throws {
    let model = try ComposerTests.untrainedModel()
    let before = model.fingerprint
    try ComposerTests.setOutputBias(of: model, id: 5, to: 0.25)
    #expect(model.fingerprint != before)
    var configuration = CellsConfiguration()
    configuration.longestLength = 12
    configuration.velocityCount = 1
    configuration.parts = [.init(role: .melody, program: 73)]
    configuration.tempo = 500_000
    let slow = try ComposerTests.model(configuration)
    configuration.tempo = 400_000
    let fast = try ComposerTests.model(configuration)
    // What both know as a constant is no token, so that the networks are alike.
    #expect(slow.tokenizer.vocabulary.tokens == fast.tokenizer.vocabulary.tokens)
    #expect(slow.fingerprint != fast.fingerprint)
  }
}
