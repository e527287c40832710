internal import Arithmetic
public import Groundwork
internal import Recurrent
public import Tokenization

/// A piece that differs from another from one id on, as far as it is of interest.
public struct TokenVariant: Sendable, Hashable {
  /// How many ids at the beginning are those of the other piece, at least 1.
  public var first: Int
  /// The ids from there on, at least one.
  public var ids: [Int32]
  /// Which choice it is one of; see `Composer.distributions(over:variants:mostOfGroup:cancellation:progress:)`.
  public var group: Int?

  /// A variant.
  public init(first: Int, ids: [Int32], group: Int? = nil) {
    self.first = first
    self.ids = ids
    self.group = group
  }
}

/// What a model expects at each place of a piece.
public struct TokenDistributions: Sendable {
  /// −log p of each id, given all before it, in nats; 0 for the first, which is given.
  public var surprisals: [Double]
  /// The entropy of the model's distribution over each id, in nats: how surprised it expects to be. 0 for the first.
  public var entropies: [Double]
  /// For each variant the sum of −log p over its own ids, in nats; nil for one that was left out as improbable.
  public var variants: [Double?]
}

extension Composer {
  /// Scores to ids and back, as the model has them.
  public var tokenizer: any Tokenizer { model.tokenizer }

  /// Reads a piece, and variants of it, which share its beginning and need not be read from there.
  /// - Parameters:
  ///   - ids: The ids of the piece, at least one.
  ///   - variants: The variants.
  ///   - mostOfGroup: Of the variants that begin at one place and have the same group, only this many are read: those whose first
  ///     id is the most probable. Variants without a group are all read.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how many ids of the piece were read.
  /// - Throws: `ComposingError.interrupted`.
  public func distributions(
    over ids: [Int32], variants: [TokenVariant] = [], mostOfGroup: Int = .max,
    cancellation: Cancellation? = nil, progress: ProgressHandler? = nil
  ) throws(ComposingError) -> TokenDistributions {
    let reader = VariantReader(
      weights: weights, tokenizer: tokenizer, variants: variants, mostOfGroup: mostOfGroup)
    for (place, id) in ids.enumerated() {
      if cancellation?.isRequested == true { throw .interrupted }
      reader.read(id, next: place + 1 < ids.count ? ids[place + 1] : nil, place: place + 1)
      if place % 64 == 0 {
        progress?(
          ProgressReport(
            activity: "reading", completed: Double(place), total: Double(ids.count), unit: "tokens"))
      }
    }
    return reader.finished()
  }
}

/// Runs a model over a piece, and over its variants, many side by side.
private final class VariantReader {
  /// How many variants are read side by side.
  private static let streamCount = 32

  /// A variant that is to be read from a state on.
  private struct Job {
    var variant: Int
    var state: [Float]
    /// What tells the network of the place after the ids so far.
    var context: (any TokenContext)?
    /// How many of its ids were fed.
    var fed = 0
  }

  private let variants: [TokenVariant]
  private let mostOfGroup: Int
  /// The variants by the place of their first own id.
  private var byPlace: [Int: [Int]] = [:]
  private let piece: LanguageModelSampler
  private let side: StreamBench<Job>
  private var probabilities: [Float]
  private var jobs: [Job] = []
  /// What tells the network of the place in the piece.
  private var context: (any TokenContext)?
  /// What it is told of one place.
  private var features: [Int32]
  private var result: TokenDistributions

  init(weights: SamplerWeights, tokenizer: any Tokenizer, variants: [TokenVariant], mostOfGroup: Int) {
    self.variants = variants
    self.mostOfGroup = mostOfGroup
    for (number, variant) in variants.enumerated() { byPlace[variant.first, default: []].append(number) }
    piece = LanguageModelSampler(weights: weights)
    side = StreamBench(weights: weights, streamCount: variants.isEmpty ? 1 : Self.streamCount)
    probabilities = Array(repeating: 0, count: weights.configuration.vocabularySize)
    context = tokenizer.makeContext()
    features = Array(repeating: -1, count: tokenizer.contextFeatures.count)
    result = TokenDistributions(
      surprisals: [0], entropies: [0], variants: Array(repeating: nil, count: variants.count))
  }

  /// Feeds an id of the piece, and begins the variants whose first own id comes next.
  func read(_ id: Int32, next: Int32?, place: Int) {
    context?.advance(id)
    context?.write(into: &features)
    let logits = piece.advance(id, context: features)
    let logSum = softmax(logits)
    if let next {
      result.surprisals.append(logSum - Double(logits[Int(next)]))
      var mean = 0.0
      for index in probabilities.indices { mean += Double(probabilities[index]) * Double(logits[index]) }
      result.entropies.append(max(0, logSum - mean))
    }
    guard let here = byPlace.removeValue(forKey: place) else { return }
    let state = piece.state
    for variant in chosen(here, logits) {
      result.variants[variant] = logSum - Double(logits[Int(variants[variant].ids[0])])
      guard variants[variant].ids.count > 1 else { continue }
      jobs.append(Job(variant: variant, state: state, context: context))
      if jobs.count == 2 * Self.streamCount { run(until: Self.streamCount) }
    }
  }

  func finished() -> TokenDistributions {
    run(until: 0)
    return result
  }

  /// The most probable variants of each group, and those without one.
  private func chosen(_ here: [Int], _ logits: UnsafeBufferPointer<Float>) -> [Int] {
    var countByGroup: [Int: Int] = [:]
    let ranked = here.sorted { a, b in
      let (first, second) = (logits[Int(variants[a].ids[0])], logits[Int(variants[b].ids[0])])
      return first == second ? a < b : first > second
    }
    return ranked.filter { variant in
      guard let group = variants[variant].group else { return true }
      countByGroup[group, default: 0] += 1
      return countByGroup[group, default: 0] <= mostOfGroup
    }
  }

  private func softmax(_ logits: UnsafeBufferPointer<Float>) -> Double {
    guard let base = logits.baseAddress else { return 0 }
    return probabilities.withUnsafeMutableBufferPointer {
      Double(Kernels.current.softmax(count: logits.count, logits: base, probabilities: $0.baseAddress))
    }
  }

  /// Reads variants until so many are left that have not begun.
  private func run(until rest: Int) {
    while true {
      while !side.isFull, jobs.count > rest || !side.isEmpty, let job = jobs.popLast() {
        side.begin(job, state: job.state)
      }
      guard !side.isEmpty else { return }
      side.advance { job, contexts in
        let id = variants[job.variant].ids[job.fed]
        job.context?.advance(id)
        job.context?.write(into: &features)
        contexts.append(contentsOf: features)
        return id
      } take: { job, stream in
        job.fed += 1
        let ids = variants[job.variant].ids
        let logits = side.sampler.logits(ofStream: stream)
        result.variants[job.variant]? += TokenChooser.surprisal(of: ids[job.fed], logits: logits)
        return job.fed + 1 < ids.count
      }
    }
  }
}
