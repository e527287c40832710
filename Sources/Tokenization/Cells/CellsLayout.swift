internal import Music

/// Where the tokens of each kind are in a vocabulary of cells, and what they are worth. A kind that a configuration does not use has an
/// empty range.
final class CellsLayout: Sendable {
  /// What an id is.
  enum Kind: UInt8, Sendable {
    case pad, bos, eos, bar, rest, notes
    case same, rhythm, position, duration, pitch, and, drum, andDrum
    case velocity, key, length, tempo, role, program, timeSignature, attribute
  }

  static let padding: Int32 = 0
  static let beginning: Int32 = 1
  static let end: Int32 = 2
  static let bar: Int32 = 3
  static let rest: Int32 = 4
  static let notes: Int32 = 5

  let configuration: CellsConfiguration
  /// References: the first is one bar back.
  let same: Range<Int32>
  let rhythm: Range<Int32>
  /// Positions in the bar: the first is step 1.
  let position: Range<Int32>
  /// Durations: the first is one step.
  let duration: Range<Int32>
  let pitch: Range<Int32>
  let and: Range<Int32>
  let drum: Range<Int32>
  let andDrum: Range<Int32>
  let velocity: Range<Int32>
  let key: Range<Int32>
  /// Numbers of bars: the first is 0, which leaves it open.
  let length: Range<Int32>
  let tempo: Range<Int32>
  let role: Range<Int32>
  let program: Range<Int32>
  let timeSignature: Range<Int32>
  /// What a piece says of itself, in the order in which it does: in each range the first leaves it open.
  let attributes: [(kind: PieceAttribute.Kind, ids: Range<Int32>)]
  /// The kind of every id.
  let kinds: [Kind]
  /// What each id says of its kind: the lag, the step, the duration, the written pitch, or the index in its list.
  let values: [Int32]
  let durations: ValueScale
  /// The MIDI velocity of each level, and for each MIDI velocity the nearest level. One level where the configuration fixes it.
  let velocities: [Int]
  let levels: [UInt8]
  let tempos: TempoScale
  let meters: MeterScale
  /// A number of steps, to twice the longest bar, in 32 classes: one by one to 12, then by 2, 4 and 8.
  let stepClasses: [UInt8]
  /// The index of the time signature that holds before one is stated.
  let firstTimeSignature: Int
  /// The index of 1/4, of which alone no piece may consist; nil where the time signature is fixed.
  let quarterBar: Int?

  init(_ configuration: CellsConfiguration) {
    self.configuration = configuration
    tempos = TempoScale(slowest: configuration.slowestTempo, fastest: configuration.fastestTempo)
    let meters = MeterScale(
      stepsPerQuarter: configuration.stepsPerQuarter, maximumLength: configuration.maximumBarLength,
      fixed: configuration.timeSignature)
    self.meters = meters
    firstTimeSignature = meters.timeSignatures.firstIndex(of: configuration.timeSignature ?? .common) ?? 0
    quarterBar =
      configuration.timeSignature == nil ? meters.timeSignatures.firstIndex(of: TimeSignature(1, 4)) : nil
    let count = configuration.velocityCount
    let velocities = configuration.velocity.map { [$0] } ?? (1...count).map { 127 * $0 / count }
    self.velocities = velocities
    levels = (0...127).map { velocity in
      let nearest = velocities.indices.min { abs(velocities[$0] - velocity) < abs(velocities[$1] - velocity) }
      return UInt8(nearest ?? 0)
    }
    stepClasses = (0...8_190).map { steps in
      switch steps {
      case ...12: UInt8(max(0, steps - 1))
      case ...24: UInt8(12 + (steps - 13) / 2)
      case ...48: UInt8(18 + (steps - 25) / 4)
      case ...96: UInt8(24 + (steps - 49) / 8)
      case ...192: 30
      default: 31
      }
    }
    durations = ValueScale.durations(
      longest: configuration.maximumDuration, stepsPerQuarter: configuration.stepsPerQuarter)

    var kinds: [Kind] = [.pad, .bos, .eos, .bar, .rest, .notes]
    var values: [Int32] = [0, 0, 0, 0, 0, 0]
    func take(_ count: Int, _ kind: Kind, from first: Int = 0) -> Range<Int32> {
      let start = Int32(kinds.count)
      kinds += Array(repeating: kind, count: count)
      values += (0..<count).map { Int32(first + $0) }
      return start..<start + Int32(count)
    }
    let parts = configuration.parts
    let pitches = configuration.pitchRange
    let pitchCount = parts?.allSatisfy { $0.role == .drums } == true ? 0 : pitches.count
    let drumCount = parts?.contains { $0.role == .drums } == false ? 0 : 128
    same = take(configuration.longestLag, .same, from: 1)
    rhythm = take(configuration.longestLag, .rhythm, from: 1)
    position = take(configuration.maximumBarLength - 1, .position, from: 1)
    duration = take(pitchCount > 0 ? configuration.maximumDuration : 0, .duration, from: 1)
    pitch = take(pitchCount, .pitch, from: pitches.lowerBound)
    and = take(pitchCount, .and, from: pitches.lowerBound)
    drum = take(drumCount, .drum)
    andDrum = take(drumCount, .andDrum)
    velocity = take(configuration.velocity == nil ? count : 0, .velocity)
    key = take(WrittenKey.count, .key)
    length = take(configuration.longestLength + 1, .length)
    tempo = take(configuration.tempo == nil ? tempos.count : 0, .tempo)
    role = take(parts == nil ? PartRole.allCases.count : 0, .role)
    program = take(parts == nil ? 128 : 0, .program)
    timeSignature = take(
      configuration.timeSignature == nil ? meters.timeSignatures.count : 0, .timeSignature)
    attributes = PieceAttribute.Kind.allCases.compactMap { kind in
      let count = PieceAttribute.names(of: kind, configuration.attributes ?? PieceAttributes()).count
      return count == 0 ? nil : (kind, take(count + 1, .attribute))
    }
    self.kinds = kinds
    self.values = values
  }

  /// How many ids there are.
  var count: Int { kinds.count }

  /// The id of a kind whose first says `first`.
  func id(_ ids: Range<Int32>, _ value: Int, from first: Int = 0) -> Int32 {
    ids.lowerBound + Int32(value - first)
  }

  /// Ticks in a step and in a quarter note.
  var ticks: (perStep: Int, perQuarter: Int) {
    let steps = configuration.stepsPerQuarter
    let perStep = max(1, 480 / steps)
    return (perStep, steps * perStep)
  }

  /// The written pitches that a key can have, as they sound within the range as well.
  func writtenPitches(in key: WrittenKey) -> ClosedRange<Int> {
    let range = configuration.pitchRange
    return max(
      range.lowerBound, range.lowerBound - key.offset)...min(
        range.upperBound, range.upperBound - key.offset)
  }

  /// The steps of a felt beat: the note value of the lower number, three of it where beats are felt in three.
  func feltBeat(ofTimeSignature index: Int) -> Int {
    let signature = meters.timeSignatures[index]
    let value = max(1, 4 * configuration.stepsPerQuarter / signature.denominator)
    let isCompound = signature.isCompound
    return isCompound ? 3 * value : value
  }

  /// The steps from the beginning of the bar to where the next stroke of a drum is taken to be: after the first an eighth on, then
  /// as far as the last came after the one before.
  func drumCursor(onset: Int, previous: Int?) -> Int {
    onset + (previous.map { onset - $0 } ?? configuration.stepsPerQuarter / 2)
  }
}

// MARK: - Names, roles, values

extension CellsLayout {
  /// The tokens by id.
  func tokens() -> [String] {
    kinds.indices.map { name(of: Int32($0)) }
  }

  func name(of id: Int32) -> String {
    let value = Int(values[Int(id)])
    switch kinds[Int(id)] {
    case .pad: return "PAD_None"
    case .bos: return "BOS_None"
    case .eos: return "EOS_None"
    case .bar: return "Bar_None"
    case .rest: return "Rest_None"
    case .notes: return "Notes_None"
    case .same: return "Same_\(value)"
    case .rhythm: return "Rhythm_\(value)"
    case .position: return "Position_\(value)"
    case .duration: return durations.names[value - 1]
    case .pitch: return "Pitch_\(value)"
    case .and: return "And_\(value)"
    case .drum: return "Drum_\(value)"
    case .andDrum: return "AndDrum_\(value)"
    case .velocity: return "Velocity_\(velocities[value])"
    case .key: return WrittenKey(index: value).token
    case .length: return value == 0 ? "Length_open" : "Length_\(value)"
    case .tempo: return "Tempo_\(tempos.name(of: value))"
    case .role: return "Part_\(PartRole.byOrder[value].rawValue)"
    case .program: return "Program_\(value)"
    case .timeSignature: return "TimeSig_\(meters.timeSignatures[value])"
    case .attribute:
      guard let kind = attributes.first(where: { $0.ids.contains(id) })?.kind,
        let attributes = configuration.attributes
      else { return "" }
      let name = kind.rawValue.prefix(1).uppercased() + kind.rawValue.dropFirst()
      return "\(name)_\(value == 0 ? "open" : PieceAttribute.names(of: kind, attributes)[value - 1])"
    }
  }

  /// What each id does.
  func roles() -> [TokenRole] {
    kinds.map { kind in
      switch kind {
      case .pad: .padding
      case .bos: .beginning
      case .eos: .end
      case .bar: .barLine
      case .rest, .notes: [.attribute, .activity]
      case .key, .length, .role, .attribute: .attribute
      case .same, .rhythm: .repetition
      case .position: .position
      case .duration: .duration
      case .pitch, .and, .drum, .andDrum: .pitch
      case .velocity: .loudness
      case .tempo: .tempo
      case .program: .instrument
      case .timeSignature: .timeSignature
      }
    }
  }

  /// What each id says.
  func tokenValues() -> [[TokenValue]] {
    kinds.indices.map { id in value(of: id).map { [$0] } ?? [] }
  }

  private func value(of id: Int) -> TokenValue? {
    let value = Int(values[id])
    func time(_ steps: Int) -> GridTime {
      GridTime(steps: steps, stepsPerQuarter: configuration.stepsPerQuarter)
    }
    switch kinds[id] {
    case .pad, .bos, .eos, .bar, .rest, .notes, .length, .role, .attribute: return nil
    case .same: return .copy(barsAgo: value, ofRhythm: false)
    case .rhythm: return .copy(barsAgo: value, ofRhythm: true)
    case .position: return .position(time(value))
    case .duration: return .duration(time(value))
    case .pitch, .and: return .pitchInKey(value)
    case .drum, .andDrum: return .drum(value)
    case .velocity: return .velocity(velocities[value])
    case .key:
      let key = WrittenKey(index: value)
      return .key(tonic: key.tonic, isMinor: key.isMinor)
    case .tempo: return .tempo(microsecondsPerQuarter: tempos.microsecondsPerQuarter[value])
    case .program: return .instrument(program: value)
    case .timeSignature: return .timeSignature(meters.timeSignatures[value])
    }
  }
}
