package import Composing
internal import MIDI
internal import Music
internal import Notation

/// Reads a written MIDI file and says which limits it breaks. It knows nothing of tokens.
package final class LimitReader {
  private let limits: Limits
  private let score: Score
  private let bars: [Bar]
  private let pitched: [Track]
  private let leading: Track?
  private var faults: [String] = []

  /// What a file breaks; empty if it holds all.
  package static func faults(in bytes: [UInt8], _ limits: Limits, bars: Int?) throws -> [String] {
    let reader = LimitReader(limits, try Score(midi: try MIDIFile(bytes: bytes)))
    reader.check(bars: bars)
    return reader.faults
  }

  private init(_ limits: Limits, _ score: Score) {
    self.limits = limits
    self.score = score
    bars = Array(score.bars)
    pitched = score.tracks.filter { !$0.isDrum && !$0.notes.isEmpty }
    leading = pitched.first { $0.role == .melody } ?? pitched.last
  }

  private func require(_ holds: Bool, _ fault: @autoclosure () -> String) {
    if !holds { faults.append(fault()) }
  }

  private func check(bars count: Int?) {
    if let count { require(bars.count == count, "\(bars.count) bars, not \(count)") }
    require(score.noteCount > 0, "no note")
    checkTime()
    checkPitches()
    checkCounts()
    checkVoices()
    checkEnds()
    checkLine()
    checkInstruments()
  }

  private func ticks(_ length: NoteLength) -> Double {
    4 * Double(score.ticksPerQuarter) * Double(length.numerator) / Double(length.denominator)
  }

  private var notes: [Note] { pitched.flatMap(\.notes) }

  private func bar(of note: Note) -> Bar? { bars.first { ($0.start..<$0.end).contains(note.onset) } }

  // MARK: Time

  private func checkTime() {
    var asked: [TimeSignature] = []
    for run in limits.timeSignatures {
      let left = bars.count - asked.count
      asked += Array(repeating: run.timeSignature, count: max(0, min(left, run.bars ?? left)))
    }
    if !asked.isEmpty {
      require(bars.map(\.timeSignature) == asked, "time signatures \(bars.map(\.timeSignature))")
    }
    if let tempo = limits.tempo {
      let found = score.tempos.first?.quartersPerMinute ?? 120
      require(abs(found - tempo) < 0.01 * tempo, "a tempo of \(found)")
    }
    if let seconds = limits.seconds, let last = bars.last {
      let bar = score.seconds * Double(last.end - last.start) / Double(last.end)
      let allowed = limits.tempo == nil ? 0.02 : bar / 2 + 0.02
      require(abs(score.seconds - seconds) <= allowed, "\(score.seconds) seconds")
    }
    if let lengths = limits.noteLengths {
      for note in notes {
        let duration = Double(note.duration)
        require(
          duration >= ticks(lengths.lowerBound) - 0.5 && duration <= ticks(lengths.upperBound) + 0.5,
          "a note of \(note.duration) ticks at \(note.onset)")
      }
    }
  }

  // MARK: Pitches

  private func checkPitches() {
    if let key = limits.key {
      let classes = Set(key.kind.intervals.map { (key.tonic + $0) % 12 })
      let outside = notes.filter { !classes.contains($0.pitch % 12) }.count
      require(
        Double(outside) <= limits.chromaticShare * Double(notes.count) + 1e-9,
        "\(outside) of \(notes.count) notes outside \(key)")
      let signature = score.keys.first.map { keyName(fifths: $0.fifths, isMinor: $0.isMinor) } ?? "none"
      let home = score.keys.first.map { (((($0.fifths * 7) % 12) + 12) % 12 + ($0.isMinor ? 9 : 0)) % 12 }
      require(
        home == key.tonic && score.keys.first?.isMinor == key.kind.isMinor, "a key signature of \(signature)")
    }
    for limit in limits.ranges {
      for track in tracks(limit.part) {
        for note in track.notes {
          require(
            (limit.value.lowerBound.key...limit.value.upperBound.key).contains(note.pitch),
            "\(pitchName(note.pitch)) outside the range")
        }
      }
    }
    checkChords()
    checkContour()
  }

  private func tracks(_ name: Limits.PartName?) -> [Track] {
    guard let name else { return pitched }
    let own = pitched.filter { $0.role == name.role }
    guard let number = name.number else { return own }
    return number <= own.count ? [own[number - 1]] : []
  }

  private func checkChords() {
    guard let chords = limits.chords else { return }
    for track in pitched {
      for note in track.notes {
        guard let bar = bar(of: note) else { continue }
        if limits.lastChord != nil, bar.index == bars.count - 1 { continue }
        if isFirst(note, of: track) { continue }
        let symbols = chords.bars[bar.index % chords.bars.count], length = bar.end - bar.start
        let beats = beats(bar.timeSignature)
        let starts = symbols.indices.map {
          beats >= symbols.count ? $0 * beats / symbols.count * length / beats : $0 * length / symbols.count
        }
        let place = note.onset - bar.start
        let hasMiddle = beats % 2 == 0 && (beats >= 4 || bar.timeSignature.isCompound)
        let isStrong = place == 0 || starts.contains(place) || (hasMiddle && 2 * place == length)
        guard isStrong || track.role == .chords || track.role == .bass else { continue }
        let chord = symbols[starts.lastIndex { $0 <= place } ?? 0]
        let classes = Set(chord.intervals.map { (chord.root + $0) % 12 } + [chord.bass])
        require(
          classes.contains(note.pitch % 12), "\(pitchName(note.pitch)) over \(chord) in bar \(bar.index + 1)")
      }
    }
  }

  private func beats(_ signature: TimeSignature) -> Int {
    signature.numerator > 3 && signature.numerator % 3 == 0 && signature.denominator >= 8
      ? signature.numerator / 3 : signature.numerator
  }

  private func isFirst(_ note: Note, of track: Track) -> Bool {
    guard let leading, track == leading else { return false }
    return track.notes.prefix(limits.firstNotes.count).contains(note)
  }

  private func checkContour() {
    guard let contour = limits.contour, let leading else { return }
    for note in leading.notes where !isFirst(note, of: leading) {
      guard let bar = bar(of: note) else { continue }
      let share =
        (Double(bar.index) + Double(note.onset - bar.start) / Double(bar.end - bar.start))
        / Double(bars.count)
      let place = share * Double(contour.heights.count - 1), index = Int(place)
      let next = contour.heights[min(index + 1, contour.heights.count - 1)]
      let height = contour.heights[index] + (place - Double(index)) * (next - contour.heights[index])
      require(
        abs(Double(note.pitch) - height) <= contour.tolerance + 1e-6,
        "\(pitchName(note.pitch)) off the contour")
    }
  }

  // MARK: How much there is

  private func checkCounts() {
    for limit in limits.densities {
      for bar in bars {
        let isEnd = bar.index == bars.count - 1 && (limits.lastNote != nil || limits.lastChord != nil)
        let counts =
          limit.part == nil
          ? [notes.filter { ($0.onset >= bar.start) && $0.onset < bar.end }.count]
          : tracks(limit.part).map { $0.notes.filter { $0.onset >= bar.start && $0.onset < bar.end }.count }
        for count in counts {
          require(
            count <= limit.value.upperBound && (isEnd || count >= limit.value.lowerBound),
            "\(count) notes in bar \(bar.index + 1)")
        }
      }
    }
  }

  private func checkVoices() {
    var changes: [Int: Int] = [:]
    for note in notes {
      changes[note.onset, default: 0] += 1
      changes[note.end, default: 0] -= 1
    }
    let end = bars.last?.end ?? 0
    var (voices, last, silent) = (0, 0, 0)
    for (tick, change) in changes.sorted(by: { $0.key < $1.key }) {
      if voices == 0 { silent += tick - last }
      if let asked = limits.voices, tick > last, voices > 0 {
        require(asked.contains(voices), "\(voices) voices at \(last)")
      }
      voices += change
      last = tick
    }
    silent += max(0, end - last)
    guard let rests = limits.rests else { return }
    let share = Double(silent) / Double(max(1, end))
    require(
      share >= rests.lowerBound - 1e-6 && share <= rests.upperBound + 1e-6, "silence for \(share) of the time"
    )
  }

  // MARK: Beginning and end

  private func checkEnds() {
    guard let leading, let last = bars.last else { return }
    if !limits.firstNotes.isEmpty {
      let first = leading.notes.prefix(limits.firstNotes.count).map(\.pitch)
      require(first == limits.firstNotes.map(\.key), "begins with \(first.map(pitchName))")
    }
    if let asked = limits.lastNote, let note = leading.notes.last {
      let isAsked =
        switch asked {
        case .pitch(let pitch): note.pitch == pitch.key
        case .pitchClass(let pitchClass): note.pitch % 12 == pitchClass
        }
      require(isAsked && note.onset == last.start, "ends on \(pitchName(note.pitch)) at \(note.onset)")
      require(leading.notes.filter { $0.onset >= last.start }.count == 1, "more than one last note")
    }
    guard let chord = limits.lastChord else { return }
    let final = notes.filter { $0.end > last.start }
    require(
      final.allSatisfy { $0.onset == last.start && chord.contains(pitch: $0.pitch) },
      "not \(chord) at the end")
    let classes = Set(final.map { $0.pitch % 12 })
    let essential = chord.intervals.filter { $0 != 7 }.prefix(4).map { (chord.root + $0) % 12 }
    // One voice is the tune's: where the others are fewer than the chord's notes there is no room for all of these.
    let voices = limits.voices.map { $0.upperBound - 1 } ?? .max
    let needed = voices >= essential.count ? essential : voices > 0 ? [chord.bass] : []
    let isChordal = voices == 0 || pitched.contains { $0.role == .chords || $0.role == .other }
    require(
      isChordal ? classes.isSuperset(of: needed) : classes.contains(chord.bass),
      "\(classes) is not all of \(chord)")
  }

  private func checkLine() {
    guard let rhythm = limits.rhythm, let leading else { return }
    let unit = Double(score.ticksPerQuarter) / Double(RhythmPattern.unitsPerQuarter)
    for bar in bars {
      if bar.index == bars.count - 1, limits.lastNote != nil || limits.lastChord != nil { continue }
      let asked = rhythm.bars[bar.index % rhythm.bars.count].map {
        [Int((Double($0.onset) * unit).rounded()), Int((Double($0.duration) * unit).rounded())]
      }
      let found = leading.notes.filter { $0.onset >= bar.start && $0.onset < bar.end }.map {
        [$0.onset - bar.start, $0.duration]
      }
      require(found == asked, "another rhythm in bar \(bar.index + 1): \(found)")
    }
  }

  private func checkInstruments() {
    guard !limits.instruments.isEmpty else { return }
    var left = limits.instruments
    for track in score.tracks where !track.notes.isEmpty {
      func suits(_ item: Limits.ForPart<InstrumentName>) -> Bool {
        guard item.part == nil || item.part?.role == track.role else { return false }
        return track.isDrum ? item.value.isDrums : item.value.programs.contains(track.program ?? 0)
      }
      let index = left.firstIndex { $0.part != nil && suits($0) } ?? left.firstIndex(where: suits)
      guard let index else {
        require(false, "an instrument that nobody asked for: \(track.program ?? -1)")
        continue
      }
      left.remove(at: index)
    }
    require(left.isEmpty, "no part for \(left.map(\.value.description))")
  }
}
