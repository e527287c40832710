/// The values that a kind of tokens has, ascending: index ↔ value, and the token's name for each.
///
/// Durations are in steps of a grid, and need not lie at equal distances: MidiTok's are finer where they are short.
public struct ValueScale: Sendable, Hashable {
  /// The values, ascending.
  public let values: [Int]
  /// The names of the tokens, such as `Duration_1.6.12`.
  public let names: [String]
  /// For each value from 0 on its index; −1 for one that the scale does not have.
  private let indicesByValue: [Int32]

  /// The greatest value that a scale can have.
  public static let highestValue = 65_535

  /// A scale of these values.
  /// - Throws: `TokenizationError.invalidConfiguration` unless there are as many names as values, at least one of each, and the values
  ///   ascend within 0...65,535.
  public init(values: [Int], names: [String]) throws(TokenizationError) {
    let ascends = zip(values, values.dropFirst()).allSatisfy { $0 < $1 }
    guard let first = values.first, let last = values.last, values.count == names.count, ascends, first >= 0,
      last <= Self.highestValue
    else {
      throw .invalidConfiguration(
        field: "scale", value: "\(values.count) values with \(names.count) names",
        expected: "as many names as values, which ascend from 0 or more to at most \(Self.highestValue)")
    }
    self.init(ascending: values, names: names)
  }

  init(ascending values: [Int], names: [String]) {
    self.values = values
    self.names = names
    var indices = [Int32](repeating: -1, count: (values.last ?? -1) + 1)
    for (index, value) in values.enumerated() { indices[value] = Int32(index) }
    indicesByValue = indices
  }

  /// How many values there are.
  public var count: Int { values.count }

  /// The index of a value; nil if the scale does not have it.
  public func index(of value: Int) -> Int? {
    guard indicesByValue.indices.contains(value), indicesByValue[value] >= 0 else { return nil }
    return Int(indicesByValue[value])
  }

  /// The index of the nearest value, the lower of two that are as near.
  public func index(nearest value: Int) -> Int {
    let above = firstIndex(atLeast: value)
    guard above > 0 else { return 0 }
    guard above < count else { return count - 1 }
    return values[above] - value < value - values[above - 1] ? above : above - 1
  }

  /// The index of the first value that is at least `value`; `count` if there is none.
  public func firstIndex(atLeast value: Int) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if values[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension ValueScale {
  /// Durations of 1 to `longest` steps, named as MidiTok names them: quarters, steps beyond them, steps in a quarter.
  static func durations(longest: Int, stepsPerQuarter steps: Int) -> ValueScale {
    ValueScale(
      ascending: Array(1...longest),
      names: (1...longest).map { durationName(quarters: $0 / steps, steps: $0 % steps, resolution: steps) })
  }

  /// A stretch of quarters in which durations lie at one distance.
  public struct Stretch: Sendable, Hashable, Codable {
    /// How many quarters it takes in.
    public var quarters: Int
    /// Into how many steps each of its quarters is divided.
    public var resolution: Int

    /// A stretch.
    public init(quarters: Int, resolution: Int) {
      self.quarters = quarters
      self.resolution = resolution
    }
  }

  /// Durations in stretches, one after the other from 0 on, such as four quarters in eighths of a quarter and then eight in
  /// quarters of one: the durations of MidiTok's `beat_res`, with their names (`Duration_2.3.8`), from the first step to the end of
  /// the last stretch. A name says quarters, steps beyond them and the resolution that these are counted in.
  ///
  /// Values count steps of `stepsPerQuarter`, the least common multiple of all resolutions.
  /// - Throws: `TokenizationError.invalidConfiguration` if a stretch has no quarter or no step, or the values pass 65,535.
  public static func durations(
    in stretches: [Stretch]
  ) throws(TokenizationError) -> (scale: ValueScale, stepsPerQuarter: Int) {
    var steps = 1
    var quarters = 0
    for stretch in stretches {
      guard (1...highestValue).contains(stretch.quarters), (1...1_024).contains(stretch.resolution),
        quarters + stretch.quarters <= highestValue
      else {
        throw .invalidConfiguration(
          field: "durations", value: "\(stretch.quarters) quarters in \(stretch.resolution) steps",
          expected: "at least one quarter in 1 to 1024 steps")
      }
      steps = leastCommonMultiple(steps, stretch.resolution)
      quarters += stretch.quarters
      guard steps <= highestValue / quarters else {
        throw .invalidConfiguration(
          field: "durations", value: "\(quarters) quarters of \(steps) steps",
          expected: "at most \(highestValue) steps in all")
      }
    }
    guard let last = stretches.last else {
      throw .invalidConfiguration(field: "durations", value: "empty", expected: "at least one section")
    }
    var values: [Int] = []
    var names: [String] = []
    var first = 0
    for stretch in stretches {
      for quarter in first..<first + stretch.quarters {
        for step in 0..<stretch.resolution where quarter > 0 || step > 0 {
          values.append((quarter * stretch.resolution + step) * (steps / stretch.resolution))
          names.append(durationName(quarters: quarter, steps: step, resolution: stretch.resolution))
        }
      }
      first += stretch.quarters
    }
    values.append(quarters * steps)
    names.append(durationName(quarters: quarters, steps: 0, resolution: last.resolution))
    return (ValueScale(ascending: values, names: names), steps)
  }

  private static func durationName(quarters: Int, steps: Int, resolution: Int) -> String {
    "Duration_\(quarters).\(steps).\(resolution)"
  }

  private static func leastCommonMultiple(_ a: Int, _ b: Int) -> Int {
    var (divisor, rest) = (a, b)
    while rest != 0 { (divisor, rest) = (rest, divisor % rest) }
    return a / divisor * b
  }
}
