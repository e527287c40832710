internal import ArgumentParser
internal import Arithmetic
internal import Composing
internal import Groundwork

/// Where compositions go, and how many there are.
struct CompositionOutputs: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "File to write: .mid, .svg, or a sound file such as .wav, .flac, .ogg or .mp3; repeat -o to write the same piece in several formats. A folder gets the sound and the notes of all pieces, and index.html to listen through them in a browser.",
      valueName: "file"))
  var output: [String]

  @Option(help: ArgumentHelp("Number of pieces; the file names are numbered.", valueName: "n"))
  var count = 1

  @Flag(
    inversion: .prefixedNo,
    help: "Write into each file what it was made with, for --like; without it a MIDI file is notes alone.")
  var metadata = true

  func validate() throws {
    guard !output.isEmpty else { throw ValidationError("Name the file to write with -o FILE.") }
    guard (1...10_000).contains(count) else {
      throw ValidationError("--count is a number from 1 to 10000, not \(count).")
    }
  }
}

/// The result of one composition, as `--json` prints it.
struct CompositionReport: Encodable {
  var files: [String]
  var seed: UInt64
  var weights: WeightFormat
  var bars: Int
  var notes: Int
  var tokens: Int
  var seconds: Double
  var nllPerToken: Double
  var stopReason: CompositionStop
  /// Where a piece was filled in, how many bars of parts were written, and how many of them are not as they were.
  var writtenCells: Int?
  var changedCells: Int?

  var text: String {
    let cells =
      writtenCells.map { ", \(changedCells ?? 0) of \($0) written bars changed, counted part by part" } ?? ""
    let reason =
      switch stopReason {
      case .barsWritten: ""
      case .modelEnded: ", where the model ended the piece"
      case .barLimit: ", the limit without --bars"
      case .tokenLimit: ", the limit of tokens without bars"
      }
    return
      "\(files.joined(separator: ", ")): \(Readable.plural(bars, "bar"))\(reason)\(cells), \(Readable.plural(notes, "note")), "
      + "\(Readable.clock(seconds)), \(Readable.decimal(nllPerToken, 2)) nats per token, seed \(seed)"
  }
}
