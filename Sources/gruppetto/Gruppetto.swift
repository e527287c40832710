internal import ArgumentParser
internal import Arithmetic
internal import Groundwork

/// The program: parses the command line, runs the command, and turns every error into one line and an exit code.
@main
struct Gruppetto: ParsableCommand {
  static let version = "0.1.0"
  /// The name of the program in the files that it writes.
  static let signature = "gruppetto \(version)"

  static let configuration = CommandConfiguration(
    commandName: "gruppetto",
    abstract: "Train recurrent networks on music, and compose with them.",
    discussion: """
      Train on your own music, compose, and listen:

        gruppetto train FOLDER -o model --minutes 10
        gruppetto generate model --bars 16 -o tune.mid -o tune.wav
        gruppetto play tune.mid
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(
        name: "Music files:", subcommands: [Inspect.self, TokenizeCommand.self, DetokenizeCommand.self]),
      CommandGroup(
        name: "Models:",
        subcommands: [
          CorpusCommand.self, Train.self, Generate.self, Continue.self, Harmonize.self, StyleCommand.self,
          Evaluate.self, Surprise.self, ModelCommand.self,
        ]),
      CommandGroup(
        name: "Sound:", subcommands: [Render.self, Play.self, Live.self, Instruments.self, Features.self]),
    ])

  static func main() {
    StandardStreams.secure()
    StandardStreams.quietLibraries()
    Interruption.install()
    do {
      var command = try parseAsRoot(
        NegativeValues.joined(to: Array(FileName.arguments.dropFirst())))
      try Kernels.check()
      try command.run()
    } catch {
      Failure(error, in: Self.self).reportAndExit()
    }
  }
}
