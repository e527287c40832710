import Composing
import Corpora
import Foundation
import Groundwork
import Recurrent
import TestSupport
import Testing
import Tokenization
import Training

/// A training from music to a model, without a command line.
@Suite struct TrainingProjectTests {
  let folder: TemporaryFolder
  let music: String

  init() throws {
    folder = try TemporaryFolder()
    music = folder.file("music")
    try makeFolder(music)
    let scale = Array("CDEFGABcde").map(String.init)
    for number in 1...10 {
      let bars = (0..<24).map { bar in
        (0..<8).map { scale[($0 * (number % 4 + 1) + bar * (number % 3 + 2) + number) % scale.count] }
          .joined()
      }
      try replaceFile(
        at: music + "/\(number).abc", with: "X:1\nM:4/4\nL:1/8\nK:C\n" + bars.joined(separator: "|") + "|]\n")
    }
  }

  static let preset = ModelPreset(
    network: LanguageModelShape(embeddingSize: 8, hiddenSize: 16, layerCount: 1),
    training: TrainingConfiguration(budget: .steps(6), learningRate: 1e-2, batchSize: 4, truncationLength: 16)
  )

  private func project(
    _ name: String = "model", music: [String]? = nil, existing: MusicTraining.ExistingModel = .refuse,
    request: CorpusRequest = CorpusRequest()
  ) throws -> TrainingProject {
    try TrainingProject(
      path: folder.file(name), music: music ?? [self.music], existing: existing, request: request)
  }

  private func settings(
    of project: TrainingProject, preset: String? = nil, change: (inout ModelPreset) throws -> Void = { _ in }
  ) throws -> ModelPreset {
    try project.settings(preset: preset, chosen: { Self.preset }, change: change)
  }

  @discardableResult
  private func train(
    _ project: TrainingProject, cancellation: Cancellation = Cancellation()
  ) throws -> TrainingProject {
    var project = project
    try project.prepare(
      preset: "tiny", settings: settings(of: project), program: "test 1", cancellation: cancellation)
    _ = try project.run(cancellation: cancellation)
    return project
  }

  private func expectProblem(_ body: () throws -> Void, _ isExpected: (ComposingError) -> Bool) throws {
    do {
      try body()
      Issue.record("nothing was refused")
    } catch let error as ComposingError {
      #expect(isExpected(error), "\(error.message)")
    }
  }

  @Test("A project keeps others out from its first file to its last, and takes away nothing of theirs")
  func aProjectKeepsOthersOut() throws {
    var first = try project()
    var second = try project()
    let settings = try settings(of: first)
    try first.prepare(preset: "tiny", settings: settings, program: "test 1")
    try expectProblem {
      try second.prepare(preset: "tiny", settings: settings, program: "test 1")
    } _: {
      if case .file(.busy) = $0 { true } else { false }
    }
    #expect(fileExists(folder.file("model/model.json")))
    _ = try first.run()
    #expect(fileExists(folder.file("model/model.safetensors")))
    // What a user calls a folder is not ours to remove.
    try makeFolder(folder.file("model/replacement"))
    try replaceFile(at: folder.file("model/replacement/drum.txt"), with: "mine")
    try train(project(existing: .overwrite))
    #expect(fileExists(folder.file("model/replacement/drum.txt")))
  }

  @Test("Music becomes a model, and its training is resumed by its folder alone")
  func musicBecomesAModel() throws {
    let made = try train(project(request: CorpusRequest(valid: 0.3)))
    #expect(made.beginning == .anew && made.built != nil && made.isNew)
    let request = folder.file("model/corpus/request.json")
    #expect(try CorpusRequest(path: request) == CorpusRequest(valid: 0.3, tokenizer: "cells"))
    let resumed = try train(project(existing: .resume))
    #expect(resumed.beginning == .checkpoint && resumed.built == nil && !resumed.isNew)
    #expect(throws: Never.self) { try MusicModel(path: folder.file("model")) }
  }

  @Test("A training that is resumed keeps its settings and its corpus")
  func aTrainingThatIsResumedKeepsItsSettingsAndItsCorpus() throws {
    try train(project())
    let resumed = try project(existing: .resume)
    #expect(try settings(of: resumed) == Self.preset)
    try expectProblem({ _ = try settings(of: resumed) { $0.training.seed = 9 } }) {
      if case .settingsKept = $0 { true } else { false }
    }
    try expectProblem({ try train(project(existing: .resume, request: CorpusRequest(valid: 0.4))) }) {
      if case .corpusKept = $0 { true } else { false }
    }
    try replaceFile(at: music + "/11.abc", with: "X:1\nK:C\nCDEF|\n")
    try expectProblem({ try train(project(existing: .resume)) }) {
      if case .corpusChanged = $0 { true } else { false }
    }
    try expectProblem({ _ = try project() }) { $0.remedies.contains(.overwrite) }
  }

  @Test("A corpus that is ready is trained on where it is, and alone") func aReadyCorpusIsTrainedOn() throws {
    let ready = folder.file("ready")
    try CorpusBuilder().build(from: [music], to: ready)
    try train(project(music: [ready]))
    #expect(!Corpus.exists(at: folder.file("model/corpus")))
    try expectProblem({ try train(project("b", music: [ready, music])) }) {
      if case .readyCorpus(ready, isAlone: false) = $0 { true } else { false }
    }
    try expectProblem({ try train(project("c", music: [ready], request: CorpusRequest(valid: 0.2))) }) {
      if case .readyCorpus(ready, isAlone: true) = $0 { true } else { false }
    }
    #expect(
      try names(inFolder: folder.path) == ["model", "music", "ready"], "nothing is left of what failed")
  }

  @Test("A plan leaves nothing behind") func aPlanLeavesNothingBehind() throws {
    var project = try project()
    let plan = try project.plan(settings(of: project))
    #expect(plan.parameters > 0 && plan.peakMemory > 0 && plan.machineMemory > 0)
    #expect(try names(inFolder: folder.path) == ["music"])
  }

  @Test("What the machine cannot hold is refused before anything is read") func whatTheMachineCannotHold()
    throws
  {
    var vast = Self.preset
    vast.network.hiddenSize = 8192
    vast.network.embeddingSize = 8192
    vast.network.layerCount = 32
    var project = try project(music: [folder.file("absent")])
    try expectProblem({ try project.prepare(preset: "vast", settings: vast, program: "test 1") }) {
      $0.setting?.name.contains("memory") == true
    }
    #expect(!fileExists(folder.file("model")))
  }

  @Test("A project that fails leaves the model as it was") func aProjectThatFailsLeavesTheModel() throws {
    try train(project())
    let before = try names(inFolder: folder.file("model"))
    let weights = try readFile(folder.file("model/model.safetensors"))
    #expect(throws: (any Error).self) {
      try train(project(music: [folder.file("absent")], existing: .overwrite))
    }
    let cancellation = Cancellation()
    cancellation.request()
    #expect(throws: CorpusError.cancelled) {
      try train(project(existing: .overwrite), cancellation: cancellation)
    }
    #expect(try names(inFolder: folder.file("model")) == before)
    #expect(try readFile(folder.file("model/model.safetensors")) == weights)
    let replaced = try train(project(existing: .overwrite, request: CorpusRequest(valid: 0.2)))
    #expect(replaced.workingFolder == replaced.folder)
    #expect(try names(inFolder: folder.file("model")) == before)
    #expect(
      try CorpusRequest(path: folder.file("model/corpus/request.json"))
        == CorpusRequest(valid: 0.2, tokenizer: "cells"))
  }

  @Test("A training whose request names no tokenizer keeps the one that it was begun with")
  func aRequestWithoutATokenizerKeepsItsOwn() throws {
    try train(project(request: CorpusRequest(valid: 0.3, tokenizer: "remi")))
    // Earlier versions named the tokenizer only where it was asked for.
    let path = folder.file("model/corpus/request.json")
    try CorpusRequest(valid: 0.3).write(to: path)
    for request in [
      CorpusRequest(), CorpusRequest(valid: 0.3), CorpusRequest(valid: 0.3, tokenizer: "remi"),
    ] {
      let resumed = try train(project(existing: .resume, request: request))
      #expect(resumed.beginning == .checkpoint && resumed.built == nil)
    }
    try expectProblem({
      try train(project(existing: .resume, request: CorpusRequest(valid: 0.3, tokenizer: "cells")))
    }) {
      if case .corpusKept = $0 { true } else { false }
    }
    #expect(try MusicModel(path: folder.file("model")).tokenizer.vocabulary.configuration.name == "remi")
  }

  @Test("A damaged request is named") func aDamagedRequestIsNamed() throws {
    try train(project())
    let path = folder.file("model/corpus/request.json")
    try replaceFile(at: path, with: "{")
    do {
      try train(project(existing: .resume))
      Issue.record("a damaged request was read")
    } catch let error as CorpusError {
      #expect(error.kind == .badInput && error.file == path)
    }
  }
}
