internal import Arithmetic
internal import Groundwork

/// Two classes of examples that a discriminator is to tell apart, and how they are cross-validated.
struct Contest: Sendable {
  /// The places of its examples in the pool that all contests share.
  let examples: [Int]
  /// The class of each; true is what the discriminator is to give high scores.
  let labels: [Bool]
  /// The piece of each.
  let groups: [Int]
  /// The partitions into folds by which it is validated, one after the other.
  let partitions: [GroupedFolds]

  /// The fewest pieces of a class of which something can be learned and something judged.
  static let leastPieces = 4

  /// A contest; nil where a class has too few pieces.
  /// - Parameters:
  ///   - examples: The places of its examples in the pool.
  ///   - labels: The class of each.
  ///   - groups: The piece of each.
  ///   - foldCount: How many folds a partition has; fewer where there are fewer pieces.
  ///   - partitionCount: How many partitions there are.
  ///   - seed: Decides which piece goes to which fold.
  init?(
    examples: [Int], labels: [Bool], groups: [Int], foldCount: Int, partitionCount: Int, seed: UInt64
  ) {
    let pieces = [true, false].map { label in
      Set(zip(labels, groups).lazy.filter { $0.0 == label }.map(\.1)).count
    }
    guard let fewest = pieces.min(), fewest >= Self.leastPieces else { return nil }
    self.examples = examples
    self.labels = labels
    self.groups = groups
    partitions = (0..<partitionCount).map { number in
      var random = RandomStream(seed: seed, name: "folds/\(number)")
      return GroupedFolds(labels: labels, groups: groups, count: min(foldCount, fewest), random: &random)
    }
  }

  /// What one discriminator learns from and then judges.
  struct Fit: Sendable {
    /// Places in the pool, with the class and the piece of each.
    var training: [(example: Int, label: Bool, group: Int)]
    /// Places in the pool.
    var test: [Int]
    /// The number of the fit among all, which decides what it draws.
    var number: Int
  }

  /// Trains a discriminator for each fold of each partition of each contest, several side by side, and measures them.
  /// - Parameters:
  ///   - contests: The contests; nil for one that has too few pieces.
  ///   - seed: Decides the intervals.
  ///   - threadCount: How many discriminators are trained side by side; the result does not depend on it.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how many discriminators were trained.
  ///   - scores: Trains a discriminator and gives the scores of the examples that it is to judge.
  /// - Returns: The area of each contest; nil for one that cannot be measured.
  /// - Throws: `EvaluationError.interrupted`, and what `scores` throws.
  static func areas(
    of contests: [Contest?], seed: UInt64, threadCount: Int, cancellation: Cancellation,
    progress: ProgressHandler?, scores: @Sendable (Fit) throws(EvaluationError) -> [Double]
  ) throws(EvaluationError) -> [CrossValidatedArea?] {
    let jobs = contests.enumerated().flatMap { index, contest in
      (contest?.partitions ?? []).enumerated().flatMap { partition, folds in
        (0..<folds.count).map { (contest: index, partition: partition, fold: $0) }
      }
    }
    let results = try parallelMap(
      Array(jobs.enumerated()), activity: "training discriminators", unit: "fits", threadCount: threadCount,
      cancellation: cancellation, progress: progress
    ) { number, job -> Result<[Double], EvaluationError> in
      guard let contest = contests[job.contest] else { return .success([]) }
      let fit = contest.fit(partition: job.partition, fold: job.fold, number: number)
      return Result { () throws(EvaluationError) in try scores(fit) }
    }
    if cancellation.isRequested { throw .interrupted }
    var gathered = contests.map { contest in
      (contest?.partitions ?? []).map { ($0, [Double](repeating: 0, count: $0.folds.count)) }
    }
    for (job, result) in zip(jobs, results) {
      let scores = try result.get()
      let test = gathered[job.contest][job.partition].0.test(in: job.fold)
      for (place, score) in zip(test, scores) { gathered[job.contest][job.partition].1[place] = score }
    }
    return zip(contests, gathered).map { contest, runs in
      contest.flatMap {
        CrossValidatedArea(
          runs: runs.map { (folds: $0.0, scores: $0.1) }, labels: $0.labels, groups: $0.groups, seed: seed)
      }
    }
  }

  private func fit(partition: Int, fold: Int, number: Int) -> Fit {
    let folds = partitions[partition]
    return Fit(
      training: folds.training(without: fold).map { (examples[$0], labels[$0], groups[$0]) },
      test: folds.test(in: fold).map { examples[$0] }, number: number)
  }
}
