public import Corpora

/// The preset that suits a collection, and why.
public struct PresetChoice: Hashable, Sendable {
  /// The preset's name in `presets/models`.
  public var name: String
  /// The reason, as the end of a sentence: `because 98 % of its pieces (about 1030) are tunes`.
  public var reason: String

  /// Below this many notes there is more to forget than to learn, and the smallest network is enough.
  static let fewNotes = 30_000

  /// The choice for a collection; `demo` where nothing is known of it.
  public init(for profile: CollectionProfile?) {
    guard let profile else {
      self.init(name: "demo", reason: "because its music is not known yet")
      return
    }
    guard profile.notes >= Self.fewNotes else {
      self.init(name: "demo", reason: "because it has only about \(Self.rounded(profile.notes)) notes")
      return
    }
    let (name, description) =
      switch profile.kind {
      case .drums: ("drums", "drums alone")
      case .chorales: ("chorale", "voices that sing together")
      case .tunes: ("folk", "tunes, alone or with chords")
      case .piano: ("piano", "music for keyboards")
      case .band: ("band", "music for several instruments")
      }
    let percent = Int((profile.share * 100).rounded())
    self.init(
      name: name,
      reason: "because \(percent) % of its pieces (about \(Self.rounded(profile.pieces))) are \(description)")
  }

  /// The choice for what a training is to read: one corpus, or files and folders of music.
  /// - Throws: `FileError` for music that is not there, `CorpusError` and others for a corpus that cannot be read.
  public init(forMusic music: [String]) throws {
    if music.count == 1, Corpus.exists(at: music[0]) {
      self.init(for: CollectionProfile(of: try Corpus(path: music[0])))
    } else {
      self.init(for: try CollectionProfile(of: music))
    }
  }

  private init(name: String, reason: String) {
    self.name = name
    self.reason = reason
  }

  /// A number with two digits that count.
  private static func rounded(_ number: Int) -> Int {
    var unit = 1
    while number / unit >= 1_000 { unit *= 10 }
    return (number + unit / 2) / unit * unit
  }
}
