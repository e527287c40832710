internal import Recurrent

/// Jobs that a network is run for side by side, each on a stream of one sampler: on streams 0, 1, … in the order of `jobs`. Where
/// one is finished, the last takes its stream.
final class StreamBench<Job> {
  let sampler: LanguageModelSampler
  private var jobs: [Job] = []
  private var ids: [Int32] = []
  /// What the network is told beside them, a context for each.
  private var contexts: [Int32] = []

  init(weights: SamplerWeights, streamCount: Int) {
    sampler = LanguageModelSampler(weights: weights, streamCount: streamCount)
  }

  var isEmpty: Bool { jobs.isEmpty }
  /// Whether no stream is left.
  var isFull: Bool { jobs.count >= sampler.streamCount }

  /// Gives all jobs up.
  func removeAll() { jobs.removeAll(keepingCapacity: true) }

  /// Begins a job on a stream that is free.
  /// - Parameters:
  ///   - job: The job.
  ///   - state: The state of the network to begin with; nil for zero.
  func begin(_ job: Job, state: [Float]? = nil) {
    if let state {
      sampler.setState(state, ofStream: jobs.count)
    } else {
      sampler.reset(stream: jobs.count)
    }
    jobs.append(job)
  }

  /// Feeds each job's next id to its stream, and lets it go on by what comes back.
  /// - Parameters:
  ///   - input: Appends a job's context to a list, and gives its id.
  ///   - take: Takes what the network gives on a stream; gives whether the job goes on.
  func advance(input: (inout Job, inout [Int32]) -> Int32, take: (inout Job, Int) -> Bool) {
    ids.removeAll(keepingCapacity: true)
    contexts.removeAll(keepingCapacity: true)
    for stream in jobs.indices { ids.append(input(&jobs[stream], &contexts)) }
    ids.withUnsafeBufferPointer { ids in
      contexts.withUnsafeBufferPointer { sampler.advance(ids, contexts: $0) }
    }
    // From the last stream to the first, for one that is finished gives its place to the last.
    for stream in jobs.indices.reversed() where !take(&jobs[stream], stream) {
      let last = jobs.count - 1
      if stream < last { sampler.copyStream(last, to: stream) }
      jobs.swapAt(stream, last)
      jobs.removeLast()
    }
  }
}
