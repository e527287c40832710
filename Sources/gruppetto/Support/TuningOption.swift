internal import ArgumentParser
internal import Synthesis

/// How the notes of an octave are tuned; shared by the commands that write or play sound.
struct TuningOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Temperament: \(Temperament.all.map(\.name).joined(separator: ", ")).", valueName: "name"))
  var tuning = Temperament.equal.name

  func validate() throws {
    guard Temperament.named(tuning) != nil else {
      throw ValidationError(
        "--tuning is one of \(Temperament.all.map(\.name).joined(separator: ", ")), not \(tuning).")
    }
  }

  /// The temperament; nil for equal temperament.
  var temperament: Temperament? {
    tuning == Temperament.equal.name ? nil : Temperament.named(tuning)
  }
}
