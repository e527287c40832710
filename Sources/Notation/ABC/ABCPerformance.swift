internal import Music

/// A voice as it sounds: the elements in playing order turned into notes and changes in time, all in grains.
struct ABCPerformance {
  struct SoundingNote {
    var onset: Int
    var length: Int
    var pitch: Int
    var velocity: Int
    /// How long after its onset it is struck, as a note of a chord.
    var delay = 0
    var isStaccato = false
    var ornament: ABCOrnament?
  }

  private let voice: ABCVoice
  /// Where the music has got to.
  var time = 0
  var notes: [SoundingNote] = []
  var bars: [(time: Int, dividesSections: Bool)] = []
  var timeSignatures: [(time: Int, timeSignature: ABCTimeSignature)] = []
  var keys: [(time: Int, key: ABCKey)] = []
  var tempos: [(time: Int, tempo: Int)] = []
  var chordSymbols: [(time: Int, chord: ABCChordSymbol?)] = []
  var markers: [(time: Int, text: String)] = []
  var syllables: [(time: Int, text: String)] = []
  /// What fermatas hold.
  private(set) var holds: [Range<Int>] = []
  /// The greatest common divisor of all lengths.
  private(set) var divisor = 0
  /// Whether it became too long.
  private(set) var wasCut = false

  private var barStart = 0
  /// Where the first layer of this bar ends, while an overlay is read.
  private var layerEnd: Int?
  /// Notes that wait for the note that they are tied to.
  private var ties: [(pitch: Int, note: Int)] = []

  /// How much later each note of a chord is struck than the one before: ten milliseconds at 120 beats a minute.
  private static let chordDelay = ABCTime.quarter / 48
  /// Once a tune's ornaments have made this many notes, further ones are left out.
  static let ornamentNoteLimit = 200_000
  /// The most notes that wait for the one that they are tied to.
  private static let tieLimit = 256

  init(_ voice: ABCVoice) { self.voice = voice }

  /// - Parameter room: how much more may be played, in elements and notes.
  mutating func play(_ elements: [ABCElement], room: inout Int) {
    for element in elements {
      room -= 1
      if case .event(let event) = element { room -= event.notes.count }
      guard time <= ABCTime.longestTune, room >= 0 else {
        wasCut = true
        return
      }
      switch element {
      case .event(let event): play(event)
      case .bar(let bar):
        endLayer()
        barStart = time
        bars.append((time, bar.dividesSections))
      case .ending: break
      case .chordSymbol(let chord): chordSymbols.append((time, chord))
      case .timeSignature(let timeSignature): timeSignatures.append((time, timeSignature))
      case .key(let key): keys.append((time, key))
      case .tempo(let tempo): tempos.append((time, tempo))
      case .part(let label): markers.append((time, label))
      case .overlay:
        layerEnd = max(layerEnd ?? time, time)
        time = barStart
      }
    }
    endLayer()
  }

  /// Waits for the other voices.
  mutating func rest(until end: Int) {
    guard end > time else { return }
    divisor = greatestCommonDivisor(divisor, end - time)
    time = end
    barStart = end
  }

  private mutating func endLayer() {
    if let end = layerEnd { time = max(end, time) }
    layerEnd = nil
  }

  private mutating func play(_ event: ABCEvent) {
    var waiting: [(pitch: Int, note: Int)] = []
    // A tie lives until its note ends; in a chord of unequal lengths that may be later than now.
    for tie in ties where notes[tie.note].onset + notes[tie.note].length > time { waiting.append(tie) }
    var delay = 0
    var hasStruck = false
    for note in voice.notes[event.notes] {
      divisor = greatestCommonDivisor(divisor, note.length)
      var index = notes.count
      let tie = ties.first { $0.pitch == note.pitch && notes[$0.note].onset + notes[$0.note].length == time }
      let ornament = tie == nil ? note.ornament : note.ornament?.afterTie
      if let tie, ornament == nil {
        index = tie.note
        notes[index].length += note.length
      } else {
        if !note.isTied {
          if hasStruck { delay += ABCPerformance.chordDelay }
          hasStruck = true
        }
        notes.append(
          SoundingNote(
            onset: time, length: note.length, pitch: note.pitch, velocity: note.velocity, delay: delay,
            isStaccato: note.isStaccato, ornament: ornament))
      }
      if note.isTied, waiting.count < ABCPerformance.tieLimit { waiting.append((note.pitch, index)) }
    }
    ties = waiting
    if let syllable = event.syllable { syllables.append((time, voice.syllables[syllable])) }
    if event.isHeld { holds.append(time..<(time + event.length)) }
    divisor = greatestCommonDivisor(divisor, event.length)
    time += event.length
  }

  /// Plays out ornaments, breaks chords and shortens staccato notes.
  /// - Parameters:
  ///   - tempos: the tempo changes of the whole score, in order.
  ///   - room: how many more notes ornaments may make.
  mutating func embellish(tempos: [(time: Int, tempo: Int)], room: inout Int) {
    var played: [SoundingNote] = []
    played.reserveCapacity(notes.count)
    var tempo = TempoChange.standard.microsecondsPerQuarter
    var comingTempos = tempos[...]
    for var note in notes {
      while let next = comingTempos.first, next.time <= note.onset {
        tempo = next.tempo
        comingTempos.removeFirst()
      }
      if let ornament = note.ornament, room > 0 {
        let parts = ornament.segments(pitch: note.pitch, length: note.length, tempo: tempo)
        room = parts.count <= room ? room - parts.count : 0
        if room > 0 {
          append(parts, of: note, to: &played)
          continue
        }
      }
      let delay = min(note.delay, note.length / 2)
      divisor = greatestCommonDivisor(divisor, delay)
      note.onset += delay
      note.length -= delay
      if note.isStaccato { note.length /= 2 }
      played.append(note)
    }
    notes = played
  }

  /// Appends what an ornament makes of a note.
  private mutating func append(
    _ parts: [(pitch: Int, length: Int)], of note: SoundingNote, to played: inout [SoundingNote]
  ) {
    var note = note
    for part in parts {
      (note.pitch, note.length) = part
      divisor = greatestCommonDivisor(divisor, part.length)
      played.append(note)
      note.onset += part.length
    }
  }

  // MARK: Bars

  /// The time signature that holds at a time.
  private func timeSignature(at time: Int) -> ABCTimeSignature {
    timeSignatures.last { $0.time <= time }?.timeSignature ?? .common
  }

  /// How much of the first bar is missing, so that it is a pickup; 0 if it is none.
  var opening: Int {
    guard let first = bars.first(where: { $0.time > 0 })?.time, first < time else { return 0 }
    let length = timeSignatures.last { $0.time == 0 }?.timeSignature.barLength ?? 0
    return first < length ? length - first : 0
  }
}

extension ABCPerformance {
  /// Where bars begin: the bar lines at the places that the time signature gives.
  func downbeats(shift: Int) -> [Int] {
    var result: [Int] = []
    walkBars(shift: shift) { time, isOnGrid, _ in if isOnGrid { result.append(time) } }
    return result
  }

  /// How many bar lines within sections are elsewhere.
  func countMisplacedBarLines() -> Int {
    var count = 0
    walkBars(shift: opening) { _, isOnGrid, dividesSections in
      if !isOnGrid, !dividesSections { count += 1 }
    }
    return count
  }

  private func walkBars(shift: Int, _ visit: (_ time: Int, _ isOnGrid: Bool, _ dividesSections: Bool) -> Void)
  {
    var next = 0
    var current: ABCTimeSignature?
    var origin = -shift
    for bar in bars {
      while next < timeSignatures.count, timeSignatures[next].time <= bar.time {
        if timeSignatures[next].timeSignature != current {
          current = timeSignatures[next].timeSignature
          origin = timeSignatures[next].time == 0 ? -shift : timeSignatures[next].time
        }
        next += 1
      }
      let length = current?.barLength ?? 0
      visit(bar.time, length > 0 && (bar.time - origin) % length == 0, bar.dividesSections)
    }
  }
}
