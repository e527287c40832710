import TestSupport
import Testing

/// The options of `generate` for what a piece has to hold, as a user types them.
@Suite struct LimitOptionsTests {
  @Test(
    "What cannot be read is refused with its place, before a model is looked for",
    arguments: [
      (["--key", "D dorain"], "character 3"), (["--chords", "Dm7 G7 | Cmaj8"], "character 11"),
      (["--instruments", "violn"], "violin"), (["--voices", "4...2"], "fewest and most"),
      (["--range", "C9...C2"], "lowest and highest"), (["--range", "tune:C3...C5"], "the parts are melody"),
      (["--chromatic", "0.1"], "--key"), (["--first", "D4 H"], "\"H\""), (["--last", "Dm"], "--last-chord"),
      (["--time-signature", "3/4 4/4"], "3/4x8"), (["--rests", "2"], "--rests"),
      (["--note-lengths", "1/2...1/8"], "shortest and longest"), (["--rhythm", "1/4 x"], "character 5"),
      (["--density", "-2...4"], "not -2...4"), (["--voices", "-1"], "-1"),
    ])
  func whatCannotBeRead(options: [String], words: String) throws {
    let outcome = try Program().run(["generate", "/nowhere", "-o", "x.mid"] + options)
    #expect(outcome.exitCode == 64)
    #expect(outcome.errorLines.count == 1 && outcome.errors.contains(words), "\(outcome.errors)")
  }
}
