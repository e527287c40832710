internal import Arithmetic
internal import Foundation
internal import Testing

@testable import Recurrent

/// Against PyTorch in double precision; the fixtures are those of `Scripts/make-optimizer-fixtures.py`.
@Suite struct OptimizerTests {
  static let cases: [(name: String, configuration: OptimizerConfiguration)] = [
    ("sgd", .sgd()), ("sgd-decay", .sgd(weightDecay: 0.1)),
    ("sgd-momentum", .sgd(momentum: 0.9, weightDecay: 0.1)),
    ("sgd-nesterov", .sgd(momentum: 0.9, isNesterov: true, weightDecay: 0.1)),
    ("rmsprop", .rmsprop()),
    ("rmsprop-momentum", .rmsprop(smoothing: 0.95, momentum: 0.9, weightDecay: 0.1)),
    ("rmsprop-centered", .rmsprop(smoothing: 0.95, epsilon: 1e-4, isCentered: true)),
    (
      "rmsprop-all",
      .rmsprop(smoothing: 0.9, epsilon: 1e-4, momentum: 0.5, isCentered: true, weightDecay: 0.1)
    ),
    ("adam", .adam()), ("adam-decay", .adam(beta1: 0.8, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.1)),
    ("adamw", .adamw(weightDecay: 0.1)),
  ]

  /// The fixtures' parameters before the first step, and their gradients step by step.
  struct Course {
    let file: SafetensorsFile
    let parameters = ParameterStore(shapes: [("a", [7, 5]), ("b", [19])])
    let gradients: AlignedBuffer<Float>

    init() throws {
      file = try Fixtures.file("optimizers")
      gradients = AlignedBuffer(count: parameters.count)
      try fill(parameters.values, "weight")
    }

    func fill(_ buffer: AlignedBuffer<Float>, _ prefix: String) throws {
      for entry in parameters.entries {
        for (index, value) in zip(entry.range, try file.floats(named: "\(prefix)/\(entry.name)")) {
          buffer[index] = value
        }
      }
    }

    /// Makes the steps from `first` on with the fixtures' gradients and rates.
    func run(_ optimizer: Optimizer, steps: Range<Int>, team: ThreadTeam) throws {
      for step in steps {
        try fill(gradients, "gradient/\(step)")
        optimizer.update(
          parameters, gradients: gradients, learningRate: step < 5 ? 0.01 : 0.005, team: team)
      }
    }
  }

  @Test("Ten steps agree with PyTorch", arguments: cases.indices)
  func tenStepsAgreeWithPyTorch(index: Int) throws {
    let (name, configuration) = Self.cases[index]
    let course = try Course()
    let optimizer = Optimizer(configuration, parameterCount: course.parameters.count)
    try course.run(optimizer, steps: 0..<10, team: ThreadTeam(threadCount: 2))
    for entry in course.parameters.entries {
      let distance = relativeDistance(
        course.parameters.values.elements[entry.range], try course.file.floats(named: "\(name)/\(entry.name)")
      )
      #expect(distance < 1e-5, "\(name): \(entry.name) is off by \(distance)")
    }
  }

  @Test("The state is all that goes from step to step", arguments: cases.indices)
  func theStateIsAllThatGoesFromStepToStep(index: Int) throws {
    let (name, configuration) = Self.cases[index]
    let (straight, stopped) = (try Course(), try Course())
    let team = ThreadTeam(threadCount: 1)
    try straight.run(
      Optimizer(configuration, parameterCount: straight.parameters.count), steps: 0..<10, team: team)
    let first = Optimizer(configuration, parameterCount: stopped.parameters.count)
    try stopped.run(first, steps: 0..<4, team: team)
    let second = Optimizer(configuration, parameterCount: stopped.parameters.count)
    #expect(first.stateBuffers.count == configuration.stateCount)
    for (old, new) in zip(first.stateBuffers, second.stateBuffers) {
      #expect(old.name == new.name)
      new.values.update(from: old.values.elements)
    }
    second.stepCount = first.stepCount
    try stopped.run(second, steps: 4..<10, team: team)
    #expect(straight.parameters.values.array == stopped.parameters.values.array, "\(name)")
  }

  @Test("An update can be measured without being made", arguments: cases.indices)
  func anUpdateCanBeMeasuredWithoutBeingMade(index: Int) throws {
    let (name, configuration) = Self.cases[index]
    let course = try Course()
    let optimizer = Optimizer(configuration, parameterCount: course.parameters.count)
    let team = ThreadTeam(threadCount: 1)
    try course.run(optimizer, steps: 0..<3, team: team)
    let before = course.parameters.values.array, state = optimizer.stateBuffers.map(\.values.array)
    try course.fill(course.gradients, "gradient/3")
    let norms = optimizer.updateNorms(course.parameters, gradients: course.gradients, learningRate: 0.01)
    #expect(course.parameters.values.array == before)
    #expect(optimizer.stateBuffers.map(\.values.array) == state && optimizer.stepCount == 3)
    try course.run(optimizer, steps: 3..<4, team: team)
    for (entry, norm) in zip(course.parameters.entries, norms) {
      let squares = entry.range.reduce(0.0) {
        $0 + pow(Double(course.parameters.values[$1]) - Double(before[$1]), 2)
      }
      #expect(abs(norm - squares.squareRoot()) < 1e-6 * norm, "\(name)")
    }
  }

  @Test("Decay can be kept from some tensors") func decayCanBeKeptFromSomeTensors() throws {
    let course = try Course()
    let optimizer = Optimizer(.sgd(weightDecay: 0.5), parameterCount: course.parameters.count) {
      $0.name == "a"
    }
    let before = course.parameters.values.array
    course.gradients.clear()
    optimizer.update(
      course.parameters, gradients: course.gradients, learningRate: 0.1, team: ThreadTeam(threadCount: 1))
    for entry in course.parameters.entries {
      for index in entry.range {
        let expected = entry.name == "a" ? before[index] * 0.95 : before[index]
        #expect(abs(course.parameters.values[index] - expected) < 1e-6)
      }
    }
  }

  @Test("A configuration is one flat object", arguments: cases.indices)
  func aConfigurationIsOneFlatObject(index: Int) throws {
    let configuration = Self.cases[index].configuration
    let text = try JSONEncoder().encode(configuration)
    #expect(try JSONDecoder().decode(OptimizerConfiguration.self, from: text) == configuration)
  }

  @Test("What an optimizer lacks is missed") func whatAnOptimizerLacksIsMissed() {
    for text in [
      #"{"rule":"sgd","weightDecay":0}"#, #"{"rule":"lion","weightDecay":0}"#,
      #"{"rule":"adam","beta1":0.9,"epsilon":1e-8,"weightDecay":0}"#,
    ] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(OptimizerConfiguration.self, from: Data(text.utf8))
      }
    }
  }

  @Test("Invalid constants are named") func invalidConstantsAreNamed() {
    #expect(Self.cases.allSatisfy { $0.configuration.fault == nil })
    #expect(OptimizerConfiguration.sgd(momentum: 1).fault?.name == "momentum")
    #expect(OptimizerConfiguration.sgd(isNesterov: true).fault?.name == "momentum")
    #expect(OptimizerConfiguration.rmsprop(smoothing: -0.1).fault?.name == "smoothing")
    #expect(OptimizerConfiguration.adam(epsilon: 0).fault?.name == "epsilon")
    #expect(OptimizerConfiguration.adamw(beta2: 1).fault?.name == "beta2")
    #expect(OptimizerConfiguration.adamw(weightDecay: .nan).fault?.name == "weightDecay")
  }
}

@Suite struct WeightAverageTests {
  @Test("It follows the formula") func itFollowsTheFormula() {
    let parameters = ParameterStore(shapes: [("a", [5000])])
    let average = WeightAverage(of: parameters, decay: 0.6)
    var expected = 0.0
    for step in 1...8 {
      for index in 0..<parameters.count { parameters.values[index] = Float(step) + Float(index) / 5000 }
      average.update(from: parameters, team: ThreadTeam(threadCount: 2))
      let kept = min(0.6, Double(1 + step) / Double(10 + step))
      expected = kept * expected + (1 - kept) * Double(step)
    }
    #expect(abs(Double(average.values[0]) - expected) < 1e-5)
    let (weights, smooth) = (parameters.values.array, average.values.array)
    average.swap(with: parameters)
    #expect(parameters.values.array == smooth && average.values.array == weights)
    average.swap(with: parameters)
    #expect(parameters.values.array == weights && average.values.array == smooth)
  }
}

@Suite struct GradientClippingTests {
  @Test("The norm is the root of the squares", arguments: [1, 2, 3])
  func theNormIsTheRootOfTheSquares(threadCount: Int) {
    let gradients = AlignedBuffer<Float>((0..<40_000).map { Float($0 % 7) - 3 })
    let clipping = GradientClipping(gradients, team: ThreadTeam(threadCount: threadCount))
    let norm = gradients.elements.reduce(0.0) { $0 + Double($1 * $1) }.squareRoot()
    #expect(clipping.norm == Float(norm))
    #expect(clipping.clip(toGlobalNorm: 1e9) == Float(norm) && clipping.norm == Float(norm))
    clipping.clip(toGlobalNorm: 2)
    #expect(abs(clipping.norm - 2) < 1e-5)
  }

  @Test("Values are clipped one by one") func valuesAreClippedOneByOne() {
    let gradients = AlignedBuffer<Float>([-3, 0.25, 7, -.infinity, .nan])
    GradientClipping(gradients, team: ThreadTeam(threadCount: 1)).clip(toMagnitude: 0.5)
    #expect(Array(gradients.array.prefix(4)) == [-0.5, 0.25, 0.5, -0.5] && gradients[4].isNaN)
  }
}
