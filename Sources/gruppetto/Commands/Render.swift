public import ArgumentParser
internal import Arithmetic
public import Audio
internal import Groundwork
internal import Music
internal import Synthesis

/// `gruppetto render`: renders music to sound files.
struct Render: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn music into sound files.",
    discussion: """
      The ending of the file name selects the format: .wav, .flac, .ogg, .opus, .mp3, .aiff, .caf or .w64. Several files, or a
      folder, are rendered into a folder.

      Examples:

        gruppetto render tune.mid -o tune.wav
        gruppetto render tunes -o sounds/ --format flac
        gruppetto render tune.mid -o tune.flac --sound piano.sf2
      """)

  @Argument(help: "MIDI files, tune books, and folders of them; - is standard input.")
  var files: [String]

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Sound file to write; for several pieces a folder, which is made where it is missing.",
      valueName: "file"
    ))
  var output: String

  @Option(help: ArgumentHelp("Format of the files in a folder (default: wav).", valueName: "ending"))
  var format: AudioFileFormat?

  @Flag(
    help:
      "Also write each part to a file of its own, with the mix's gain but no limiter: their sum is the mix. As floating point, unless --bits is given."
  )
  var stems = false

  @OptionGroup var piece: PieceOption
  @OptionGroup var ornament: OrnamentOption
  @OptionGroup var sound: SoundOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var input: InputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard !files.isEmpty else { throw ValidationError("Name a file or a folder to render.") }
  }

  func run() throws {
    if isFolderJob { return try renderFolder() }
    guard format == nil else {
      throw UsageError("--format is for the files in a folder; the ending of \(output) says the format")
    }
    let target = try OutputFile(output)
    guard target.form == .sound else { throw AudioError.unknownEnding(path: output) }
    try sound.check(output)
    try target.checkFolder()
    let (score, tags) = try MusicInput.readTagged(
      files[0], piece: piece.piece, ornaments: ornament.ornaments, input: input, common: common)
    let library = try sound.instruments(common)
    var rendering = try sound.rendering(of: score, to: output, tags: tags)
    // More than four would mostly wait for each other.
    rendering.options.threadCount = min(4, threads.count)
    var result = try rendering.write(library, progress: common.progress)
    if stems {
      let job = StemRendering(
        rendering: rendering,
        frameCount: Int((result.seconds * Double(rendering.options.sampleRate)).rounded()),
        gain: result.gain, isIntegerWanted: Typed.hasOption("--bits"))
      result.stems = try job.write(library, common: common)
    }
    try common.report(result) { result.text }
  }

  /// Whether a folder is written.
  private var isFolderJob: Bool {
    files.count > 1 || isFolder(files[0]) || isFolder(output) || output.hasSuffix("/")
  }

  private func renderFolder() throws {
    guard !stems else { throw UsageError("--stems is for one file; render the others one by one") }
    guard piece.piece == nil else {
      throw UsageError("--piece is for one file; all pieces of several files are rendered")
    }
    guard !files.contains("-") else { throw UsageError("- is one file; write it to a sound file") }
    let format = format ?? .wav
    let ending = output.hasSuffix("/") || isFolder(output) ? nil : try? AudioFileFormat(path: output)
    guard ending == nil else {
      throw UsageError(
        "\(output): several pieces are rendered into a folder; name one, and the format by --format")
    }
    try sound.check("x." + format.rawValue)
    let job = FolderRendering(
      files: files, folder: output, format: format, ornaments: ornament.ornaments, sound: sound, input: input,
      common: common, threadCount: threads.count)
    try job.run()
  }
}

extension AudioFileFormat: ExpressibleByArgument {}
