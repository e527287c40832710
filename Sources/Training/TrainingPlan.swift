internal import Arithmetic
internal import Groundwork
internal import Recurrent

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

  /// What the run that `make` lays out will need, beside what the process has in use now. `make` must come to its run
  /// from data that is there already; its buffers take no memory.
  /// - Throws: What `make` throws, and `TrainingError.file` where the system does not tell what is in use.
  public init<Pass, Source, Validation>(
    tokensPerEpoch: Int, of make: () throws(TrainingError) -> TrainingRun<Pass, Source, Validation>
  ) throws(TrainingError) {
    let memory: ProcessMemory
    do { memory = try ProcessMemory() } catch { throw .file(error) }
    let (run, byteCount) = try MemoryPlan.measure(make)
    let count = run.pass.parameters.count, tensors = run.pass.parameters.entries.count
    let buffers = 1 + run.configuration.optimizer.stateCount + (run.configuration.averageDecay == nil ? 0 : 1)
    // A header spends about so many bytes on a tensor and on the rest.
    let (bytesPerTensor, bytesBeside) = (110, 1500)
    parameters = count
    self.tokensPerEpoch = tokensPerEpoch
    stepsPerEpoch = max(1, run.source.batchesPerEpoch / run.configuration.accumulation)
    modelSize = 4 * count + bytesPerTensor * tensors
    checkpointSize =
      4 * (buffers * count + run.pass.carriedState.count) + bytesPerTensor * tensors * buffers + bytesBeside
    machineMemory = ProcessMemory.available
    peakMemory = max(memory.peak, memory.current + byteCount)
  }
}
