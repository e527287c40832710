internal import ArgumentParser
internal import Groundwork
internal import Music

/// `gruppetto render`: renders music to a sound file.
struct Render: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn music into a sound file.",
    discussion: """
      The ending of the file name selects the format: .wav, .flac or .ogg.

      Examples:

        gruppetto render tune.mid -o tune.wav
        gruppetto render tune.mid -o tune.flac --sound piano.sf2
      """)

  @Argument(help: "MIDI file or tune book; - is standard input.")
  var file: String

  @Option(name: .shortAndLong, help: ArgumentHelp("Sound file to write.", valueName: "file"))
  var output: String

  @OptionGroup var piece: PieceOption
  @OptionGroup var ornament: OrnamentOption
  @OptionGroup var sound: SoundOptions
  @OptionGroup var input: InputOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    let target = try OutputFile(output)
    guard target.form == .sound else {
      throw UsageError("\(output): the ending of a sound file must be .wav, .flac or .ogg")
    }
    try sound.check(output)
    try target.checkFolder()
    let score = try MusicInput.readAudible(
      file, piece: piece.piece, ornaments: ornament.ornaments, input: input, common: common)
    let result = try sound.rendering(of: score, to: output).write(
      try sound.instruments(common), progress: common.progress)
    try common.report(result) {
      "\(output): \(Readable.clock(result.seconds))\(result.silence), peak \(Readable.decimal(result.peakDecibels, 1)) dBFS"
        + (result.loudness.map { ", \(Readable.decimal($0, 1)) LUFS" } ?? "")
        + ", rendered \(Readable.decimal(result.realTimeFactor, 0)) times faster than real time"
    }
  }
}
