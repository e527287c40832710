public import Music

extension Score {
  /// Whether any track besides drums names a program.
  public var namesPrograms: Bool {
    tracks.contains { !$0.isDrum && ($0.program != nil || !$0.programChanges.isEmpty) }
  }

  /// The score with instruments for its parts where it names none at all, so that a tune with chords is not played by two pianos.
  ///
  /// A tune gets a flute or, where it goes below C4, a fiddle, and one that stays low a cello; chords get a guitar, basses a double bass; several
  /// voices without chords are strings. Music for a keyboard, where the melody itself is played in two or more voices or all tracks are
  /// chords, stays as it is, and so does a score that names a program anywhere.
  public func withFittingPrograms() -> Score {
    guard !namesPrograms else { return self }
    let roles = partRoles
    let parts = tracks.indices.filter { !tracks[$0].isDrum && !tracks[$0].notes.isEmpty }
    let melodies = parts.filter { roles[$0] == .melody }
    guard !melodies.isEmpty, melodies.allSatisfy({ tracks[$0].isOneVoice }),
      !parts.contains(where: { tracks[$0].isForKeyboard })
    else { return self }
    let isEnsemble = parts.count > 2 && !parts.contains { roles[$0] == .chords }
    var score = self
    for index in parts {
      score.tracks[index].program =
        switch roles[index] {
        case .melody: isEnsemble ? Fitting.violin : tracks[index].programOfTune
        case .chords: Fitting.guitar
        case .bass: isEnsemble ? Fitting.cello : Fitting.doubleBass
        case .other, .drums: tracks[index].programOfVoice
        }
    }
    return score
  }
}

/// Programs of General MIDI level 1, from 0.
private enum Fitting {
  static let guitar = 24
  static let doubleBass = 32
  static let violin = 40
  static let viola = 41
  static let cello = 42
  static let flute = 73
  static let fiddle = 110
}

extension Track {
  /// C4, the lowest note of a flute; G3 of a violin; C3 of a viola.
  private static let lowestOfFlute = 60, lowestOfViolin = 55, lowestOfViola = 48

  private var lowestPitch: Int { notes.lazy.map(\.pitch).min() ?? 60 }

  fileprivate var programOfTune: Int {
    switch lowestPitch {
    case Self.lowestOfFlute...: Fitting.flute
    case Self.lowestOfViolin...: Fitting.fiddle
    default: Fitting.cello
    }
  }

  fileprivate var programOfVoice: Int {
    switch lowestPitch {
    case Self.lowestOfViolin...: Fitting.violin
    case Self.lowestOfViola...: Fitting.viola
    default: Fitting.cello
    }
  }

  /// Whether hardly ever more than one of its notes begins at a time.
  fileprivate var isOneVoice: Bool {
    10 * Set(notes.lazy.map(\.onset)).count >= 9 * notes.count
  }

  /// Whether its name says that it is for a keyboard.
  fileprivate var isForKeyboard: Bool {
    let words = name.lowercased().split { !$0.isLetter }
    return words.contains {
      ["piano", "hand", "keyboard", "keys", "organ", "harpsichord", "rh", "lh"].contains($0)
    }
  }
}
