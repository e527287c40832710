internal import ArgumentParser

@main
struct Gruppetto: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gruppetto", abstract: "Trains recurrent networks on music and lets them compose.",
    version: "0.1.0")
}
