internal import Drawing
internal import Music
internal import Tokenization

extension SurpriseReport {
  /// A surprisal of this many nats, and any higher one, has the last color of the scale: one in 3,000.
  private static let highest = 8.0

  /// The piece as a piano roll in which each note is colored by its surprisal, from a pale blue to a dark red, as an SVG document.
  /// - Parameter title: What stands above it.
  public func pianoRoll(title: String) -> String {
    var byPlace: [Int: [Int: NoteSurprise]] = [:]
    for note in notes { byPlace[note.place.track, default: [:]][note.place.index] = note }
    let scale = stride(from: 0.0, through: Self.highest, by: 2).map { nats in
      (label: nats == Self.highest ? "\(Int(nats)) nats and more" : "\(Int(nats)) nats", color: color(nats))
    }
    return PianoRoll().svg(of: score, title: title, scale: scale) { track, note in
      guard let surprise = byPlace[track]?[note] else {
        return PianoRoll.NoteAppearance(color: color(0), remark: "not read")
      }
      return PianoRoll.NoteAppearance(color: color(surprise.surprisal), remark: remark(on: surprise))
    }
  }

  private func color(_ nats: Double) -> Color {
    let stops = [Color(0xC6DBEF), Color(0x6BAED6), Color(0xFDD049), Color(0xF16913), Color(0x99000D)]
    let place = min(max(nats / Self.highest, 0), 1) * Double(stops.count - 1)
    let lower = min(Int(place), stops.count - 2)
    return stops[lower].mixed(with: stops[lower + 1], fraction: place - Double(lower))
  }

  private func remark(on note: NoteSurprise) -> String {
    var text = "\(Self.decimal(note.surprisal)) nats"
    if let expected = note.expected, note.wrongness ?? 0 > 0 {
      let percent = Int((expected.probability * 100).rounded())
      text += ", expected \(pitchName(expected.pitch)) (\(percent) %)"
    }
    return text
  }

  /// A table of all notes, comma separated, with a line of headings.
  public var csv: String {
    var lines = [
      "bar,beat,onset_quarters,track,pitch,name,duration_quarters,surprisal,entropy,wrongness,superfluity,"
        + "expected_pitch,expected_probability"
    ]
    for note in notes {
      let quarter = Double(score.ticksPerQuarter)
      let isDrum = score.tracks[note.place.track].isDrum
      let numbers: [String] = [
        "\(note.bar + 1)", Self.decimal(note.beat + 1), Self.decimal(Double(note.note.onset) / quarter),
        "\(note.place.track + 1)", "\(note.note.pitch)",
        isDrum ? GeneralMIDI.drumName(note.note.pitch) ?? "" : pitchName(note.note.pitch),
        Self.decimal(Double(note.note.duration) / quarter), Self.decimal(note.surprisal),
        Self.decimal(note.entropy), note.wrongness.map(Self.decimal) ?? "",
        note.superfluity.map(Self.decimal) ?? "", note.expected.map { "\($0.pitch)" } ?? "",
        note.expected.map { Self.decimal($0.probability) } ?? "",
      ]
      lines.append(numbers.map(Self.field).joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Names of drums may have commas.
  private static func field(_ text: String) -> String {
    guard text.contains(",") || text.contains("\"") else { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }

  /// A number with three decimals.
  private static func decimal(_ value: Double) -> String {
    let thousandths = Int((min(max(value, -1e12), 1e12) * 1000).rounded())
    let digits = String(thousandths.magnitude % 1000 + 1000).dropFirst()
    return "\(thousandths < 0 ? "-" : "")\(thousandths.magnitude / 1000).\(digits)"
  }
}
