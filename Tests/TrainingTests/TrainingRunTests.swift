import Arithmetic
import Foundation
import Groundwork
import Recurrent
import TestSupport
import Testing
import Training

@Suite struct TrainingRunTests {
  static let pattern: [Int32] = [1, 4, 5, 4, 6, 7, 4, 5, 3, 2]
  static let network = LanguageModelConfiguration(
    cell: .gru, vocabularySize: 8, embeddingSize: 6, hiddenSize: 12, layerCount: 2, dropout: 0.1)

  /// A run in `folder`, on the pattern, of `steps` updates.
  func makeRun(
    in folder: TemporaryFolder, steps: Int = 40, resuming: Bool = false, threads: Int = 1,
    validatesFirst: Bool = false, change: (inout TrainingConfiguration) -> Void = { _ in },
    onBatch: @escaping (Int) -> Void = { _ in }
  ) throws -> TrainingRun<LanguageModelPass, RepeatingSource, PieceBatches> {
    var configuration = TrainingConfiguration(
      budget: .steps(steps), learningRate: 1e-2, batchSize: 3, truncationLength: 8, validationInterval: 7,
      seed: 5)
    change(&configuration)
    var source = RepeatingSource(pattern: Self.pattern)
    source.onBatch = onBatch
    return try TrainingRun(
      model: Network(configuration: Self.network, seed: 5), source: source,
      validationPieces: PieceIDs([Self.pattern, Array(Self.pattern.dropFirst(2))]),
      configuration: configuration,
      folder: TrainingFolder(path: folder.path), resuming: resuming, validatesFirst: validatesFirst,
      team: ThreadTeam(threadCount: threads))
  }

  func bytes(_ folder: TemporaryFolder, _ name: String) throws -> [UInt8] { try readFile(folder.file(name)) }

  /// The history without what the clock says.
  func history(_ folder: TemporaryFolder) throws -> [HistoryEntry] {
    try TrainingHistory(path: folder.file("history.jsonl")).entries.map {
      var entry = $0
      entry.seconds = 0
      return entry
    }
  }

  @Test("Learns a repeating pattern") func learnsARepeatingPattern() throws {
    let folder = try TemporaryFolder()
    let result = try makeRun(in: folder, steps: 300) { $0.learningRate = 2e-2 }.run()
    // From position 0 the pattern is certain: only the second validation piece, which begins in its middle, is not.
    #expect(try #require(result.trainingLoss) < 0.1)
    #expect(result.steps == 300)
    #expect(result.tokens == 300 * 24)
    #expect(result.stopped == .budgetSpent)
    let entries = try history(folder)
    #expect(entries.map(\.step) == Array(stride(from: 7, to: 300, by: 7)) + [300])
    #expect(result.bestValidationLoss == entries.map(\.validationLoss).min())
  }

  @Test("A validation reads as many tokens as it is set") func aValidationReadsAsManyTokensAsItIsSet()
    throws
  {
    let (all, some, again) = (try TemporaryFolder(), try TemporaryFolder(), try TemporaryFolder())
    let whole = try makeRun(in: all, steps: 8).run()
    // Of two pieces, 9 and 7 predictions, the first is enough.
    let part = try makeRun(in: some, steps: 8) { $0.validationTokens = 5 }.run()
    #expect(whole.validationTokens == 16 && part.validationTokens == 9)
    #expect(try history(some).map(\.validationTokens) == [9, 9])
    #expect(part.validationLoss != whole.validationLoss)
    // Another seed is measured on the same.
    _ = try makeRun(in: again, steps: 8) { ($0.validationTokens, $0.seed) = (5, 6) }.run()
    #expect(try history(again).map(\.validationTokens) == [9, 9])
  }

  @Test("Weights that have learned are replaced by better ones alone")
  func weightsThatHaveLearnedAreReplacedByBetterOnesAlone() throws {
    let (worse, better) = (try TemporaryFolder(), try TemporaryFolder())
    let first = Network(configuration: Self.network, seed: 5).parameters.values.array
    func isUnchanged(_ folder: TemporaryFolder) throws -> Bool {
      let file = try SafetensorsFile(path: folder.file("model.safetensors"))
      return try Network(configuration: Self.network, tensors: file).parameters.values.array == first
    }
    let result = try makeRun(in: worse, steps: 8, validatesFirst: true) {
      ($0.optimizer, $0.learningRate, $0.schedule) = (.sgd(), 1e4, .constant)
    }.run()
    #expect(try history(worse).map(\.step) == [0, 7, 8])
    #expect(try result.bestValidationLoss == history(worse)[0].validationLoss && isUnchanged(worse))
    let learned = try makeRun(in: better, steps: 8, validatesFirst: true).run()
    #expect(learned.bestValidationLoss == learned.validationLoss)
    #expect(try !isUnchanged(better))
  }

  @Test("The first validation may be interrupted too") func theFirstValidationMayBeInterruptedToo() throws {
    let (straight, stopped) = (try TemporaryFolder(), try TemporaryFolder())
    _ = try makeRun(in: straight, validatesFirst: true).run()
    let cancellation = Cancellation()
    cancellation.request()
    let result = try makeRun(in: stopped, validatesFirst: true).run(cancellation: cancellation)
    #expect(result.stopped == .interrupted && result.steps == 0)
    _ = try makeRun(in: stopped, resuming: true, validatesFirst: true).run()
    #expect(try bytes(straight, "model.safetensors") == bytes(stopped, "model.safetensors"))
    #expect(try history(straight) == history(stopped))
  }

  @Test("Every validation is reported") func everyValidationIsReported() throws {
    let folder = try TemporaryFolder()
    var told: [HistoryEntry] = []
    _ = try makeRun(in: folder, steps: 20).run(afterValidation: { told.append($0) })
    #expect(try told == TrainingHistory(path: folder.file("history.jsonl")).entries && told.count == 3)
  }

  @Test("The threads do not matter", arguments: [2, 3, 4])
  func theThreadsDoNotMatter(threads: Int) throws {
    let (one, several) = (try TemporaryFolder(), try TemporaryFolder())
    _ = try makeRun(in: one, threads: 1).run()
    _ = try makeRun(in: several, threads: threads).run()
    #expect(try bytes(one, "model.safetensors") == bytes(several, "model.safetensors"))
    #expect(try TrainedFiles(one) == TrainedFiles(several))
  }

  @Test("An interrupted run ends as if it had not been", arguments: [0, 1, 6, 7, 8, 20, 39])
  func anInterruptedRunEndsAsIfItHadNotBeen(step: Int) throws {
    let (straight, stopped) = (try TemporaryFolder(), try TemporaryFolder())
    let expected = try makeRun(in: straight).run()
    let cancellation = Cancellation()
    let run = try makeRun(in: stopped, onBatch: { if $0 == step { cancellation.request() } })
    let interrupted = try run.run(cancellation: cancellation)
    #expect(interrupted.stopped == .interrupted)
    #expect(interrupted.steps == step + 1)
    #expect(FileManager.default.fileExists(atPath: stopped.file("model.safetensors")))
    let resumed = try makeRun(in: stopped, resuming: true).run()
    #expect(resumed.stopped == .budgetSpent)
    #expect(resumed.bestValidationLoss == expected.bestValidationLoss)
    #expect(try bytes(straight, "model.safetensors") == bytes(stopped, "model.safetensors"))
    #expect(try history(straight) == history(stopped))
  }

  /// A run that is stopped between the batches of an update does not end the update: it is made again, the same.
  @Test("An update that is stopped has not begun", arguments: [1, 3, 26])
  func anUpdateThatIsStoppedHasNotBegun(batch: Int) throws {
    let (straight, stopped) = (try TemporaryFolder(), try TemporaryFolder())
    let change: Change = { $0.accumulation = 5 }
    _ = try makeRun(in: straight, steps: 8, change: change).run()
    let cancellation = Cancellation()
    let interrupted = try makeRun(
      in: stopped, steps: 8, change: change, onBatch: { if $0 == batch { cancellation.request() } }
    ).run(cancellation: cancellation)
    #expect(interrupted.stopped == .interrupted && interrupted.steps == batch / 5)
    _ = try makeRun(in: stopped, steps: 8, resuming: true, change: change).run()
    #expect(try bytes(straight, "model.safetensors") == bytes(stopped, "model.safetensors"))
    #expect(try history(straight) == history(stopped))
  }

  /// What a run may be set to, beyond the plain one.
  typealias Change = @Sendable (inout TrainingConfiguration) -> Void
  static let variants: [Change] = [
    { $0.optimizer = .sgd() },
    { $0.optimizer = .sgd(momentum: 0.9, isNesterov: true, weightDecay: 1e-3) },
    { $0.optimizer = .rmsprop() },
    { $0.optimizer = .rmsprop(momentum: 0.5, isCentered: true) },
    { $0.optimizer = .adam(weightDecay: 1e-3) },
    { $0.averageDecay = 0.99 },
    { $0.accumulation = 3 },
    {
      $0.schedule = .init(shape: .plateau, warmUp: 0.1, factor: 0.5, patience: 0)
      $0.learningRate = 0.1
    },
    {
      $0.optimizer = .sgd(momentum: 0.8)
      $0.averageDecay = 0.9
      $0.accumulation = 2
      $0.clipNorm = nil
      $0.clipValue = 0.05
      $0.schedule = .init(shape: .plateau, patience: 0)
    },
  ]

  @Test("Any run that is interrupted ends as if it had not been", arguments: variants.indices)
  func anyRunThatIsInterruptedEndsAsIfItHadNotBeen(variant: Int) throws {
    let (straight, stopped) = (try TemporaryFolder(), try TemporaryFolder())
    _ = try makeRun(in: straight, threads: 2, change: Self.variants[variant]).run()
    for step in [3, 14, 15, 30] {
      let cancellation = Cancellation()
      _ = try makeRun(
        in: stopped, resuming: true, change: Self.variants[variant],
        onBatch: { if $0 >= step { cancellation.request() } }
      ).run(cancellation: cancellation)
    }
    _ = try makeRun(in: stopped, resuming: true, change: Self.variants[variant]).run()
    for name in ["model.safetensors", "training.safetensors"] {
      // The checkpoint knows how long the run took, which no two runs agree on.
      let files = try [straight, stopped].map { try SafetensorsFile(path: $0.file(name)) }
      #expect(files[0].entries.map(\.name) == files[1].entries.map(\.name))
      for entry in files[0].entries {
        #expect(
          try files[0].floats(named: entry.name) == files[1].floats(named: entry.name), "\(entry.name)")
      }
    }
    #expect(try history(straight) == history(stopped))
  }

  @Test("The average is validated and kept") func theAverageIsValidatedAndKept() throws {
    let folder = try TemporaryFolder()
    let result = try makeRun(in: folder, steps: 60) { $0.averageDecay = 0.95 }.run()
    let kept = try Network(
      configuration: Self.network, tensors: SafetensorsFile(path: folder.file("model.safetensors")))
    let pieces = [Self.pattern, Array(Self.pattern.dropFirst(2))]
    #expect(abs(try loss(of: kept, pieces: pieces) - #require(result.bestValidationLoss)) < 1e-6)
    let checkpoint = try SafetensorsFile(path: folder.file("training.safetensors"))
    let names = ["weights.output.bias", "average.output.bias"]
    #expect(try checkpoint.floats(named: names[0]) != checkpoint.floats(named: names[1]))
    #expect(
      try checkpoint.floats(named: names[1])
        == Array(kept.parameters.values.elements[#require(kept.parameters.entry(named: "output.bias")).range])
    )
  }

  @Test("A plateau lowers the rate") func aPlateauLowersTheRate() throws {
    let folder = try TemporaryFolder()
    _ = try makeRun(in: folder, steps: 200) {
      $0.schedule = .init(shape: .plateau, factor: 0.5, patience: 1)
      $0.learningRate = 0.3
    }.run()
    let rates = try history(folder).map(\.learningRate)
    #expect(rates.first == 0.3 && (rates.last ?? 1) < 0.1)
    #expect(zip(rates, rates.dropFirst()).allSatisfy { $1 == $0 || $1 == $0 / 2 })
  }

  /// A checkpoint is one run's: another optimizer is told which the checkpoint was made with.
  @Test("A checkpoint of another optimizer is refused") func aCheckpointOfAnotherOptimizerIsRefused() throws {
    let folder = try TemporaryFolder()
    _ = try makeRun(in: folder).run()
    let other: Change = { $0.optimizer = .adamw(beta1: 0.5) }
    for change in Array(Self.variants.prefix(5)) + [other] {
      let error = #expect(throws: TrainingError.self) {
        try makeRun(in: folder, resuming: true, change: change)
      }
      let message = error?.message ?? ""
      #expect(message.contains("adamw") && message.contains("optimizer"), "\(message)")
    }
    #expect(throws: TrainingError.self) {
      try makeRun(in: folder, resuming: true) { $0.averageDecay = 0.9 }
    }
    let averaged = try TemporaryFolder()
    _ = try makeRun(in: averaged) { $0.averageDecay = 0.9 }.run()
    #expect(throws: TrainingError.self) { try makeRun(in: averaged, resuming: true) }
  }

  /// A process killed between two writes leaves files of different ages: the checkpoint is the oldest.
  @Test("Files newer than the checkpoint are made again") func filesNewerThanTheCheckpointAreMadeAgain()
    throws
  {
    let (straight, killed, later) = (try TemporaryFolder(), try TemporaryFolder(), try TemporaryFolder())
    _ = try makeRun(in: straight).run()
    let cancellation = Cancellation()
    _ = try makeRun(in: killed, onBatch: { if $0 == 10 { cancellation.request() } }).run(
      cancellation: cancellation)
    let laterCancellation = Cancellation()
    _ = try makeRun(in: later, onBatch: { if $0 == 24 { laterCancellation.request() } }).run(
      cancellation: laterCancellation)
    for name in ["model.safetensors", "history.jsonl"] {
      try replaceFile(at: killed.file(name), with: bytes(later, name))
    }
    // The last line of the history was cut off as well.
    try replaceFile(at: killed.file("history.jsonl"), with: Array(bytes(killed, "history.jsonl").dropLast(9)))
    _ = try makeRun(in: killed, resuming: true).run()
    #expect(try bytes(straight, "model.safetensors") == bytes(killed, "model.safetensors"))
    #expect(try history(straight) == history(killed))
  }

  @Test("Resuming without a checkpoint starts from the beginning")
  func resumingWithoutACheckpointStartsFromTheBeginning() throws {
    let (straight, empty) = (try TemporaryFolder(), try TemporaryFolder())
    _ = try makeRun(in: straight).run()
    try replaceFile(at: empty.file("history.jsonl"), with: "left over\n")
    _ = try makeRun(in: empty, resuming: true).run()
    #expect(try bytes(straight, "model.safetensors") == bytes(empty, "model.safetensors"))
    #expect(try history(straight) == history(empty))
  }

  @Test("A finished run is over") func aFinishedRunIsOver() throws {
    let folder = try TemporaryFolder()
    let first = try makeRun(in: folder).run()
    let weights = try bytes(folder, "model.safetensors")
    let second = try makeRun(in: folder, resuming: true).run()
    #expect(second == first)
    #expect(try bytes(folder, "model.safetensors") == weights)
  }

  @Test("Stops where the loss no longer improves") func stopsWhereTheLossNoLongerImproves() throws {
    let folder = try TemporaryFolder()
    // A rate this high throws the weights about, and the loss with them.
    let result = try makeRun(in: folder, steps: 4000) {
      $0.patience = 3
      $0.learningRate = 0.3
      $0.schedule = .constant
      $0.validationInterval = 2
    }.run()
    #expect(result.stopped == .noImprovement)
    let losses = try history(folder).map(\.validationLoss)
    #expect(losses.count >= 4)
    #expect(losses.suffix(3).allSatisfy { $0 >= losses.dropLast(3).min() ?? .infinity })
    #expect(result.bestValidationLoss == losses.min())
  }

  @Test("With a tolerance the latest weights near the lowest loss are kept, and so after a stop")
  func theLatestWeightsWithinATolerance() throws {
    let (whole, stopped) = (try TemporaryFolder(), try TemporaryFolder())
    func change(_ configuration: inout TrainingConfiguration) {
      (configuration.learningRate, configuration.schedule) = (0.3, .constant)
      (configuration.validationInterval, configuration.tolerance) = (2, 0.5)
    }
    let result = try makeRun(in: whole, steps: 60, change: change).run()
    let entries = try history(whole)
    var lowest = Double.infinity
    for entry in entries {
      lowest = min(lowest, entry.validationLoss)
      #expect(entry.isKept == (entry.validationLoss <= 1.5 * lowest))
    }
    let kept = try #require(entries.last { $0.isKept == true })
    #expect(kept.validationLoss > lowest && result.bestValidationLoss == kept.validationLoss)
    #expect(try TrainingHistory(path: whole.file("history.jsonl")).kept?.step == kept.step)
    let weights = try Network(
      configuration: Self.network, tensors: SafetensorsFile(path: whole.file("model.safetensors")))
    let pieces = [Self.pattern, Array(Self.pattern.dropFirst(2))]
    #expect(abs(try loss(of: weights, pieces: pieces) - kept.validationLoss) < 1e-6)
    // The lowest loss is remembered by the checkpoint.
    let cancellation = Cancellation()
    _ = try makeRun(in: stopped, steps: 60, change: change).run(cancellation: cancellation) {
      if $0.completed >= 31 { cancellation.request() }
    }
    let resumed = try makeRun(in: stopped, steps: 60, resuming: true, change: change).run()
    #expect(resumed.bestValidationLoss == result.bestValidationLoss)
    #expect(try history(stopped) == entries)
  }

  @Test("The best weights are kept") func theBestWeightsAreKept() throws {
    let folder = try TemporaryFolder()
    let result = try makeRun(in: folder, steps: 60) {
      $0.learningRate = 0.3
      $0.schedule = .constant
    }.run()
    let kept = try Network(
      configuration: Self.network, tensors: SafetensorsFile(path: folder.file("model.safetensors")))
    let pieces = [Self.pattern, Array(Self.pattern.dropFirst(2))]
    #expect(abs(try loss(of: kept, pieces: pieces) - #require(result.bestValidationLoss)) < 1e-6)
  }

  /// The loss piece by piece, one stream at a time.
  func loss(of model: Network, pieces: [[Int32]]) throws -> Double {
    var (sum, count) = (0.0, 0)
    for piece in pieces {
      let steps = piece.count - 1
      let pass = LanguageModelPass(
        network: model, batchSize: 1, truncationLength: steps, team: ThreadTeam(threadCount: 1))
      let part = pass.evaluate(
        inputs: Array(piece.dropLast()), targets: Array(piece.dropFirst()),
        resets: (0..<steps).map { $0 == 0 })
      sum += part.sum
      count += part.count
    }
    return sum / Double(count)
  }

  @Test("Epochs are validated one by one") func epochsAreValidatedOneByOne() throws {
    let folder = try TemporaryFolder()
    let result = try makeRun(in: folder) {
      $0.budget = .epochs(4)
      $0.validationInterval = nil
    }.run()
    #expect(result.steps == 20)
    #expect(try history(folder).map(\.step) == [5, 10, 15, 20])
  }

  @Test("Minutes are training time") func minutesAreTrainingTime() throws {
    let folder = try TemporaryFolder()
    let result = try makeRun(in: folder) {
      $0.budget = .minutes(0.3 / 60)
      $0.validationInterval = nil
    }.run()
    #expect(result.seconds >= 0.3 && result.seconds < 0.6)
    let seconds = try TrainingHistory(path: folder.file("history.jsonl")).entries.map(\.seconds)
    #expect(seconds == seconds.sorted())
    #expect(seconds.last == result.seconds)
  }

  @Test("Under a budget in minutes validation takes a part of the time")
  func underABudgetInMinutesValidationTakesAPartOfTheTime() throws {
    let folder = try TemporaryFolder()
    let pieces = PieceIDs((0..<4000).map { _ in Self.pattern })
    func run(
      _ budget: TrainingBudget, in folder: TemporaryFolder, resuming: Bool = false
    ) throws -> TrainingResult {
      try TrainingRun(
        model: Network(configuration: Self.network, seed: 5),
        source: RepeatingSource(pattern: Self.pattern),
        validationPieces: pieces,
        configuration: TrainingConfiguration(
          budget: budget, learningRate: 1e-2, batchSize: 3, truncationLength: 8, seed: 5),
        folder: TrainingFolder(path: folder.path), resuming: resuming, team: ThreadTeam(threadCount: 1)
      ).run()
    }
    let result = try run(.minutes(0.005), in: folder)
    let entries = try TrainingHistory(path: folder.file("history.jsonl")).entries
    #expect(Set(entries.map(\.validationTokens)).count == 1, "each validation reads the same")
    #expect(try #require(result.validationTokens) < pieces.predictionCount / 2)
    #expect(try run(.minutes(0.005), in: folder, resuming: true).steps == result.steps)
    // What is counted and not timed is validated on all, because the same run has to give the same numbers.
    #expect(try run(.steps(2), in: TemporaryFolder()).validationTokens == pieces.predictionCount)
  }

  @Test("A loss that is no number stops the run") func aLossThatIsNoNumberStopsTheRun() throws {
    let folder = try TemporaryFolder()
    let model = Network(configuration: Self.network, seed: 5)
    do {
      _ = try makeRun(in: folder) { $0.learningRate = 1e30 }.run()
      Issue.record("a learning rate of 1e30 did not diverge")
    } catch let error as TrainingError {
      guard case .diverged(let step, _, _) = error else { throw error }
      #expect(step >= 2)
      #expect(error.message.contains("step \(step)"))
      #expect(
        error.remedies == [
          .overwrite, .lower(setting: "learningRate", below: "1e+30"),
          .lower(setting: "clipNorm", below: "1.0"),
        ])
    }
    // The checkpoint is the one from before: it can be resumed.
    #expect(throws: Never.self) { try makeRun(in: folder, resuming: true) }
    withExtendedLifetime(model) {}
  }

  @Test("Nothing to validate on is refused") func nothingToValidateOnIsRefused() throws {
    let folder = try TemporaryFolder()
    #expect(throws: TrainingError.self) {
      try TrainingRun(
        model: Network(configuration: Self.network, seed: 1),
        source: RepeatingSource(pattern: Self.pattern), validationPieces: PieceIDs([[1]]),
        configuration: TrainingConfiguration(budget: .steps(1), batchSize: 3, truncationLength: 8),
        folder: TrainingFolder(path: folder.path), resuming: false, team: ThreadTeam(threadCount: 1))
    }
  }

  @Test("A checkpoint of another network is refused") func aCheckpointOfAnotherNetworkIsRefused() throws {
    let folder = try TemporaryFolder()
    _ = try makeRun(in: folder).run()
    var wider = Self.network
    wider.hiddenSize = 16
    #expect(throws: TrainingError.self) {
      try TrainingRun(
        model: Network(configuration: wider, seed: 1), source: RepeatingSource(pattern: Self.pattern),
        validationPieces: PieceIDs([Self.pattern]),
        configuration: TrainingConfiguration(budget: .steps(40), batchSize: 3, truncationLength: 8),
        folder: TrainingFolder(path: folder.path), resuming: true, team: ThreadTeam(threadCount: 1))
    }
  }

  /// What a checkpoint says of the run is not believed where no run can have reached it.
  @Test(
    "A checkpoint of what no run comes to is refused",
    arguments: [
      ("step", "9223372036854775807"), ("step", "-1"), ("tokens", "9223372036854775807"),
      ("steps", "9223372036854775807"), ("validationTokens", "-5"), ("validationsWithoutImprovement", "-1"),
      ("validationsWithoutImprovement", "9223372036854775807"), ("optimizerSteps", "-1"),
      ("averageUpdates", "-10"), ("averageUpdates", "9223372036854775807"), ("historyLength", "-1"),
      ("seconds", "-1"), ("seconds", "1e999"), ("epochs", "-1e300"), ("weight", "-1"), ("loss", "1e999"),
      ("gradientNorm", "-1"), ("learningRate", "-1"), ("factor", "2"), ("position", "18446744073709551615"),
      ("position", "-1"), ("seed", "6"), ("name", "\"order\""),
    ])
  func aCheckpointOfWhatNoRunComesToIsRefused(field: String, value: String) throws {
    let folder = try TemporaryFolder()
    let change: Change = { ($0.budget, $0.averageDecay) = (.minutes(1), 0.9) }
    let cancellation = Cancellation()
    _ = try makeRun(in: folder, change: change, onBatch: { if $0 == 9 { cancellation.request() } }).run(
      cancellation: cancellation)
    let path = folder.file("training.safetensors"), file = try SafetensorsFile(path: path)
    var metadata = file.metadata
    let state = try #require(metadata["state"])
    let damaged = state.replacing(
      try Regex("\"\(field)\":(\"[^\"]*\"|[^,}\"]*)"), with: "\"\(field)\":\(value)")
    #expect(damaged != state)
    metadata["state"] = damaged
    try Safetensors.write(file.entries.map { try file.tensor(named: $0.name) }, metadata: metadata, to: path)
    do {
      _ = try makeRun(in: folder, resuming: true, change: change)
      Issue.record("it went unnoticed")
    } catch let error as TrainingError {
      guard case .unusableCheckpoint = error else { throw error }
    }
  }

  @Test("A damaged checkpoint is refused", arguments: [0, 7, 8, 100, 4000])
  func aDamagedCheckpointIsRefused(length: Int) throws {
    let folder = try TemporaryFolder()
    _ = try makeRun(in: folder).run()
    try replaceFile(
      at: folder.file("training.safetensors"),
      with: Array(bytes(folder, "training.safetensors").prefix(length)))
    #expect(throws: TrainingError.self) { try makeRun(in: folder, resuming: true) }
  }
}
