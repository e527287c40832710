internal import Analysis
public import Music
internal import Tokenization

/// The parts that are to be written to a melody, or to whatever else is given.
public struct Accompaniment: Sendable, Hashable {
  /// What each new part does; nil for what the model's music has beside the parts that are given.
  public var roles: [PartRole]?
  /// How many parts there are to be in all, those that are given among them; nil where `roles` says it or the model's music.
  public var partCount: Int?

  /// An accompaniment; by default the parts that the model's music has most often beside those that are given.
  public init(roles: [PartRole]? = nil, partCount: Int? = nil) {
    self.roles = roles
    self.partCount = partCount
  }
}

extension PieceFilling {
  /// A piece to which a model writes further parts: chords to a melody, a melody to chords, three voices to a fourth.
  ///
  /// Tracks that the piece has already in the roles that are asked for are written anew; else the piece gets new tracks. What
  /// plays them is what plays such parts most often in the model's own corpus, if it is in its folder.
  /// - Parameters:
  ///   - accompaniment: Which parts.
  ///   - score: The piece.
  ///   - model: What is to write them.
  /// - Throws: `FillError`.
  public init(_ accompaniment: Accompaniment, to score: Score, model: MusicModel) throws {
    let tokenizer = try model.cells
    let ensembles = EnsembleList(of: model, tokenizer)
    var given = score
    let roles = score.rolesForAccompaniment
    for index in given.tracks.indices { given.tracks[index].role = roles[index] }
    let present = given.tracks.filter { !$0.notes.isEmpty }.compactMap(\.role)
    let wanted = try accompaniment.parts(beside: present, ensembles, tokenizer.configuration)
    let rewritten = accompaniment.roles.map(Set.init) ?? []
    let missing = wanted.missing(besides: given.tracks.filter { $0.role.map(rewritten.contains) ?? false })
    let newTracks = missing.map { part in
      Track(
        name: part.role.trackName, program: part.role == .drums ? nil : part.program,
        isDrum: part.role == .drums,
        role: part.role)
    }
    let first = score.tracks.count
    try self.init(given, newTracks: newTracks, model: model, avoidsOriginal: false) {
      reading, _ throws(FillError) in
      var mask = CellMask(barCount: reading.barCount, partCount: reading.parts.count)
      for (index, part) in reading.parts.enumerated() {
        let isNew = part.sources.contains { $0.track >= first }
        let isRewritten = rewritten.contains(part.role) && !part.sources.isEmpty
        if isNew || isRewritten { mask.hide(bars: 0..<reading.barCount, parts: [index]) }
      }
      return mask
    }
    if let bass = BassRegister(ensembles.bassRule, ids: reading.ids, mask: cells.mask, tokenizer: tokenizer) {
      constraints = [bass]
    }
  }
}

extension Accompaniment {
  /// The parts that are asked for.
  fileprivate func parts(
    beside present: [PartRole], _ ensembles: EnsembleList, _ configuration: CellsConfiguration
  ) throws(FillError) -> [CellsConfiguration.Part] {
    if let roles {
      return try roles.map { role throws(FillError) in
        if let fixed = configuration.parts {
          guard let part = fixed.first(where: { $0.role == role }) else {
            throw .noSuchRole(role.rawValue, available: Array(Set(fixed.map(\.role.rawValue))).sorted())
          }
          return part
        }
        return CellsConfiguration.Part(role: role, program: ensembles.program(of: role))
      }
    }
    guard let ensemble = configuration.parts ?? ensembles.best(with: present, partCount: partCount) else {
      throw .nothingToWrite
    }
    var rest = ensemble
    for role in present {
      if let place = rest.firstIndex(where: { $0.role == role }) { rest.remove(at: place) }
    }
    if let partCount { rest = Array(rest.prefix(max(0, partCount - present.count))) }
    guard !rest.isEmpty else { throw .nothingToWrite }
    return rest
  }
}

extension [CellsConfiguration.Part] {
  /// The parts for which there is no track yet.
  fileprivate func missing(besides tracks: [Track]) -> Self {
    var tracks = tracks
    return filter { part in
      guard let place = tracks.firstIndex(where: { $0.role == part.role }) else { return true }
      tracks.remove(at: place)
      return false
    }
  }
}

extension Score {
  /// What each track does; a single line is the melody, whatever else it might be in a larger piece.
  fileprivate var rolesForAccompaniment: [PartRole] {
    var roles = partRoles
    let pitched = tracks.indices.filter { !tracks[$0].isDrum && !tracks[$0].notes.isEmpty }
    if pitched.count == 1, let only = pitched.first, tracks[only].role == nil, roles[only] != .chords {
      roles[only] = .melody
    }
    return roles
  }
}
