internal import Arithmetic
public import Groundwork
internal import Recurrent
internal import Tokenization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What a model could have written in the place of one token of a piece, and what was forbidden there.
///
/// Probabilities are the model's own, 0...1: before temperature, filters, grammar and constraints. What is forbidden makes the rest more
/// probable in proportion.
public struct TokenChoice: Sendable, Hashable {
  /// Another id that could have come.
  public struct Alternative: Sendable, Hashable {
    /// The id.
    public var id: Int32
    /// Its probability.
    public var probability: Double
    /// What forbade it; nil if it could have been drawn.
    public var obstacle: Obstacle?
  }

  /// What forbids an id.
  public enum Obstacle: Sendable, Hashable {
    /// What is written so would not be read as music.
    case grammar
    /// The constraint of this index in the piece's options.
    case constraint(Int)
  }

  /// The id that was written.
  public var id: Int32
  /// Its probability.
  public var probability: Double
  /// The entropy of the model's distribution in nats.
  public var entropy: Double
  /// The most probable other ids, the most probable first.
  public var alternatives: [Alternative]
  /// The probability of all that the grammar forbade.
  public var forbiddenByGrammar: Double
  /// The probability of what each constraint forbade beyond that and beyond the constraints before it. Of a constraint that tries ids only when they
  /// are drawn, such as `AvoidCopying`, only the alternatives are known.
  public var forbiddenByConstraints: [Double]

  /// −log p, in nats.
  public var surprisal: Double { -log(max(probability, .leastNormalMagnitude)) }
}

extension Composer {
  /// What could have come at each place of a piece that was composed.
  ///
  /// The piece is read once more, which is why nothing of this costs anything while it is composed. It holds for forms and searched endings too;
  /// sections of a form that return are read like those that the model chose.
  /// - Parameters:
  ///   - piece: The piece.
  ///   - options: What it was composed by.
  ///   - count: How many alternatives are told of each place, at least 0.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how many tokens were read.
  /// - Returns: One for each id from `piece.givenCount` on.
  /// - Throws: `ComposingError.interrupted`; invalid options.
  public func choices(
    of piece: Composition, by options: CompositionOptions, alternatives count: Int = 5,
    cancellation: Cancellation? = nil, progress: ProgressHandler? = nil
  ) throws(ComposingError) -> [TokenChoice] {
    var reader = try ChoiceReader(piece, options, model: model, count: count)
    let sampler = LanguageModelSampler(weights: weights)
    var context = tokenizer.makeContext()
    var features = [Int32](repeating: -1, count: tokenizer.contextFeatures.count)
    var choices: [TokenChoice] = []
    for (place, id) in piece.ids.dropLast().enumerated() {
      if cancellation?.isRequested == true { throw .interrupted }
      context?.advance(id)
      context?.write(into: &features)
      reader.advance(id)
      let logits = sampler.advance(id, context: features)
      if place + 1 >= piece.givenCount { choices.append(reader.choice(piece.ids[place + 1], logits)) }
      if place % 64 == 0 {
        progress?(
          ProgressReport(
            activity: "explaining", completed: Double(place), total: Double(piece.ids.count), unit: "tokens"))
      }
    }
    return choices
  }
}

/// Reads a piece as it was composed, with grammar and constraints.
private struct ChoiceReader {
  private let roles: TokenRoles
  private let count: Int
  private var grammar: any TokenGrammar
  private var constraints: [any TokenConstraint]
  private var mask: [Bool]
  private var probabilities: [Float]

  init(
    _ piece: Composition, _ options: CompositionOptions, model: MusicModel, count: Int
  ) throws(ComposingError) {
    var options = options
    if let form = options.form {
      do { options.bars = try form.lengths(bars: options.bars).reduce(0, +) } catch { throw .cause(error) }
    }
    roles = model.tokenizer.vocabulary.roles
    self.count = count
    grammar = model.tokenizer.makeGrammar(
      bars: try PieceBeginning(options, tokenizer: model.tokenizer).limit)
    grammar.allowSilentParts()
    constraints = options.constraints
    mask = Array(repeating: false, count: roles.count)
    probabilities = Array(repeating: 0, count: roles.count)
  }

  /// Takes note of the next id of the piece.
  mutating func advance(_ id: Int32) {
    grammar.advance(id)
    for index in constraints.indices { constraints[index].advance(id) }
  }

  /// What could have come in the place of an id.
  mutating func choice(_ id: Int32, _ logits: UnsafeBufferPointer<Float>) -> TokenChoice {
    read(logits)
    var obstacles = [TokenChoice.Obstacle?](repeating: nil, count: roles.count)
    var masses = [Double](repeating: 0, count: constraints.count + 1)
    func forbid(_ obstacle: TokenChoice.Obstacle, place: Int) {
      for index in mask.indices where !mask[index] && obstacles[index] == nil {
        obstacles[index] = obstacle
        masses[place] += Double(probabilities[index])
      }
    }
    grammar.allowed(into: &mask)
    forbid(.grammar, place: 0)
    for index in constraints.indices {
      constraints[index].observe(logits: logits.span, allowed: mask)
      constraints[index].narrow(&mask)
      forbid(.constraint(index), place: index + 1)
    }
    var alternatives: [TokenChoice.Alternative] = []
    for other in likeliest(without: id) {
      var obstacle = obstacles[Int(other)]
      let probability = Double(probabilities[Int(other)])
      if obstacle == nil, let index = constraints.firstIndex(where: { $0.leastToFinish(after: other) == nil })
      {
        obstacle = .constraint(index)
        masses[index + 1] += probability
      }
      alternatives.append(
        TokenChoice.Alternative(id: other, probability: probability, obstacle: obstacle))
    }
    return TokenChoice(
      id: id, probability: Double(probabilities[Int(id)]), entropy: entropy, alternatives: alternatives,
      forbiddenByGrammar: masses[0], forbiddenByConstraints: Array(masses.dropFirst()))
  }

  private mutating func read(_ logits: UnsafeBufferPointer<Float>) {
    guard let base = logits.baseAddress else { return }
    probabilities.withUnsafeMutableBufferPointer {
      _ = Kernels.current.softmax(count: logits.count, logits: base, probabilities: $0.baseAddress)
    }
  }

  private var entropy: Double {
    probabilities.reduce(0) { $1 > 0 ? $0 - Double($1) * log(Double($1)) : $0 }
  }

  /// The most probable ids but one, the most probable first; of equals the lower id.
  private func likeliest(without id: Int32) -> [Int32] {
    var best: [Int32] = []
    for other in 0..<Int32(probabilities.count) where other != id && roles[other] != .padding {
      let probability = probabilities[Int(other)]
      guard best.count < count || best.last.map({ probabilities[Int($0)] < probability }) == true else {
        continue
      }
      let place = best.firstIndex { probabilities[Int($0)] < probability } ?? best.count
      best.insert(other, at: place)
      if best.count > count { best.removeLast() }
    }
    return best
  }
}
