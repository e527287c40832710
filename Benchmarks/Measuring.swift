internal import Foundation

/// How many seconds `body` takes, `count` times after a first that is not counted; shortest first.
func timings(count: Int, _ body: () -> Void) -> [Double] {
  let clock = ContinuousClock()
  body()
  return (0..<max(1, count)).map { _ in clock.measure(body) / .seconds(1) }.sorted()
}

func printJSONLine(_ members: [(name: String, value: String)]) {
  print("{" + members.map { "\"\($0.name)\": \($0.value)" }.joined(separator: ", ") + "}")
}

func printUsage(_ usage: String) {
  FileHandle.standardError.write(Data("usage: \(usage)\n".utf8))
  exit(64)
}

func peakResidentMegabytes() -> Int {
  var usage = rusage()
  getrusage(RUSAGE_SELF.rawValue, &usage)
  return usage.ru_maxrss / 1024
}

/// How much memory the process holds now, in kilobytes: the kernel's exact count, for the quick one may be off by hundreds.
func residentKilobytes() -> Int {
  let lines = (try? String(contentsOfFile: "/proc/self/smaps_rollup", encoding: .utf8))?.split(
    separator: "\n")
  let line = lines?.first { $0.hasPrefix("Rss:") }
  return line?.split(separator: " ").compactMap { Int($0) }.first ?? 0
}

/// How much memory this process holds that is no page of a file, in kilobytes.
func anonymousKilobytes() -> Int {
  let lines = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8))?.split(separator: "\n")
  let line = lines?.first { $0.hasPrefix("RssAnon:") }
  return line?.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }.first ?? 0
}
