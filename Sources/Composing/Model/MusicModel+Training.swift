public import Corpora
public import Groundwork
internal import Recurrent
public import Tokenization
internal import Training

extension MusicModel {
  /// Trains a model on files and folders of music, to be used at once:
  ///
  ///     let model = try MusicModel.trained(on: ["tunes"])
  ///     let piece = try Composer(model: model).compose(CompositionOptions(seed: 1, bars: 8))
  ///
  /// Nothing stays on the disk unless the model is written; `TrainingProject` trains in a folder from which a training can be
  /// resumed. The same music, tokenizer and settings give the same model.
  /// - Parameters:
  ///   - music: Files and folders of music.
  ///   - tokenizer: How it becomes ids.
  ///   - settings: The network and its training.
  ///   - fractions: How much of the music is set aside; the best weights are those with the least loss on the pieces for validation.
  ///   - threadCount: How many threads read and train; the result does not depend on it.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how far reading and training have come.
  /// - Throws: `ComposingError`, also `.interrupted`; `CorpusError` and `FileError` for music that cannot be used.
  public static func trained(
    on music: [String], tokenizer: any TokenizerConfiguration = TokenizerRegistry.defaultConfiguration,
    settings: ModelPreset = .quick, fractions: SplitFractions = SplitFractions(valid: 0.1, test: 0),
    threadCount: Int = 1, cancellation: Cancellation = Cancellation(), progress: ProgressHandler? = nil
  ) throws -> MusicModel {
    try settings.validate()
    let scratch = try makeTemporaryFolder()
    defer { try? removeTree(scratch) }
    let corpus = try CorpusBuilder(tokenizer: tokenizer, fractions: fractions, threadCount: threadCount)
      .build(
        from: music, to: scratch + "/corpus", cancellation: cancellation, progress: progress)
    var training = try MusicTraining(path: scratch + "/model", settings: settings)
    _ = try training.run(
      on: TrainingPieces(corpus: corpus), threadCount: threadCount, cancellation: cancellation,
      progress: progress)
    if cancellation.isRequested { throw ComposingError.interrupted }
    let tokenizer = try TrainingPieces(corpus: corpus).fitting(settings).tokenizer
    let configuration = LanguageModelConfiguration(settings.network, for: tokenizer)
    let weights = try SafetensorsFile(path: training.folder.training.weightsPath)
    return MusicModel(
      tokenizer: tokenizer, network: try Network(configuration: configuration, tensors: weights))
  }
}
