import Arithmetic
import ExampleSupport
import Recurrent

/// A number for each hour, the first of which is Monday at 0:00, from the second column of a CSV file.
public struct HourlySeries {
  /// The numbers.
  public private(set) var values: [Float] = []
  /// The third column: whether something is known to be wrong.
  public private(set) var isAnomaly: [Bool] = []

  /// Reads a file with a line of names and then a line for each hour, more than `weekCount` weeks of them.
  public init(path: String, weekCount: Int) throws {
    let lines = try readText(ofFile: path).split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
      let columns = line.split(separator: ",", omittingEmptySubsequences: false)
      guard columns.count > 1, let value = Float(columns[1]), abs(value) < 1e12 else {
        throw InputError("\(path), line \(index + 1): the second column of “\(line)” is no number")
      }
      values.append(value)
      isAnomaly.append(columns.count > 2 && columns[2] == "1")
    }
    guard values.count > weekCount * 168 else {
      throw InputError(
        "\(path): \(values.count) hours; more than \(weekCount) weeks, \(weekCount * 168), are needed")
    }
  }
}

/// What the next hour will bring, as a normal distribution: hour, weekday and the value of the hour before go into an
/// embedding and a GRU, mean and variance come out.
public struct HourlyModel {
  let network: Network
  let mean: Float
  let deviation: Float

  /// Learns from some hours of a series, a week of it in each of 16 streams at each step.
  public init(learningFrom series: HourlySeries, hours: Range<Int>, steps: Int) {
    let values = series.values[hours]
    let mean = values.reduce(0, +) / Float(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(values.count)
    let deviation = variance > 0 ? variance.squareRoot() : 1
    let head = Head.gaussian(size: 1), week = 168, team = ThreadTeam()
    network = Network(
      configuration: Network.Configuration(
        input: Network.Input(vocabularySizes: [24, 7], embeddingSize: 8, frameSize: 1),
        stack: StackConfiguration(hiddenSize: 32, layerCount: 1), head: head), seed: 1)
    let pass = NetworkPass(network: network, rowCapacity: 16 * week, streamCapacity: 16, team: team)
    let optimizer = Optimizer(.adam(), parameterCount: network.parameters.count)
    var random = RandomStream(seed: 1, name: "weeks"), dropout = RandomStream(seed: 1, name: "dropout")
    for step in 0..<steps {
      let weeks = (0..<16).map { _ in
        let first = hours.lowerBound + 1 + random.integer(below: hours.count - week)
        return TrainingSequence(
          length: week, ids: (first..<first + week).flatMap(calendar),
          frames: series.values[first - 1..<first + week - 1].map { ($0 - mean) / deviation },
          target: .frames(series.values[first..<first + week].map { ($0 - mean) / deviation }))
      }
      _ = pass.train(SequenceBatch(weeks, head: head), accumulating: false, dropout: &dropout)
      let rate = 1e-2 * (1 - Double(step) / Double(steps))
      optimizer.update(network.parameters, gradients: pass.gradients, learningRate: rate, team: team)
      pass.parametersDidChange()
    }
    (self.mean, self.deviation) = (mean, deviation)
  }

  /// A forecaster that knows nothing of the past yet.
  public func forecaster() -> Forecaster { Forecaster(self) }
}

/// Goes through a series hour by hour.
public final class Forecaster {
  private let model: HourlyModel
  private let runner: NetworkRunner

  init(_ model: HourlyModel) {
    self.model = model
    runner = NetworkRunner(network: model.network)
  }

  /// What it remembers.
  public var state: [Float] {
    get { runner.state }
    set { runner.state = newValue }
  }

  /// The distribution of the value at `hour`, after that of the hour before it.
  public func expectation(at hour: Int, after value: Float) -> (mean: Float, deviation: Float) {
    runner.advance(ids: calendar(hour), frame: [(value - model.mean) / model.deviation]) { row in
      (row[0] * model.deviation + model.mean, row[1].squareRoot() * model.deviation)
    }
  }
}

private func calendar(_ hour: Int) -> [Int32] { [Int32(hour % 24), Int32(hour / 24 % 7)] }
