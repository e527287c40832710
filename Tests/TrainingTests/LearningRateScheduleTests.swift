import Testing
import Training

@Suite struct LearningRateScheduleTests {
  @Test func constantKeepsTheRate() {
    for progress in [0, 0.3, 1, 1.5] {
      #expect(LearningRateSchedule.constant.factor(at: progress) == 1)
    }
  }

  @Test func cosineFallsFromOneToZero() {
    let schedule = LearningRateSchedule.cosine
    #expect(schedule.factor(at: 0) == 1)
    // ½ (1 + cos 60°) = ¾ and ½ (1 + cos 120°) = ¼
    #expect(abs(schedule.factor(at: 1.0 / 3) - 0.75) < 1e-15)
    #expect(abs(schedule.factor(at: 0.5) - 0.5) < 1e-15)
    #expect(abs(schedule.factor(at: 2.0 / 3) - 0.25) < 1e-15)
    #expect(schedule.factor(at: 1) == 0)
    #expect(schedule.factor(at: 1.25) == 0)
  }

  @Test func warmUpRisesLinearlyAndTheCosineTakesTheRest() {
    let schedule = LearningRateSchedule(shape: .cosine, warmUp: 0.2, finalFactor: 0.1)
    #expect(schedule.factor(at: 0) == 0)
    #expect(abs(schedule.factor(at: 0.05) - 0.25) < 1e-15)
    #expect(schedule.factor(at: 0.2) == 1)
    // half way of what is left: 0.1 + 0.9 × ½
    #expect(abs(schedule.factor(at: 0.6) - 0.55) < 1e-15)
    #expect(abs(schedule.factor(at: 1) - 0.1) < 1e-15)
  }
}
