import Foundation
import Groundwork
import TestSupport
import Testing

/// What `train` is told reaches the training, or is refused.
@Suite struct TrainingOptionsTests {
  let workshop: Workshop

  init() throws { workshop = try Workshop() }

  private func train(_ arguments: [String], to model: String = "model") throws -> Program.Outcome {
    try workshop.run(["train", "tunes", "-o", model, "--steps", "3", "--quiet"] + Workshop.quick + arguments)
  }

  private func settings(_ model: String = "model") throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(workshop.bytes("\(model)/model.json")))
    return try #require(
      ((object as? [String: Any])?["settings"] as? [String: Any])?["training"] as? [String: Any])
  }

  @Test("Every option is a setting of the model") func everyOptionIsASettingOfTheModel() throws {
    let outcome = try train([
      "--optimizer", "sgd", "--momentum", "0.8", "--nesterov", "--weight-decay", "0.001", "--schedule",
      "step",
      "--warm-up", "0.2", "--final-factor", "0.1", "--fall-factor", "0.3", "--fall-interval", "0.5", "--clip",
      "none", "--clip-value", "0.25", "--accumulate", "2", "--average", "0.9",
    ])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let settings = try settings()
    let optimizer = try #require(settings["optimizer"] as? [String: Any])
    #expect(optimizer["rule"] as? String == "sgd" && optimizer["momentum"] as? Double == 0.8)
    #expect(optimizer["isNesterov"] as? Bool == true && optimizer["weightDecay"] as? Double == 0.001)
    let schedule = try #require(settings["schedule"] as? [String: Any])
    #expect(schedule["shape"] as? String == "step" && schedule["warmUp"] as? Double == 0.2)
    #expect(schedule["finalFactor"] as? Double == 0.1 && schedule["factor"] as? Double == 0.3)
    #expect(schedule["interval"] as? Double == 0.5)
    #expect(settings["clipNorm"] == nil && settings["clipValue"] as? Double == 0.25)
    #expect(settings["accumulation"] as? Int == 2 && settings["averageDecay"] as? Double == 0.9)
    // Resumed, it is the same training: what is said again must be the same.
    #expect(try train(["--resume", "--average", "0.9"]).exitCode == 0)
    let changed = try train(["--resume", "--average", "0.8"])
    #expect(changed.exitCode == 64 && changed.errors.contains("uses its own settings"), "\(changed.errors)")
  }

  @Test(
    "Every constant of an optimizer can be set",
    arguments: [
      (
        [
          "--optimizer", "rmsprop", "--smoothing", "0.95", "--centered", "--epsilon", "1e-6", "--momentum",
          "0.3",
        ],
        #"{"epsilon":1e-06,"isCentred":true,"momentum":0.3,"rule":"rmsprop","smoothing":0.95,"weightDecay":0}"#
      ),
      (
        ["--beta1", "0.8", "--beta2", "0.99", "--epsilon", "1e-7"],
        #"{"beta1":0.8,"beta2":0.99,"epsilon":1e-07,"rule":"adamw","weightDecay":0.01}"#
      ),
      (
        ["--optimizer", "adam", "--beta2", "0.95"],
        #"{"beta1":0.9,"beta2":0.95,"epsilon":1e-08,"rule":"adam","weightDecay":0}"#
      ),
    ])
  func everyConstantOfAnOptimizerCanBeSet(arguments: [String], json: String) throws {
    let outcome = try train(arguments)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let wanted = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? NSDictionary
    #expect(try settings()["optimizer"] as? NSDictionary == wanted)
    #expect(try train(["--resume"] + arguments).exitCode == 0)
  }

  @Test(
    "Invalid settings are refused",
    arguments: [
      (
        ["--momentum", "0.5"],
        "--momentum is an option of sgd and rmsprop, but the optimizer is adamw; it takes --beta1, --beta2, --epsilon and "
          + "--weight-decay"
      ),
      (["--nesterov"], "--nesterov is an option of sgd, but the optimizer is adamw"),
      (["--optimizer", "rmsprop", "--nesterov"], "--nesterov is an option of sgd"),
      (["--optimizer", "rmsprop", "--beta2", "0.9"], "--beta2 is an option of adam and adamw"),
      (["--optimizer", "adam", "--smoothing", "0.9"], "--smoothing is an option of rmsprop"),
      (["--optimizer", "sgd", "--epsilon", "1e-6"], "--epsilon is an option of rmsprop, adam and adamw"),
      (["--no-centered"], "--centered is an option of rmsprop"),
      (["--beta1", "1"], "--beta1 (optimizer.beta1) is 1.0"), (["--beta2", "nan"], "--beta2"),
      (["--epsilon", "0"], "--epsilon (optimizer.epsilon) is 0.0"),
      (["--optimizer", "rmsprop", "--smoothing=-0.1"], "--smoothing"),
      (["--optimizer", "sgd", "--momentum", "0", "--nesterov"], "momentum"),
      (["--optimizer", "lion"], "lion"),
      (["--schedule", "cosine", "--fall-patience", "2"], "schedule.patience"),
      (["--fall-interval", "0.5"], "schedule.interval"),
      (["--schedule", "exponential", "--final-factor", "0"], "schedule.finalFactor"),
      (["--clip", "0"], "clipNorm"), (["--clip", "much"], "much"), (["--clip-value=-1"], "clipValue"),
      (["--accumulate", "0"], "accumulation"), (["--average", "1"], "averageDecay"),
      (["--weight-decay=-1"], "weightDecay"), (["--weight-decay", "inf"], "and finite"),
      (["--clip", "1e-60"], "--clip"), (["--clip-value", "1e-60"], "--clip-value"),
      (["--fall-factor", "0.5"], "--fall-factor"),
      (["--hidden", "8192", "--layers", "32"], "the memory that this training needs"),
      (["--warm-up", "1"], "schedule.warmUp"),
      (["--validation-tokens", "0"], "--validation-tokens (validationTokens) is 0"),
      (["--validation-tokens", "-5"], "--validation-tokens (validationTokens) is -5"),
      (["--validation-tokens", "half"], "half"),
      (["--valid", "nan"], "--valid is a part"), (["--test=-0.5"], "--test is a part"),
      (["--valid", "0.5", "--test", "0.5"], "leave nothing for training"),
    ])
  func invalidSettingsAreRefused(arguments: [String], reason: String) throws {
    let outcome = try train(arguments)
    #expect(outcome.exitCode == 64 && outcome.errors.contains(reason), "\(outcome.errors)")
    #expect(!workshop.has("model"))
  }

  @Test("A validation may read a part of the split") func aValidationMayReadAPartOfTheSplit() throws {
    let part = try train(["--validation-tokens", "1", "--valid", "0.5", "--json"], to: "part")
    let all = try train(["--validation-tokens", "none", "--valid", "0.5", "--json"], to: "all")
    let read = try #require(part.json()["validationTokens"] as? Int)
    #expect(try read > 1 && read < #require(all.json()["validationTokens"] as? Int) / 2)
    #expect(try settings("part")["validationTokens"] as? Int == 1)
    #expect(try settings("all")["validationTokens"] == nil)
    #expect(try !workshop.bytes("part/history.jsonl").isEmpty)
  }

  @Test("Corpus settings are given where one is built") func corpusSettingsAreGivenWhereOneIsBuilt() throws {
    #expect(try train(["--valid", "0.3"]).exitCode == 0)
    #expect(try train(["--resume", "--valid", "0.3"]).exitCode == 0)
    let resumed = try train(["--resume", "--valid", "0.2"])
    #expect(resumed.exitCode == 64 && resumed.errors.contains("uses its own corpus"), "\(resumed.errors)")
    #expect(try train(["--overwrite", "--valid", "0.2"]).exitCode == 0)
    #expect(try train(["--resume", "--valid", "0.2"]).exitCode == 0)
    let planned = try train(["--resume", "--valid", "0.4", "--dry-run"])
    #expect(planned.exitCode == 64 && planned.errors.contains("uses its own corpus"), "\(planned.errors)")

    try workshop.run(["corpus", "build", "tunes", "-o", "tunes.corpus", "--quiet"])
    let ready = try workshop.run(["train", "tunes.corpus", "-o", "other", "--valid", "0.3"] + Workshop.quick)
    #expect(ready.exitCode == 64 && ready.errors.contains("is already a corpus"), "\(ready.errors)")
    let mixed = try workshop.run(["train", "tunes", "tunes.corpus", "-o", "other"] + Workshop.quick)
    #expect(
      mixed.exitCode == 64 && mixed.errors.contains("cannot be combined with other music"), "\(mixed.errors)")
    #expect(!workshop.has("other"))
  }

  @Test("A run that diverges says what to lower and keeps its checkpoint")
  func aRunThatDivergesSaysWhatToLowerAndKeepsItsCheckpoint() throws {
    let outcome = try train([
      "--optimizer", "sgd", "--learning-rate", "1e38", "--schedule", "constant", "--steps", "30",
    ])
    #expect(outcome.exitCode == 65)
    #expect(outcome.errors.contains("at step"), "\(outcome.errors)")
    #expect(
      outcome.errors.contains("--overwrite and a lower --learning-rate than 1e+38"), "\(outcome.errors)")
    #expect(workshop.has("model/training.safetensors"))
  }
}
