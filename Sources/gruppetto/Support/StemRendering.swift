internal import Audio
internal import Groundwork
internal import Synthesis

/// Writes the parts of a rendering to files beside that of their mix.
struct StemRendering {
  /// The rendering of the mix.
  var rendering: Rendering
  /// The mix's length in frames, and its gain in decibels.
  var frameCount: Int
  var gain: Double
  /// Whether integers were asked for, rather than floating point where the format holds it.
  var isIntegerWanted: Bool

  /// The file of a part, as `--json` prints it.
  struct Stem: Encodable {
    var file: String
    var part: String
    var peak: Double
    var loudness: Double?
  }

  /// Writes them; parts without notes have none.
  func write(_ library: LoadedSound, common: CommonOptions) throws -> [Stem] {
    var options = rendering.options
    options.isLimited = false
    options.separatesParts = true
    let source = ScoreRenderer(score: rendering.score, bank: library, options: options)
    let paths = self.paths(of: source.parts)
    let tags = source.parts.map { part in
      var tags = rendering.tags
      tags.title = [tags.title, part.name].compactMap(\.self).joined(separator: " – ")
      return tags
    }
    let format = try AudioFileFormat(path: rendering.path)
    let encoding: SampleEncoding? =
      !isIntegerWanted && format.encodings.contains(.float) ? .float : rendering.encoding
    let written = try Mastering.writeParts(
      source, to: paths, frameCount: frameCount, gain: gain, encoding: encoding, tags: tags,
      cancellation: Interruption.cancellation(), progress: common.progress)
    guard let written else {
      throw InterruptedError("interrupted; \(rendering.path) is written, its parts are not")
    }
    let clipped = encoding == .float ? 0 : written.count { $0.peak > 1 }
    if clipped > 0 {
      common.remark(
        "\(Readable.plural(clipped, "part")) would pass full scale and was cut off there; write .wav files without --bits, or use --gain"
      )
    }
    let named = zip(source.parts, paths).filter { $0.1 != nil }
    return zip(named, written).map { part, file in
      Stem(file: file.path, part: part.0.name, peak: Double(file.peak), loudness: file.loudness)
    }
  }

  /// The file of each part that has notes: `tune.wav` has `tune-01-Violin.wav` beside it.
  private func paths(of parts: [RenderedPart]) -> [String?] {
    let path = rendering.path
    let dot = path.lastIndex(of: ".") ?? path.endIndex
    var number = 0
    return parts.map { part in
      guard part.noteCount > 0 else { return nil }
      number += 1
      let digits = number < 10 ? "0\(number)" : "\(number)"
      return "\(path[..<dot])-\(digits)-\(Self.plain(part.name))\(path[dot...])"
    }
  }

  /// A name that every file system takes.
  private static func plain(_ name: String) -> String {
    let characters = name.map { $0.isLetter || $0.isNumber ? $0 : "-" }
    let words = String(characters).split(separator: "-").joined(separator: "-")
    var short = words
    while short.utf8.count > 60 { short.removeLast() }
    return short.isEmpty ? "part" : short
  }
}
