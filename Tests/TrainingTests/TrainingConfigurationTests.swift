import Foundation
import Recurrent
import Testing
import Training

@Suite struct TrainingConfigurationTests {
  @Test(
    "A budget is an object with one key",
    arguments: [
      (TrainingBudget.minutes(2.5), #"{"minutes":2.5}"#), (.epochs(3), #"{"epochs":3}"#),
      (.steps(500), #"{"steps":500}"#),
    ])
  func aBudgetIsAnObjectWithOneKey(_ budget: TrainingBudget, _ text: String) throws {
    #expect(String(decoding: try JSONEncoder().encode(budget), as: UTF8.self) == text)
    #expect(try JSONDecoder().decode(TrainingBudget.self, from: Data(text.utf8)) == budget)
  }

  @Test(
    "Any other object is no budget",
    arguments: ["{}", #"{"steps":1,"epochs":1}"#, #"{"hours":1}"#, #"{"steps":"many"}"#])
  func anyOtherObjectIsNoBudget(_ text: String) {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(TrainingBudget.self, from: Data(text.utf8))
    }
  }

  @Test("Invalid settings are named") func invalidSettingsAreNamed() throws {
    func name(_ change: (inout TrainingConfiguration) -> Void) -> String? {
      var configuration = TrainingConfiguration(budget: .steps(10))
      change(&configuration)
      do throws(TrainingError) {
        try configuration.validate()
        return nil
      } catch {
        guard case .invalidSetting(let name, _, _) = error else { return "another error" }
        return name
      }
    }
    #expect(name { _ in } == nil)
    #expect(name { $0.budget = .steps(0) } == "budget.steps")
    #expect(name { $0.budget = .minutes(-1) } == "budget.minutes")
    #expect(name { $0.budget = .epochs(0) } == "budget.epochs")
    #expect(name { $0.learningRate = .nan } == "learningRate")
    #expect(name { $0.clipNorm = 0 } == "clipNorm")
    // What is above 0 as a `Double` may be 0 as a `Float`.
    #expect(name { $0.clipNorm = 1e-60 } == "clipNorm")
    #expect(name { $0.clipValue = 1e-60 } == "clipValue")
    #expect(name { $0.optimizer = .adamw(epsilon: 1e-60) } == "optimizer.epsilon")
    #expect(name { $0.batchSize = 0 } == "batchSize")
    #expect(name { $0.truncationLength = 0 } == "truncationLength")
    #expect(name { $0.patience = 0 } == "patience")
    // Beyond what a duration, or an exact count, can be.
    #expect(name { $0.checkpointSeconds = 1e30 } == "checkpointSeconds")
    #expect(name { $0.checkpointSeconds = .nan } == "checkpointSeconds")
    #expect(name { $0.budget = .minutes(1e300) } == "budget.minutes")
    #expect(name { $0.budget = .epochs(.max) } == "budget.epochs")
    #expect(name { $0.budget = .steps(.max) } == "budget.steps")
    #expect(name { $0.validationTokens = .max } == "validationTokens")
    #expect(name { $0.validationInterval = 0 } == "validationInterval")
    #expect(name { $0.clipValue = -1 } == "clipValue")
    #expect(name { $0.accumulation = 0 } == "accumulation")
    #expect(name { $0.averageDecay = 1 } == "averageDecay")
    #expect(name { $0.schedule = .init(shape: .exponential, finalFactor: 0) } == "schedule.finalFactor")
    #expect(name { $0.schedule = .init(shape: .step, interval: 0) } == "schedule.interval")
    #expect(name { $0.schedule = .init(shape: .plateau, factor: 1) } == "schedule.factor")
    #expect(name { $0.schedule = .init(shape: .plateau, patience: -1) } == "schedule.patience")
    #expect(name { $0.schedule = .init(shape: .cosine, patience: 3) } == "schedule.patience")
    #expect(name { $0.schedule.warmUp = 1 } == "schedule.warmUp")
    #expect(name { $0.optimizer = .adamw(beta2: 1) } == "optimizer.beta2")
  }
}
