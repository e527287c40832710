public import ArgumentParser
internal import Composing
public import Synthesis

/// The room that music sounds in, and the chorus; shared by the commands that write or play sound.
struct ReverbOptions: ParsableArguments {
  @Option(help: "Room that the instruments play in.")
  var reverb: ReverbPreset = .hall

  @Option(help: ArgumentHelp("Amount of reverb, 0 to 4; 1 is the room's own.", valueName: "factor"))
  var reverbAmount = 1.0

  @Option(
    help: ArgumentHelp(
      "Decay of the reverb to -60 dB in seconds, 0.1 to 20 (default: room 0.5, hall 1.7, church 3.5).",
      valueName: "seconds"))
  var reverbDecay: Double?

  @Option(help: ArgumentHelp("Amount of chorus, 0 to 4; 1 is the usual one.", valueName: "factor"))
  var chorusAmount = 1.0

  static let names = ["--reverb", "--reverb-amount", "--reverb-decay", "--chorus-amount"]

  func validate() throws {
    guard ReverbSettings.amounts.contains(reverbAmount) else {
      throw ValidationError("--reverb-amount is a number from 0 to 4, not \(reverbAmount).")
    }
    guard ReverbSettings.amounts.contains(chorusAmount) else {
      throw ValidationError("--chorus-amount is a number from 0 to 4, not \(chorusAmount).")
    }
    if let reverbDecay, !ReverbSettings.decays.contains(reverbDecay) {
      throw ValidationError("--reverb-decay is in seconds, from 0.1 to 20, not \(reverbDecay).")
    }
    if reverb == .off, reverbDecay != nil {
      throw ValidationError("--reverb off has no decay; drop --reverb-decay, or choose a room.")
    }
  }

  /// Gives a rendering this room.
  func apply(to options: inout RenderOptions) {
    options.reverb = reverb
    options.reverbAmount = reverbAmount
    options.reverbDecay = reverbDecay
    options.chorusAmount = chorusAmount
  }
}

extension ReverbPreset: ExpressibleByArgument {}

/// How loud a sound file becomes.
enum LevelArgument: ExpressibleByArgument, Hashable {
  case off
  case loudness(Double)

  /// What can be asked for, in LUFS.
  static let loudnesses = -50.0 ... -5.0

  init?(argument: String) {
    if argument == "off" {
      self = .off
    } else if let value = Double(argument), Self.loudnesses.contains(value) {
      self = .loudness(value)
    } else {
      return nil
    }
  }

  var text: String {
    switch self {
    case .off: "off"
    case .loudness(let value): "\(value)"
    }
  }

  var target: LevelTarget {
    switch self {
    case .off: .asMixed
    case .loudness(let value): .loudness(value)
    }
  }
}

extension LevelTarget {
  /// The loudness that was asked for, in LUFS; nil if none was.
  var loudness: Double? {
    if case .loudness(let value) = self { value } else { nil }
  }
}

/// What is done to the mix of a sound file.
struct MixOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Loudness in LUFS, such as -14, with true peaks under -1 dB; 'off' leaves the mix as loud as it is (default: -16, less where a limiter would be heard).",
      valueName: "lufs"))
  var normalize: LevelArgument?

  @OptionGroup var reverb: ReverbOptions

  static let names = ["--normalize"] + ReverbOptions.names

  /// The level that results.
  var level: LevelTarget { normalize?.target ?? .measured }

  /// The options, with those of a rendering that is made again where they were not given anew; nil if there cannot have been such a
  /// rendering.
  func following(_ made: CompositionRecord.Sound) -> MixOptions? {
    var options = self
    if !Typed.hasOption("--normalize") {
      options.normalize = made.normalize.flatMap(LevelArgument.init)
      if made.normalize != nil, options.normalize == nil { return nil }
    }
    if !Typed.hasOption("--reverb") {
      guard let preset = made.reverb.map(ReverbPreset.init) ?? .hall else { return nil }
      options.reverb.reverb = preset
    }
    if !Typed.hasOption("--reverb-amount") { options.reverb.reverbAmount = made.reverbAmount ?? 1 }
    if !Typed.hasOption("--reverb-decay") { options.reverb.reverbDecay = made.reverbDecay }
    if !Typed.hasOption("--chorus-amount") { options.reverb.chorusAmount = made.chorusAmount ?? 1 }
    let fits =
      ReverbSettings.amounts.contains(options.reverb.chorusAmount)
      && ReverbSettings.amounts.contains(options.reverb.reverbAmount)
      && options.reverb.reverbDecay.map(ReverbSettings.decays.contains) ?? true
    return fits ? options : nil
  }

  /// Adds to a record what is not as usual.
  func add(to record: inout CompositionRecord.Sound) {
    record.normalize = normalize?.text
    record.reverb = reverb.reverb == .hall ? nil : reverb.reverb.rawValue
    record.reverbAmount = reverb.reverbAmount == 1 ? nil : reverb.reverbAmount
    record.reverbDecay = reverb.reverbDecay
    record.chorusAmount = reverb.chorusAmount == 1 ? nil : reverb.chorusAmount
  }
}
