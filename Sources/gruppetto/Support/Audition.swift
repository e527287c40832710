internal import Audio
internal import Drawing
internal import Foundation
internal import Groundwork
internal import Listening
internal import Music
internal import Synthesis

/// A folder in which every instrument plays a scale, a chord and a phrase: a sound file and a spectrogram of each, and a page to listen
/// through them.
struct Audition {
  /// One instrument of the page.
  struct Entry {
    /// The program, 0...127; nil for the drums.
    var program: Int?
    /// What it is called.
    var name: String
    /// What it belongs to.
    var family: String

    /// Where its sound is in a bank.
    var address: PresetAddress { PresetAddress(program: program ?? 0, isDrum: program == nil) }
    /// What it is called with its number.
    var label: String { program.map { "\($0) \(name)" } ?? name }

    /// The beginning of its files' names.
    fileprivate var fileName: String {
      guard let program else { return "drums" }
      let words = name.lowercased().split { !$0.isLetter && !$0.isNumber }
      return ([String(format: "%03d", program)] + words.map(String.init)).joined(separator: "-")
    }
  }

  let folder: String
  let common: CommonOptions

  /// Renders all entries, and writes the page.
  /// - Parameters:
  ///   - entries: The instruments.
  ///   - sound: What plays them.
  /// - Returns: How many sound files were written.
  func write(_ entries: [Entry], _ sound: LoadedSound) throws -> Int {
    try makeFolder(folder)
    var body = ""
    let cancellation = Interruption.cancellation()
    var family = ""
    for (number, entry) in entries.enumerated() {
      if entry.family != family {
        family = entry.family
        body += "<h2>\(SVG.escape(family))</h2>\n"
      }
      let file = entry.fileName + ".ogg"
      let rendering = Rendering(
        score: entry.program.map(Self.piece) ?? Self.drums, path: folder + "/" + file,
        options: RenderOptions(), level: .asMixed, gain: -3, encoding: nil,
        tags: SoundTags(title: entry.name))
      guard try rendering.run(sound, cancellation: cancellation, progress: nil) != nil else {
        throw InterruptedError("interrupted; \(folder) holds \(Readable.plural(number, "instrument"))")
      }
      let picture = entry.fileName + ".svg"
      try replaceFile(at: folder + "/" + picture, with: Self.spectrogram(of: rendering.path, entry.name))
      body += Self.figure(
        file, picture: picture, caption: entry.label)
      common.progress?(
        ProgressReport(
          activity: "rendering", completed: Double(number + 1), total: Double(entries.count),
          unit: "instruments"))
    }
    try replaceFile(at: folder + "/index.html", with: Self.page(body, count: entries.count))
    return entries.count
  }

  // MARK: - Page

  /// A sound with its player and its picture, which are read when they are wanted.
  private static func figure(_ sound: String, picture: String, caption: String) -> String {
    let caption = SVG.escape(caption), picture = SVG.escape(picture)
    return """
      <figure><figcaption>\(caption)</figcaption>
      <audio controls preload="none" src="\(SVG.escape(sound))" aria-label="\(caption)"></audio>
      <a href="\(picture)"><img loading="lazy" src="\(picture)" alt="Spectrogram of \(caption)"></a></figure>

      """
  }

  private static func page(_ body: String, count: Int) -> String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Instruments</title>
    <style>
    body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em}
    figure{display:inline-block;width:340px;margin:0 12px 18px 0;vertical-align:top}
    figure audio,figure img{width:100%}figcaption{font-weight:600}
    </style>
    </head>
    <body>
    <h1>\(Readable.plural(count, "instrument"))</h1>
    <p>Each plays a scale, a chord and a phrase that grows from soft to loud and back.</p>
    \(body)</body>
    </html>

    """
  }

  /// Mel energies of the left channel, 10 ms apart.
  private static func spectrogram(of path: String, _ title: String) throws -> String {
    var settings = FbankOptions()
    settings.frames.sampleRate = 44_100
    settings.frames.lengthMilliseconds = 40
    settings.mel.count = 80
    settings.mel.lowFrequency = 30
    guard let (features, options) = try FeatureExtractor.features(ofFile: path, options: .fbank(settings))
    else {
      return ""
    }
    return FeaturePicture(features, options: options, title: title).svg()
  }

  // MARK: - Music

  private static let quarter = 480

  /// The key that an instrument's scale begins on: where it is at home.
  private static func tonic(of program: Int) -> Int {
    switch program {
    case 32...39, 43, 58: 36
    case 42, 47, 57, 66, 67, 70: 48
    case 8...15, 40, 64, 68, 72...79, 98, 112...114: 72
    default: 60
    }
  }

  /// A scale, a chord and a phrase.
  static func piece(of program: Int) -> Score {
    let tonic = tonic(of: program)
    var notes: [Note] = []
    for (step, interval) in [0, 2, 4, 5, 7, 9, 11, 12].enumerated() {
      notes.append(
        Note(onset: step * quarter / 2, duration: quarter / 2 - 20, pitch: tonic + interval, velocity: 88))
    }
    let chord = 5 * quarter
    for interval in [0, 4, 7, 12] {
      notes.append(Note(onset: chord, duration: 3 * quarter, pitch: tonic + interval, velocity: 84))
    }
    var onset = chord + 4 * quarter
    let phrase = [(7, 2), (9, 1), (7, 1), (5, 2), (4, 1), (2, 1), (4, 3), (0, 1), (2, 2), (-1, 2), (0, 6)]
    for (index, (interval, eighths)) in phrase.enumerated() {
      let share = Double(index) / Double(phrase.count - 1)
      let velocity = 48 + Int(72 * sin(.pi * share))
      let length = eighths * quarter / 2
      notes.append(Note(onset: onset, duration: length - 12, pitch: tonic + interval, velocity: velocity))
      onset += length
    }
    return Score(ticksPerQuarter: quarter, tracks: [Track(program: program, notes: notes)])
  }

  /// Every drum of General MIDI once, soft and loud, and two bars of a rhythm.
  static var drums: Score {
    var notes: [Note] = []
    var onset = 0
    for key in 35...81 {
      for velocity in [70, 112] {
        notes.append(Note(onset: onset, duration: quarter / 4, pitch: key, velocity: velocity))
        onset += quarter / 2
      }
    }
    onset += quarter
    for beat in 0..<16 {
      let time = onset + beat * quarter / 2
      notes.append(
        Note(
          onset: time, duration: quarter / 4, pitch: beat == 15 ? 46 : 42,
          velocity: beat.isMultiple(of: 2) ? 96 : 70))
      if beat % 8 == 0 || beat % 8 == 5 {
        notes.append(Note(onset: time, duration: quarter / 4, pitch: 36, velocity: 105))
      }
      if beat % 4 == 2 { notes.append(Note(onset: time, duration: quarter / 4, pitch: 38, velocity: 104)) }
    }
    notes.append(Note(onset: onset + 8 * quarter, duration: quarter, pitch: 49, velocity: 112))
    notes.append(Note(onset: onset + 8 * quarter, duration: quarter, pitch: 36, velocity: 112))
    return Score(ticksPerQuarter: quarter, tracks: [Track(isDrum: true, notes: notes)])
  }
}
