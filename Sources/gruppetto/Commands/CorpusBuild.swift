internal import ArgumentParser
internal import Corpora
internal import Groundwork

/// `gruppetto corpus build`: builds a corpus from music files.
struct CorpusBuild: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Build a corpus from music files (.mid .midi .rmi .kar .abc).",
    discussion: """
      Folders are searched to any depth. Unreadable files are skipped and listed;
      damaged files are listed.

      Example:

        gruppetto corpus build ~/music -o folk.corpus
      """)

  @Argument(help: "Folders and files of music.")
  var paths: [String]

  @Option(name: .shortAndLong, help: ArgumentHelp("Folder of the corpus.", valueName: "folder"))
  var output: String

  @OptionGroup var options: CorpusOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var input: InputOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    let corpus = try options.request(input).builder(testShare: 0.1, threadCount: threads.count).build(
      from: paths, to: output, cancellation: Interruption.cancellation(), progress: common.progress)
    let info = try corpus.info()
    try common.report(info) { CorpusText.text(info, path: output) }
  }
}
