/// How long a run trains.
///
/// In JSON an object with one key: `{"minutes": 10}`, `{"epochs": 20}` or `{"steps": 5000}`.
public enum TrainingBudget: Hashable, Sendable {
  /// Minutes of training time; validation and checkpoints are not charged.
  case minutes(Double)
  /// Passes over the training data.
  case epochs(Int)
  /// Updates of the weights.
  case steps(Int)

  func validate() throws(TrainingError) {
    switch self {
    case .minutes(let minutes):
      try require(
        minutes > 0 && minutes * 60 <= TrainingConfiguration.mostSeconds, "budget.minutes", minutes,
        "a time above 0")
    case .epochs(let epochs):
      try require(
        (1...TrainingConfiguration.mostCount).contains(epochs), "budget.epochs", epochs, "at least one pass")
    case .steps(let steps):
      try require(
        (1...TrainingConfiguration.mostCount).contains(steps), "budget.steps", steps, "at least one update")
    }
  }
}

extension TrainingBudget: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case minutes, epochs, steps
  }

  /// Reads an object with exactly one of the keys.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    guard container.allKeys.count == 1, let key = container.allKeys.first else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: container.codingPath,
          debugDescription: "a budget has exactly one of minutes, epochs and steps"))
    }
    switch key {
    case .minutes: self = .minutes(try container.decode(Double.self, forKey: key))
    case .epochs: self = .epochs(try container.decode(Int.self, forKey: key))
    case .steps: self = .steps(try container.decode(Int.self, forKey: key))
    }
  }

  /// Writes an object with one key.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .minutes(let minutes): try container.encode(minutes, forKey: .minutes)
    case .epochs(let epochs): try container.encode(epochs, forKey: .epochs)
    case .steps(let steps): try container.encode(steps, forKey: .steps)
    }
  }
}

extension TrainingBudget: CustomStringConvertible {
  /// The budget in words, such as `10.0 minutes`.
  public var description: String {
    switch self {
    case .minutes(let minutes): "\(minutes) minutes"
    case .epochs(let epochs): "\(epochs) epochs"
    case .steps(let steps): "\(steps) steps"
    }
  }
}
