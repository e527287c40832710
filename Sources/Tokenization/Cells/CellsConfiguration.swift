public import Music

/// What the tokens of a `CellsTokenizer` can say: its grid, its ranges, and what holds for every piece and so costs no token. It is
/// saved with the vocabulary.
public struct CellsConfiguration: Sendable, Hashable {
  /// A part of an ensemble: what it does, and what plays it.
  public struct Part: Sendable, Hashable, Codable {
    /// What the part does in the piece.
    public var role: PartRole
    /// The General MIDI program, 0...127; 0 for drums.
    public var program: Int

    /// A part.
    public init(role: PartRole, program: Int) {
      self.role = role
      self.program = program
    }
  }

  /// Steps of the grid in a quarter note: a multiple of 4, 4...96. 12 divides into sixteenths and triplets.
  public var stepsPerQuarter: Int
  /// The longest duration in steps; what is longer is clipped. 96 is two bars of 4/4 on the standard grid.
  public var maximumDuration: Int
  /// The longest bar in steps. A time signature with longer bars is divided into shorter ones.
  public var maximumBarLength: Int
  /// How many loudnesses there are, 1...127: the k-th of n is ⌊127 k / n⌋.
  public var velocityCount: Int
  /// The pitches that there are tokens for, within 0...127: as they are written, in C major or A minor, and as they sound. More than
  /// an octave, so that each key has some.
  public var pitchRange: ClosedRange<Int>
  /// The slowest tempo in quarter notes a minute, 15...120.
  public var slowestTempo: Int
  /// The fastest tempo in quarter notes a minute, 120...480.
  public var fastestTempo: Int
  /// How many bars back a cell can refer, 1...64.
  public var longestLag: Int
  /// The greatest number of bars that there is a token for, 1...1,024.
  public var longestLength: Int
  /// The time signature that every piece is read in, whatever its file says, and that no token states; nil believes the file.
  /// `metre` in JSON.
  public var timeSignature: TimeSignature?
  /// The parts of every piece, in order of their roles, which no token states; nil where a piece states its own.
  public var parts: [Part]?
  /// The tempo of every piece in microseconds a quarter note, which no token states; nil where a piece states its own.
  public var tempo: Int?
  /// The velocity of every note, 1...127, which no token states; nil where the notes state theirs.
  public var velocity: Int?
  /// What a piece says of itself after its tempo, and may leave open; nil for nothing, as in all earlier versions.
  public var attributes: PieceAttributes?
  /// Whether a network is also told what is known ahead of a cell that is to be filled in, as `CellsTokenizer.makeContext(filling:)`
  /// tells it. No token depends on it: pieces have the same ids with and without.
  public var infilling = false
  /// Whether a network is also told how the other parts move, and which pitches would move in parallel fifths or octaves with them. No
  /// token depends on it. True in the standard configuration; false in those of earlier versions, which do not say.
  public var voiceLeading = true
  /// Whether any piece of the collection named a program. Where none did, a part of program 0 is decoded without one, so that it can
  /// be given an instrument that suits it; the ids are the same.
  public var namesPrograms = true

  /// The standard grid: 12 steps a quarter, durations to two bars of 4/4, 8 velocities, all pitches, tempos from 20 to 300, references to
  /// 64 bars back, lengths to 128 bars.
  public init(timeSignature: TimeSignature? = nil) {
    stepsPerQuarter = 12
    maximumDuration = 96
    maximumBarLength = 96
    velocityCount = 8
    pitchRange = 0...127
    slowestTempo = 20
    fastestTempo = 300
    longestLag = 64
    longestLength = 128
    self.timeSignature = timeSignature
  }

  /// Checks every field.
  /// - Throws: `TokenizationError.invalidConfiguration`.
  public func validate() throws(TokenizationError) {
    try GridSettings(
      stepsPerQuarter: stepsPerQuarter, maximumDuration: maximumDuration, maximumBarLength: maximumBarLength,
      velocityCount: velocityCount, slowestTempo: slowestTempo, fastestTempo: fastestTempo,
      timeSignature: timeSignature
    ).validate()
    try requireSetting((1...64).contains(longestLag), "longestLag", longestLag, "1 to 64 bars")
    try requireSetting(
      pitchRange.lowerBound >= 0 && pitchRange.upperBound <= 127 && pitchRange.count > 12,
      "pitchRange", "\(pitchRange.lowerBound)...\(pitchRange.upperBound)",
      "within 0...127, and more than an octave, so that each key has pitches")
    try requireSetting((1...1_024).contains(longestLength), "longestLength", longestLength, "1 to 1024 bars")
    if let tempo {
      try requireSetting((1...16_777_215).contains(tempo), "tempo", tempo, "1 to 16777215 microseconds")
    }
    if let fault = attributes?.fault {
      throw .invalidConfiguration(
        field: "attributes", value: fault, expected: "styles with names of their own, without spaces")
    }
    if let velocity { try requireSetting((1...127).contains(velocity), "velocity", velocity, "1 to 127") }
    if let parts {
      let roles = parts.map(\.role.order)
      let isInOrder = zip(roles, roles.dropFirst()).allSatisfy { $0 <= $1 }
      let isWithinLimits = PartRole.allCases.allSatisfy { role in
        parts.count { $0.role == role } <= role.mostParts
      }
      try requireSetting(
        !parts.isEmpty && isInOrder && isWithinLimits && parts.allSatisfy { (0...127).contains($0.program) },
        "parts", parts.map { "\($0.role.rawValue) \($0.program)" }.joined(separator: ", "),
        "at least one part with a program from 0 to 127, in the order "
          + PartRole.allCases.map(\.rawValue).joined(separator: ", "))
    }
  }
}

extension CellsConfiguration: TokenizerConfiguration {
  /// `cells`.
  public static var tokenizerName: String { "cells" }

  /// The standard grid.
  public static func standard(timeSignature: TimeSignature?) -> Self? { Self(timeSignature: timeSignature) }

  /// These settings, of pieces that say these attributes of themselves.
  public func stating(_ attributes: PieceAttributes) -> Self? {
    var stating = self
    stating.attributes = attributes.isEmpty ? nil : attributes
    return stating
  }

  /// The tokenizer with these settings.
  public func makeTokenizer() throws(TokenizationError) -> any Tokenizer {
    try CellsTokenizer(configuration: self)
  }
}

extension CellsConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case stepsPerQuarter, maximumDuration, maximumBarLength, velocityCount, lowestPitch, highestPitch
    case slowestTempo, fastestTempo, longestLag, longestLength, parts, tempo, velocity, attributes
    case infilling, voiceLeading, namesPrograms
    case timeSignature = "metre"
  }

  /// Reads and validates a configuration; only what may be nil, `infilling`, `voiceLeading` and `namesPrograms` may be missing.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func integer(_ key: CodingKeys) throws -> Int { try container.decode(Int.self, forKey: key) }
    self.init()
    stepsPerQuarter = try integer(.stepsPerQuarter)
    maximumDuration = try integer(.maximumDuration)
    maximumBarLength = try integer(.maximumBarLength)
    velocityCount = try integer(.velocityCount)
    let (lowest, highest) = (try integer(.lowestPitch), try integer(.highestPitch))
    guard lowest <= highest else {
      throw TokenizationError.invalidConfiguration(
        field: "lowestPitch", value: "\(lowest)", expected: "no higher than highestPitch, \(highest)")
    }
    pitchRange = lowest...highest
    slowestTempo = try integer(.slowestTempo)
    fastestTempo = try integer(.fastestTempo)
    longestLag = try integer(.longestLag)
    longestLength = try integer(.longestLength)
    timeSignature = try container.decodeIfPresent(TimeSignature.self, forKey: .timeSignature)
    parts = try container.decodeIfPresent([Part].self, forKey: .parts)
    tempo = try container.decodeIfPresent(Int.self, forKey: .tempo)
    velocity = try container.decodeIfPresent(Int.self, forKey: .velocity)
    attributes = try container.decodeIfPresent(PieceAttributes.self, forKey: .attributes)
    infilling = try container.decodeIfPresent(Bool.self, forKey: .infilling) ?? false
    voiceLeading = try container.decodeIfPresent(Bool.self, forKey: .voiceLeading) ?? false
    namesPrograms = try container.decodeIfPresent(Bool.self, forKey: .namesPrograms) ?? true
    try validate()
  }

  /// Writes every field that is not nil, `infilling` and `voiceLeading` where they are true, `namesPrograms` where it is false.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(stepsPerQuarter, forKey: .stepsPerQuarter)
    try container.encode(maximumDuration, forKey: .maximumDuration)
    try container.encode(maximumBarLength, forKey: .maximumBarLength)
    try container.encode(velocityCount, forKey: .velocityCount)
    try container.encode(pitchRange.lowerBound, forKey: .lowestPitch)
    try container.encode(pitchRange.upperBound, forKey: .highestPitch)
    try container.encode(slowestTempo, forKey: .slowestTempo)
    try container.encode(fastestTempo, forKey: .fastestTempo)
    try container.encode(longestLag, forKey: .longestLag)
    try container.encode(longestLength, forKey: .longestLength)
    try container.encodeIfPresent(timeSignature, forKey: .timeSignature)
    try container.encodeIfPresent(parts, forKey: .parts)
    try container.encodeIfPresent(tempo, forKey: .tempo)
    try container.encodeIfPresent(velocity, forKey: .velocity)
    try container.encodeIfPresent(attributes, forKey: .attributes)
    if infilling { try container.encode(true, forKey: .infilling) }
    if voiceLeading { try container.encode(true, forKey: .voiceLeading) }
    if !namesPrograms { try container.encode(false, forKey: .namesPrograms) }
  }
}
