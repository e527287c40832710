public import Music

/// What the tokens of a `REMITokenizer` can say: its grid, its ranges, its instruments. It is saved with the vocabulary.
public struct REMIConfiguration: Sendable, Hashable {
  /// Which instruments the tokens distinguish.
  public enum Instruments: Sendable, Hashable {
    /// Every note names its program; drums have pitches of their own (`PitchDrum`).
    case programs
    /// All notes are played by this General MIDI program, 0...127, which no token names. Drums have no words.
    case single(program: Int)
    /// All notes are drums, which no token names.
    case drums
  }

  /// Steps of the grid in a quarter note: a multiple of 4, 4...96. 12 divides into sixteenths and triplets.
  public var stepsPerQuarter: Int
  /// The longest duration in steps; what is longer is clipped. 96 is two bars of 4/4 on the standard grid.
  public var maximumDuration: Int
  /// The longest bar in steps, and so the number of positions. A time signature with longer bars is divided into shorter ones.
  public var maximumBarLength: Int
  /// How many loudnesses there are, 1...127: the k-th of n is ⌊127 k / n⌋, as MidiTok has them.
  public var velocityCount: Int
  /// The pitches that there are tokens for, within 0...127.
  public var pitchRange: ClosedRange<Int>
  /// The slowest tempo in quarter notes a minute, 15...120.
  public var slowestTempo: Int
  /// The fastest tempo in quarter notes a minute, 120...480.
  public var fastestTempo: Int
  /// Which instruments are distinguished.
  public var instruments: Instruments
  /// How many notes of one program may have one pitch and one onset, 1...8: players in unison. More are doublings, left out.
  public var unisonLimit: Int
  /// The time signature that every file is read in, whatever it says; nil believes the file. `metre` in JSON.
  public var timeSignature: TimeSignature?

  /// The standard grid: 12 steps a quarter, durations to two bars of 4/4, 32 velocities, all pitches, tempos from 20 to 300.
  public init(instruments: Instruments = .programs, timeSignature: TimeSignature? = nil) {
    stepsPerQuarter = 12
    maximumDuration = 96
    maximumBarLength = 96
    velocityCount = 32
    pitchRange = 0...127
    slowestTempo = 20
    fastestTempo = 300
    self.instruments = instruments
    unisonLimit = 2
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
    try requireSetting(
      pitchRange.lowerBound >= 0 && pitchRange.upperBound <= 127, "pitchRange",
      "\(pitchRange.lowerBound)...\(pitchRange.upperBound)", "within 0...127")
    try requireSetting((1...8).contains(unisonLimit), "unisonLimit", unisonLimit, "1 to 8")
    if case .single(let program) = instruments {
      try requireSetting((0...127).contains(program), "program", program, "0 to 127")
    }
  }
}

extension REMIConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case stepsPerQuarter, maximumDuration, maximumBarLength, velocityCount, lowestPitch, highestPitch
    case slowestTempo, fastestTempo, instruments, program, unisonLimit
    case timeSignature = "metre"
  }

  /// Reads and validates a configuration; every field but `program` and `metre` must be there.
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
    unisonLimit = try integer(.unisonLimit)
    switch try container.decode(String.self, forKey: .instruments) {
    case "programs": instruments = .programs
    case "single": instruments = .single(program: try integer(.program))
    case "drums": instruments = .drums
    case let other:
      throw TokenizationError.invalidConfiguration(
        field: "instruments", value: "'\(other)'", expected: "'programs', 'single' or 'drums'")
    }
    timeSignature = try container.decodeIfPresent(TimeSignature.self, forKey: .timeSignature)
    try validate()
  }

  /// Writes every field.
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
    try container.encode(unisonLimit, forKey: .unisonLimit)
    switch instruments {
    case .programs: try container.encode("programs", forKey: .instruments)
    case .single(let program):
      try container.encode("single", forKey: .instruments)
      try container.encode(program, forKey: .program)
    case .drums: try container.encode("drums", forKey: .instruments)
    }
    try container.encodeIfPresent(timeSignature, forKey: .timeSignature)
  }
}
