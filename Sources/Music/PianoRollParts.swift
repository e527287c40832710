internal import Drawing

/// Which pitches and drums a piano roll has a row for, from the top.
struct PianoRollRows {
  /// The pitches from the highest to the lowest, without a break.
  let pitches: ClosedRange<Int>?
  /// The drums that sound, from the highest key to the lowest.
  let drums: [Int]

  init(_ score: Score) {
    var lowest = Int.max
    var highest = Int.min
    var struck: Set<Int> = []
    for track in score.tracks {
      for note in track.notes {
        if track.isDrum {
          struck.insert(note.pitch)
        } else {
          guard Pitch.keys.contains(note.pitch) else { continue }
          lowest = min(lowest, note.pitch)
          highest = max(highest, note.pitch)
        }
      }
    }
    drums = struck.sorted(by: >)
    if lowest <= highest {
      // At least an octave, ending on whole keys, so that the keyboard can be recognized.
      let missing = max(0, 12 - (highest - lowest))
      pitches = max(0, lowest - 2 - missing / 2)...min(127, highest + 2 + missing / 2)
    } else {
      pitches = struck.isEmpty ? 54...66 : nil
    }
  }

  /// How high all rows are together, with the gap between pitches and drums.
  func height(rowHeight: Double) -> Double {
    pitchHeight(rowHeight) + Double(drums.count) * Self.drumRowHeight(rowHeight)
  }

  /// Drums have names next to them, and need the room for a line of text.
  static func drumRowHeight(_ rowHeight: Double) -> Double { max(rowHeight, 10) }

  private func pitchHeight(_ rowHeight: Double) -> Double {
    Double(pitches?.count ?? 0) * rowHeight + (pitches != nil && !drums.isEmpty ? rowHeight : 0)
  }

  /// How far below the system's top the row of this pitch begins.
  func offset(ofPitch pitch: Int, rowHeight: Double) -> Double? {
    guard let pitches, pitches.contains(pitch) else { return nil }
    return Double(pitches.upperBound - pitch) * rowHeight
  }

  /// How far below the system's top the row of this drum begins.
  func offset(ofDrum key: Int, rowHeight: Double) -> Double? {
    guard let row = drums.firstIndex(of: key) else { return nil }
    return pitchHeight(rowHeight) + Double(row) * Self.drumRowHeight(rowHeight)
  }
}

/// The names and colors of the tracks that sound.
struct PianoRollLegend {
  private let entries: [(name: String, color: Color)]
  private static let entryWidth = 190.0

  init(entries: [(label: String, color: Color)]) { self.entries = entries.map { ($0.label, $0.color) } }

  init(_ score: Score) {
    entries = score.tracks.enumerated().filter { !$0.element.notes.isEmpty }.map { index, track in
      (Self.name(of: track, number: index + 1), Palette.kind(index))
    }
  }

  var height: Double { Double((entries.count + 4) / 5) * 18 }

  func draw(in picture: inout SVG, x: Double, y: Double, width: Double) {
    let columns = max(1, Int(width / Self.entryWidth))
    for (index, entry) in entries.enumerated() {
      let left = x + Double(index % columns) * Self.entryWidth
      let top = y + Double(index / columns) * 18
      picture.rectangle(x: left, y: top, width: 11, height: 11, fill: entry.color.css, cornerRadius: 2)
      picture.text(entry.name, x: left + 17, y: top + 9.5, class: "legend")
    }
  }

  private static func name(of track: Track, number: Int) -> String {
    let instrument = track.isDrum ? "Drums" : track.program.flatMap(GeneralMIDI.programName)
    let name =
      switch (track.name.isEmpty, instrument) {
      case (true, nil): "Track \(number)"
      case (true, let instrument?): instrument
      case (false, nil): track.name
      case (false, let instrument?): track.name == instrument ? track.name : "\(track.name) (\(instrument))"
      }
    return name.count > 30 ? name.prefix(29) + "…" : name
  }
}

/// One system of a piano roll: some bars from the left edge to the right.
struct PianoRollSystem {
  let bars: [Bar]
  let rows: PianoRollRows
  let x: Double
  let y: Double
  let width: Double
  let widestLength: Int
  let rowHeight: Double

  private var height: Double { rows.height(rowHeight: rowHeight) }
  private var drumRowHeight: Double { PianoRollRows.drumRowHeight(rowHeight) }
  private var start: Int { bars.first?.start ?? 0 }
  private var end: Int { bars.last?.end ?? 0 }
  private var usedWidth: Double { place(end) - x }

  private func place(_ tick: Int) -> Double {
    x + Double(tick - start) / Double(max(1, widestLength)) * width
  }

  func draw(
    _ score: Score, appearance: ((_ track: Int, _ note: Int) -> PianoRoll.NoteAppearance)?,
    in picture: inout SVG
  ) {
    drawRows(in: &picture)
    drawBars(in: &picture)
    for (index, track) in score.tracks.enumerated() {
      let ofTrack = appearance.map { appearance in { (note: Int) in appearance(index, note) } }
      draw(track, color: Palette.kind(index), appearance: ofTrack, in: &picture)
    }
    picture.rectangle(x: x, y: y, width: usedWidth, height: height, class: "frame")
  }

  private func drawRows(in picture: inout SVG) {
    for pitch in rows.pitches.map(Array.init) ?? [] {
      guard let offset = rows.offset(ofPitch: pitch, rowHeight: rowHeight) else { continue }
      let isBlack = [1, 3, 6, 8, 10].contains(pitch % 12)
      let top = y + offset
      picture.rectangle(x: x, y: top, width: usedWidth, height: rowHeight, class: isBlack ? "dark" : "light")
      picture.rectangle(x: x - 30, y: top, width: 28, height: rowHeight, class: "white")
      if isBlack { picture.rectangle(x: x - 30, y: top, width: 18, height: rowHeight, class: "black") }
      if pitch % 12 == 0 {
        picture.line(from: (x, top + rowHeight), to: (x + usedWidth, top + rowHeight), class: "octave")
        picture.text(pitchName(pitch), x: x - 33, y: top + rowHeight - 0.5, class: "label", anchor: .end)
      }
    }
    for key in rows.drums {
      guard let offset = rows.offset(ofDrum: key, rowHeight: rowHeight) else { continue }
      picture.rectangle(x: x, y: y + offset, width: usedWidth, height: drumRowHeight, class: "drumrow")
      let name = GeneralMIDI.drumName(key) ?? "Drum \(key)"
      picture.text(name, x: x - 4, y: y + offset + drumRowHeight - 2, class: "label", anchor: .end)
    }
  }

  private func drawBars(in picture: inout SVG) {
    for bar in bars {
      let left = place(bar.start)
      picture.text("\(bar.index + 1)", x: left + 2, y: y - 3, class: "number")
      let beats = bar.timeSignature.numerator
      for beat in 1..<max(2, beats) where beats > 1 {
        let here = place(bar.start + (bar.end - bar.start) * beat / beats)
        picture.line(from: (here, y), to: (here, y + height), class: "beat")
      }
      picture.line(from: (left, y), to: (left, y + height), class: "bar")
    }
  }

  private func draw(
    _ track: Track, color: Color, appearance: ((_ note: Int) -> PianoRoll.NoteAppearance)?,
    in picture: inout SVG
  ) {
    let visible = track.notes.indices.filter {
      track.notes[$0].onset < end && max(track.notes[$0].end, track.notes[$0].onset + 1) > start
    }
    guard !visible.isEmpty else { return }
    picture.openGroup(class: "note")
    for index in visible {
      let note = track.notes[index]
      let own = appearance?(index)
      let offset =
        track.isDrum
        ? rows.offset(ofDrum: note.pitch, rowHeight: rowHeight)
        : rows.offset(ofPitch: note.pitch, rowHeight: rowHeight)
      guard let offset else { continue }
      let left = place(max(note.onset, start))
      let right = track.isDrum ? left + drumRowHeight * 0.7 : place(min(note.end, end))
      let name =
        track.isDrum ? GeneralMIDI.drumName(note.pitch) ?? "drum \(note.pitch)" : pitchName(note.pitch)
      picture.rectangle(
        x: left, y: y + offset, width: max(1.5, right - left),
        height: track.isDrum ? drumRowHeight : rowHeight, fill: (own?.color ?? color).css,
        opacity: own == nil ? 0.45 + 0.55 * Double(note.velocity) / 127 : 1, cornerRadius: 1,
        tooltip: "\(name), \(own?.remark ?? "velocity \(note.velocity)")", number: own?.number)
    }
    picture.closeGroup()
  }
}
