internal import Arithmetic
internal import Groundwork

/// What a piece was made with: the model, the seed and all settings, in each file that holds the piece, so that it can be made again byte for byte.
///
/// It is stored as one line of JSON (`text`): as a text event of a MIDI file, as the comment of a sound file, as the metadata of an SVG
/// picture, in a script element of a web page. Its key `gruppetto` is the version of its layout, by which it is known among other texts.
public struct CompositionRecord: Codable, Hashable, Sendable {
  /// The version of the layout that this program writes, and the latest that it reads.
  public static let currentSchema = 1

  /// The version of the layout.
  public var schema: Int
  /// The program that wrote the piece, such as `gruppetto 0.1.0`.
  public var program: String
  /// The kernels that it computed with, such as `avx2`: others round otherwise, and now and then that makes another piece.
  public var kernels: String
  /// The model.
  public var model: Model
  /// The seed of this piece: of several that were made together, its own.
  public var seed: UInt64
  /// The piece's title in pictures.
  public var title: String
  /// What was asked for.
  public var settings: CompositionSettings
  /// How it was turned into sound; nil where it is notes.
  public var sound: Sound?

  /// A model, as a record names it.
  public struct Model: Codable, Hashable, Sendable {
    /// The path that its folder was named by.
    public var path: String
    /// What tells it from all others; see `MusicModel.fingerprint`.
    public var fingerprint: String

    /// A model.
    public init(path: String, fingerprint: String) {
      self.path = path
      self.fingerprint = fingerprint
    }
  }

  /// How a piece was turned into sound.
  public struct Sound: Codable, Hashable, Sendable {
    /// Frames a second, in Hz.
    public var rate: Int
    /// How samples are stored: `16`, `24` or `float`; nil for a format that has no such choice.
    public var bits: String?
    /// The gain in decibels.
    public var gain: Double
    /// Whether notes are played exactly as written.
    public var isPlain: Bool
    /// Whether the sound begins with the piece rather than with its first note.
    public var startsAtBeginning: Bool
    /// The fingerprint of the instruments' files, 16 hexadecimal digits.
    public var instruments: String
    /// The loudness that was asked for, in LUFS, or `off`; nil for the usual one.
    public var normalize: String?
    /// The room; nil for the usual one.
    public var reverb: String?
    /// How much reverb; nil for the room's own amount.
    public var reverbAmount: Double?
    /// Its decay in seconds; nil for the room's own.
    public var reverbDecay: Double?
    /// How much chorus; nil for the usual amount.
    public var chorusAmount: Double?
    /// The name of the temperament; nil for the equal one.
    public var tuning: String?
    /// How samples are read between their frames, `linear` or `cubic`; nil for the best way.
    public var interpolation: String?
    /// The banks that play, as they were named, each what those before it lack; nil for the built-in instruments.
    public var banks: [String]?

    /// A way of rendering.
    public init(
      rate: Int, bits: String?, gain: Double, isPlain: Bool, startsAtBeginning: Bool, instruments: String,
      banks: [String]? = nil
    ) {
      self.rate = rate
      self.bits = bits
      self.gain = gain
      self.isPlain = isPlain
      self.startsAtBeginning = startsAtBeginning
      self.instruments = instruments
      self.banks = banks
    }
  }

  private enum CodingKeys: String, CodingKey {
    case schema = "gruppetto"
    case program, kernels, model, seed, title, settings, sound
  }

  /// The record of a piece that this process makes.
  /// - Parameters:
  ///   - program: The program and its version.
  ///   - model: The model.
  ///   - seed: The seed of the piece.
  ///   - title: The title of the piece.
  ///   - settings: What is asked for.
  ///   - sound: How it is turned into sound; nil for notes.
  public init(
    program: String, model: Model, seed: UInt64, title: String, settings: CompositionSettings,
    sound: Sound? = nil
  ) {
    schema = Self.currentSchema
    self.program = program
    kernels = Self.currentKernels
    self.model = model
    self.seed = seed
    self.title = title
    self.settings = settings
    self.sound = sound
  }

  /// The kernels that this process computes with.
  public static var currentKernels: String { Kernels.current.name }
}

extension CompositionRecord {
  /// The record as one line of JSON.
  public var text: String {
    do { return String(decoding: try JSONFormat.encodeLine(self), as: UTF8.self) } catch {
      preconditionFailure("settings that were followed are finite numbers: \(error)")
    }
  }

  /// The record among the texts of a file. Of several it is the last: a piece that another one was continued from has its own before.
  /// - Parameters:
  ///   - texts: The texts, in the order of the file.
  ///   - path: The file, for messages.
  /// - Throws: `CompositionRecordError`: none there, or one that is damaged or was written by a later version.
  public init(texts: [String], path: String) throws(CompositionRecordError) {
    guard let text = texts.last(where: Self.isRecord) else { throw .missing(path: path) }
    let bytes = Array(text.utf8)
    func reason(_ error: JSONFile.Failure) -> String {
      if case .malformed(_, let reason) = error { reason } else { "it is not JSON" }
    }
    let head: Head
    do {
      head = try JSONFile.decode(Head.self, from: bytes, path: path)
    } catch {
      throw .damaged(path: path, reason: reason(error))
    }
    guard head.gruppetto >= 1 else {
      throw .damaged(path: path, reason: "it has the layout \(head.gruppetto)")
    }
    guard head.gruppetto <= Self.currentSchema else {
      throw .laterSchema(path: path, schema: head.gruppetto, program: head.program)
    }
    do {
      self = try JSONFile.decode(Self.self, from: bytes, path: path)
    } catch {
      throw .damaged(path: path, reason: reason(error))
    }
    // What this program would pass over decided about the piece.
    if let name = JSONFile.firstUnknownKey(of: bytes, in: self) {
      throw .unknownSetting(path: path, name: name, program: program)
    }
  }

  /// What records of all versions have.
  private struct Head: Codable {
    var gruppetto: Int
    var program: String?
  }

  private static func isRecord(_ text: String) -> Bool {
    text.utf8.first == UInt8(ascii: "{") && text.contains("\"gruppetto\":")
  }
}

// MARK: - Making it again

extension CompositionRecord {
  /// Checks that a model is the one of this record.
  /// - Parameters:
  ///   - given: The model.
  ///   - path: The file that has the record.
  /// - Throws: `CompositionRecordError.otherModel`.
  public func require(_ given: Model, path: String) throws(CompositionRecordError) {
    guard given.fingerprint == model.fingerprint else {
      throw .otherModel(path: path, made: model, given: given)
    }
  }

  /// What is different now and may give other bytes, in a few words each; empty where nothing is.
  /// - Parameter program: The program that makes it again.
  public func differences(program: String) -> [String] {
    var differences: [String] = []
    if program != self.program {
      differences.append("it was made by \(self.program), and this is \(program)")
    }
    if Self.currentKernels != kernels {
      differences.append(
        "it was computed with the kernels \(kernels), and these are \(Self.currentKernels) "
          + "(GRUPPETTO_KERNELS chooses others)")
    }
    return differences
  }
}
