// The next day of a series, hour by hour, with the interval that nine of ten values should be in; and whether they are.
//
//     swift run -c release forecast [SERIES.csv] [STEPS]
import Arithmetic
import ExampleSupport
import HourlySeries

let arguments = Arguments("forecast [SERIES.csv] [STEPS]")
let path = arguments.text(0, default: "Examples/series/series.csv")
let steps = arguments.number(1, default: 400)
let day = 24, trained = 14 * 7 * day, tested = 16 * 7 * day
let series = attempt { try HourlySeries(path: path, weekCount: 16) }
let model = HourlyModel(learningFrom: series, hours: 0..<trained, steps: steps)

let forecaster = model.forecaster()
for hour in 1..<trained { _ = forecaster.expectation(at: hour, after: series.values[hour - 1]) }

var random = RandomStream(seed: 1, name: "futures")
var days: [[(low: Float, middle: Float, high: Float)]] = []
for midnight in stride(from: trained, to: tested, by: day) {
  // Two hundred futures, each from what the network expects of an hour after what it was dealt for the hour before.
  let now = forecaster.state
  let futures = (0..<200).map { _ in
    forecaster.state = now
    var value = series.values[midnight - 1]
    return (midnight..<midnight + day).map { hour in
      let expected = forecaster.expectation(at: hour, after: value)
      value = expected.mean + expected.deviation * Float(random.normal())
      return value
    }
  }
  days.append(
    (0..<day).map { hour in
      let values = futures.map { $0[hour] }.sorted()
      return (values[10], values[100], values[189])
    })
  forecaster.state = now
  for hour in midnight..<midnight + day {
    _ = forecaster.expectation(at: hour, after: series.values[hour - 1])
  }
}

print("The last day: ├──┼──┤ is the interval, ● what came.\n")
let lastDay = days[days.count - 1], came = series.values[tested - day..<tested]
let lowest = (lastDay.map(\.low) + came).min() ?? 0, highest = (lastDay.map(\.high) + came).max() ?? 0
func column(_ value: Float) -> Int { Int(59 * (value - lowest) / max(highest - lowest, .ulpOfOne)) }
for (hour, (expected, value)) in zip(lastDay, came).enumerated() {
  var line = [Character](repeating: " ", count: max(column(expected.high), column(value)) + 1)
  for place in column(expected.low)...column(expected.high) { line[place] = "─" }
  line[column(expected.low)] = "├"
  line[column(expected.high)] = "┤"
  line[column(expected.middle)] = "┼"
  line[column(value)] = "●"
  print(hour < 10 ? " \(hour):00" : "\(hour):00", String(line))
}

let pairs = zip(days.joined(), series.values[trained..<tested])
let inside = pairs.count { $0.low <= $1 && $1 <= $0.high }
let error = pairs.reduce(Float(0)) { $0 + abs($1.0.middle - $1.1) } / Float(tested - trained)
let lastWeek = (trained..<tested).reduce(Float(0)) {
  $0 + abs(series.values[$1 - 7 * day] - series.values[$1])
}
print(
  "\n\(inside) of \(tested - trained) hours of two weeks (\(inside * 100 / (tested - trained)) %) are inside")
let lastWeekError = lastWeek / Float(tested - trained)
print(
  "mean error a day ahead: \(Int(error.rounded())); of the same hour a week before: \(Int(lastWeekError.rounded()))"
)
