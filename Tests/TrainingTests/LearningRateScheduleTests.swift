import Testing
import Training

@Suite struct LearningRateScheduleTests {
  @Test("Constant keeps the rate") func constantKeepsTheRate() {
    for progress in [0, 0.3, 1, 1.5] {
      #expect(LearningRateSchedule.constant.factor(at: progress) == 1)
    }
  }

  @Test("Cosine falls from one to zero") func cosineFallsFromOneToZero() {
    let schedule = LearningRateSchedule.cosine
    #expect(schedule.factor(at: 0) == 1)
    // ½ (1 + cos 60°) = ¾ and ½ (1 + cos 120°) = ¼
    #expect(abs(schedule.factor(at: 1.0 / 3) - 0.75) < 1e-15)
    #expect(abs(schedule.factor(at: 0.5) - 0.5) < 1e-15)
    #expect(abs(schedule.factor(at: 2.0 / 3) - 0.25) < 1e-15)
    #expect(schedule.factor(at: 1) == 0)
    #expect(schedule.factor(at: 1.25) == 0)
  }

  @Test("Warm up rises linearly and the cosine takes the rest")
  func warmUpRisesLinearlyAndTheCosineTakesTheRest() {
    let schedule = LearningRateSchedule(shape: .cosine, warmUp: 0.2, finalFactor: 0.1)
    #expect(schedule.factor(at: 0) == 0)
    #expect(abs(schedule.factor(at: 0.05) - 0.25) < 1e-15)
    #expect(schedule.factor(at: 0.2) == 1)
    // half way of what is left: 0.1 + 0.9 × ½
    #expect(abs(schedule.factor(at: 0.6) - 0.55) < 1e-15)
    #expect(abs(schedule.factor(at: 1) - 0.1) < 1e-15)
  }

  @Test("Every shape warms up and never rises again", arguments: LearningRateSchedule.Shape.allCases)
  func everyShapeWarmsUpAndNeverRisesAgain(shape: LearningRateSchedule.Shape) {
    let schedule = LearningRateSchedule(shape: shape, warmUp: 0.1)
    #expect(abs(schedule.factor(at: 0.05) - 0.5) < 1e-15)
    #expect(schedule.factor(at: 0.1) == 1)
    let course = (0...90).map { schedule.factor(at: 0.1 + Double($0) / 100) }
    #expect(zip(course, course.dropFirst()).allSatisfy { $0 >= $1 })
  }

  @Test("Steps fall at equal shares") func stepsFallAtEqualShares() {
    let schedule = LearningRateSchedule(shape: .step, finalFactor: 0.2, factor: 0.5, interval: 0.1)
    #expect([0, 0.05, 0.0999].map { schedule.factor(at: $0) } == [1, 1, 1])
    // 0.3 / 0.1 is a little less than 3 in binary.
    #expect([0.1, 0.2, 0.25, 0.3, 0.9].map { schedule.factor(at: $0) } == [0.5, 0.25, 0.25, 0.2, 0.2])
  }

  @Test("Exponential falls by equal ratios") func exponentialFallsByEqualRatios() {
    let schedule = LearningRateSchedule(shape: .exponential, warmUp: 0.5, finalFactor: 0.01)
    #expect(abs(schedule.factor(at: 0.75) - 0.1) < 1e-15)
    #expect(abs(schedule.factor(at: 1) - 0.01) < 1e-15)
  }

  /// The rates are those that PyTorch's `ReduceLROnPlateau` printed in `Scripts/make-optimizer-fixtures.py`.
  @Test("A plateau halves the rate as PyTorch does") func aPlateauHalvesTheRateAsPyTorchDoes() {
    let losses = [
      3, 2.5, 2.4, 2.4, 2.39999, 2.4, 2.3, 2.31, 2.32, 2.33, 2.34, 2.35, 2.36, 2.2, 2.2, 2.2, 2.2, 2.2, 2.2,
      2.2,
    ]
    let rates = [
      1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125, 0.125, 0.1, 0.1, 0.1, 0.1,
    ]
    let schedule = LearningRateSchedule(shape: .plateau, finalFactor: 0.1, factor: 0.5, patience: 2)
    var plateau = Plateau()
    let found = losses.map {
      plateau.take($0, schedule: schedule)
      return plateau.factor
    }
    #expect(found == rates)
  }
}
