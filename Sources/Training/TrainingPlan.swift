internal import Groundwork
public import Recurrent

/// What a run will need, known before it begins.
public struct TrainingPlan: Codable, Hashable, Sendable {
  /// How many weights the network has.
  public var parameters: Int
  /// How many predictions an epoch has, about.
  public var tokensPerEpoch: Int
  /// How many updates of the weights an epoch has, about.
  public var stepsPerEpoch: Int
  /// About how much memory, in bytes, the process will have in use at most.
  public var peakMemory: Int
  /// How much memory the process may have, in bytes: the machine's, or less where a container has a limit. A training that
  /// needs more is not begun.
  public var machineMemory: Int
  /// The size of `model.safetensors` in bytes.
  public var modelSize: Int
  /// The size of `training.safetensors` in bytes.
  public var checkpointSize: Int

  /// What a training of `model` will need, besides what the process has in use now; the data must be there already.
  /// - Parameters:
  ///   - model: the network.
  ///   - configuration: how it is trained.
  ///   - tokensPerEpoch: how many predictions an epoch has.
  ///   - batchesPerEpoch: how many batches that makes.
  /// - Throws: `TrainingError.file` if the system does not tell what is in use.
  public init(
    of model: LanguageModelConfiguration, configuration: TrainingConfiguration, tokensPerEpoch: Int,
    batchesPerEpoch: Int
  ) throws(TrainingError) {
    let memory: ProcessMemory
    do { memory = try ProcessMemory() } catch { throw .file(error) }
    let count = model.parameterCount, tensors = model.tensorCount
    let buffers = 1 + configuration.optimizer.stateCount + (configuration.averageDecay == nil ? 0 : 1)
    let byteCount =
      4 * (buffers - 1) * count
      + LanguageModelPass.memoryRequirement(
        for: model, batchSize: configuration.batchSize, truncationLength: configuration.truncationLength)
    // A header spends about that many bytes on a tensor and on the rest.
    let (bytesPerTensor, bytesBeside) = (110, 1500)
    parameters = count
    self.tokensPerEpoch = tokensPerEpoch
    stepsPerEpoch = max(1, batchesPerEpoch / configuration.accumulation)
    modelSize = 4 * count + bytesPerTensor * tensors
    checkpointSize =
      4 * (buffers * count + model.carriedStateSize * configuration.batchSize) + bytesPerTensor * tensors
      * buffers + bytesBeside
    machineMemory = ProcessMemory.available
    peakMemory = max(memory.peak, memory.current + byteCount)
  }
}
