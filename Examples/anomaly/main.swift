// Finds the hours of a series in which something is wrong: those that a network that knows the series finds surprising.
//
//     swift run -c release anomaly [SERIES.csv] [STEPS]
import ExampleSupport
import Foundation
import HourlySeries

let arguments = Arguments("anomaly [SERIES.csv] [STEPS]")
let path = arguments.text(0, default: "Examples/series/series.csv")
let steps = arguments.number(1, default: 400)
let week = 168, trained = 14 * week, watched = 16 * week
let series = attempt { try HourlySeries(path: path, weekCount: 16) }
let model = HourlyModel(learningFrom: series, hours: 0..<trained, steps: steps)

// A value's surprisal is −log₂ of its probability density, measured in deviations. An alarm is what surprises half as much
// again as anything did in two weeks in which all was well. What surprises so much is not believed: the network continues
// what it expected instead.
let forecaster = model.forecaster()
var threshold = 0.0, before = series.values[0]
var alarms: [(hour: Int, surprisal: Double, expected: Float)] = []
for hour in 1..<series.values.count {
  let expected = forecaster.expectation(at: hour, after: before)
  let distance = Double((series.values[hour] - expected.mean) / expected.deviation)
  let surprisal = (distance * distance / 2 + log(2 * Double.pi) / 2) / log(2)
  before = series.values[hour]
  if hour >= watched, surprisal > threshold {
    alarms.append((hour, surprisal, expected.mean))
    before = expected.mean
  } else if (trained..<watched).contains(hour) {
    threshold = max(threshold, 1.5 * surprisal)
  }
}

print("Alarms above \(String(format: "%.1f", threshold)) bits:\n")
print("week  day  hour   load  expected  surprisal")
for alarm in alarms {
  let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
  let time = (alarm.hour / week + 1, alarm.hour / 24 % 7, alarm.hour % 24)
  let what = series.isAnomaly[alarm.hour] ? "" : "  (nothing was wrong)"
  print(
    String(format: "%4d  ", time.0) + days[time.1]
      + String(
        format: "  %2d:00  %4.0f  %8.0f  %9.1f", time.2, series.values[alarm.hour], alarm.expected,
        alarm.surprisal) + what)
}

let wrong = (watched..<series.values.count).filter { series.isAnomaly[$0] }
let events = wrong.filter { !series.isAnomaly[$0 - 1] }
let found = events.count { first in
  alarms.contains { $0.hour >= first && (first...$0.hour).allSatisfy { series.isAnomaly[$0] } }
}
let right = alarms.count { series.isAnomaly[$0.hour] }
print(
  "\n\(found) of \(events.count) events were noticed, in \(right) of \(wrong.count) hours;", terminator: " ")
print("\(alarms.count - right) of \(series.values.count - watched - wrong.count) good hours gave an alarm")
