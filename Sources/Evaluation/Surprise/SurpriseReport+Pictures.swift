internal import Drawing
internal import Music
internal import Tokenization

extension SurpriseReport {
  /// The piece as a piano roll in which each note is colored by its surprisal, from a pale blue to a dark red, as an SVG document.
  /// - Parameter title: What stands above it.
  public func pianoRoll(title: String) -> String {
    var byPlace: [Int: [Int: NoteSurprise]] = [:]
    for note in notes { byPlace[note.place.track, default: [:]][note.place.index] = note }
    return PianoRoll().svg(of: score, title: title, scale: SurprisalScale.legend) { track, note in
      guard let surprise = byPlace[track]?[note] else {
        return PianoRoll.NoteAppearance(color: SurprisalScale.color(0), remark: "not read")
      }
      return PianoRoll.NoteAppearance(
        color: SurprisalScale.color(surprise.surprisal), remark: remark(on: surprise))
    }
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
