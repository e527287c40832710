internal import Music

/// Where the tokens of each kind are in a REMI vocabulary, and what they are worth.
///
/// The order is MidiTok's: special tokens, Bar, Pitch, Velocity, Duration, Position, PitchDrum, Tempo, Program, TimeSig.
/// A kind that a configuration does not use has an empty range.
struct REMILayout: Sendable {
  /// What an id is.
  enum Kind: UInt8, Sendable {
    case pad, bos, eos, bar, pitch, velocity, duration, position, drumPitch, tempo, program, timeSignature
  }

  /// The number that stands for drums where programs are numbers.
  static let drums = 128
  static let padding: Int32 = 0
  static let beginning: Int32 = 1
  static let end: Int32 = 2
  static let bar: Int32 = 3

  let configuration: REMIConfiguration
  let pitch: Range<Int32>
  let velocity: Range<Int32>
  let duration: Range<Int32>
  let position: Range<Int32>
  let drumPitch: Range<Int32>
  let tempo: Range<Int32>
  let program: Range<Int32>
  let timeSignature: Range<Int32>
  /// The kind of every id.
  let kinds: [Kind]
  /// The durations in steps.
  let durations: ValueScale
  /// The MIDI velocity of each velocity token, and for each MIDI velocity the nearest token.
  let velocities: ValueScale
  let velocityBins: [UInt8]
  let tempos: TempoScale
  let meters: MeterScale
  let timeSignatures: [TimeSignature]
  /// The length of a bar of each time signature in steps.
  let barLengths: [Int]

  init(_ configuration: REMIConfiguration) {
    self.configuration = configuration
    tempos = TempoScale(slowest: configuration.slowestTempo, fastest: configuration.fastestTempo)
    let count = configuration.velocityCount
    let values = (1...count).map { 127 * $0 / count }
    let velocities = ValueScale(ascending: values, names: values.map { "Velocity_\($0)" })
    self.velocities = velocities
    velocityBins = (0...127).map { UInt8(velocities.index(nearest: $0)) }
    let durations = ValueScale.durations(
      longest: configuration.maximumDuration, stepsPerQuarter: configuration.stepsPerQuarter)
    self.durations = durations
    meters = MeterScale(
      stepsPerQuarter: configuration.stepsPerQuarter, maximumLength: configuration.maximumBarLength,
      fixed: configuration.timeSignature)
    timeSignatures = meters.timeSignatures
    barLengths = meters.barLengths

    var next: Int32 = 4
    var kinds: [Kind] = [.pad, .bos, .eos, .bar]
    func take(_ count: Int, _ kind: Kind) -> Range<Int32> {
      defer { next += Int32(count) }
      kinds += Array(repeating: kind, count: count)
      return next..<next + Int32(count)
    }
    let (usesPitches, usesDrums, usesPrograms) =
      switch configuration.instruments {
      case .programs: (true, true, true)
      case .single: (true, false, false)
      case .drums: (false, true, false)
      }
    pitch = take(usesPitches ? configuration.pitchRange.count : 0, .pitch)
    velocity = take(count, .velocity)
    duration = take(durations.count, .duration)
    position = take(configuration.maximumBarLength, .position)
    drumPitch = take(usesDrums ? 128 : 0, .drumPitch)
    tempo = take(tempos.count, .tempo)
    program = take(usesPrograms ? 129 : 0, .program)
    timeSignature = take(meters.timeSignatures.count, .timeSignature)
    self.kinds = kinds
  }

  /// How many ids there are.
  var count: Int { kinds.count }
  /// The number that pitch token 0 stands for.
  var lowestPitch: Int { configuration.pitchRange.lowerBound }
  /// Whether notes name their program.
  var usesPrograms: Bool { !program.isEmpty }

  /// The tokens by id.
  func tokens() -> [String] {
    var tokens = ["PAD_None", "BOS_None", "EOS_None", "Bar_None"]
    tokens += pitch.indices.map { "Pitch_\(lowestPitch + Int($0 - pitch.lowerBound))" }
    tokens += velocities.names
    tokens += durations.names
    tokens += (0..<configuration.maximumBarLength).map { "Position_\($0)" }
    tokens += drumPitch.indices.map { "PitchDrum_\($0 - drumPitch.lowerBound)" }
    tokens += (0..<tempos.count).map { "Tempo_\(tempos.name(of: $0))" }
    tokens += program.indices.map {
      $0 - program.lowerBound == 128 ? "Program_-1" : "Program_\($0 - program.lowerBound)"
    }
    tokens += timeSignatures.map { "TimeSig_\($0)" }
    return tokens
  }

  /// What each id does.
  func roles() -> [TokenRole] {
    kinds.map { kind in
      switch kind {
      case .pad: .padding
      case .bos: .beginning
      case .eos: .end
      case .bar: .barLine
      case .pitch, .drumPitch: .pitch
      case .velocity: .loudness
      case .duration: .duration
      case .position: .position
      case .tempo: .tempo
      case .program: .instrument
      case .timeSignature: .timeSignature
      }
    }
  }
}

extension REMILayout {
  /// What each id says.
  func values() -> [[TokenValue]] {
    (0..<Int32(count)).map { id in value(of: id).map { [$0] } ?? [] }
  }

  private func value(of id: Int32) -> TokenValue? {
    func time(_ steps: Int) -> GridTime {
      GridTime(steps: steps, stepsPerQuarter: configuration.stepsPerQuarter)
    }
    func index(in range: Range<Int32>) -> Int { Int(id - range.lowerBound) }
    switch kinds[Int(id)] {
    case .pad, .bos, .eos, .bar: return nil
    case .pitch: return .pitch(lowestPitch + index(in: pitch))
    case .velocity: return .velocity(velocities.values[index(in: velocity)])
    case .duration: return .duration(time(durations.values[index(in: duration)]))
    case .position: return .position(time(index(in: position)))
    case .drumPitch: return .drum(index(in: drumPitch))
    case .tempo: return .tempo(microsecondsPerQuarter: tempos.microsecondsPerQuarter[index(in: tempo)])
    case .program:
      let program = index(in: program)
      return .instrument(program: program == Self.drums ? nil : program)
    case .timeSignature: return .timeSignature(timeSignatures[index(in: timeSignature)])
    }
  }
}
