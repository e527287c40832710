internal import ArgumentParser
internal import Audio

/// How much sound the device holds; shared by the commands that play.
struct LatencyOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How much sound the device holds, 5 to 1000: less answers sooner, more survives a busy machine.",
      valueName: "milliseconds"))
  var latency = 1000 * PlaybackSettings.usualLatency

  /// In seconds.
  var seconds: Double { latency / 1000 }

  func validate() throws {
    guard PlaybackSettings.latencies.contains(seconds) else {
      throw ValidationError("--latency is a number of milliseconds from 5 to 1000, not \(latency).")
    }
  }
}
