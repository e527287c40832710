internal import Recurrent

/// How much of a network a style changes.
public enum StyleDepth: String, CaseIterable, Codable, Hashable, Sendable {
  /// The state alone in which pieces begin (state tuning; Lu et al. 2025, "MIDI-RWKV"): one number for each unit.
  case state
  /// The state, and what is added in each layer and to each token's logit at every step.
  case biases
  /// The state, the biases, and a change of low rank of each matrix above the embedding (Hu et al. 2022, "LoRA: Low-Rank Adaptation of
  /// Large Language Models").
  case lowRank
}

/// What a few pieces have in common, as a change of a model: the state in which its network begins, and perhaps some of its weights.
///
/// A style belongs to the weights that it was learned for and to no others. Styles of one model can be mixed, because changes of states and
/// weights can be added (Ilharco et al. 2023, "Editing Models with Task Arithmetic").
public struct Style: Sendable, Hashable {
  /// What it is called in messages: its file's path.
  public var name: String
  /// How much of the network it changes.
  public var depth: StyleDepth
  /// The name of the model that it was learned for.
  public var modelName: String
  /// The checksum of that model's weights, 16 hexadecimal digits.
  public var modelChecksum: String
  /// How many pieces it was learned from.
  public var pieceCount: Int
  /// The numbers: the state, and changes of the network's tensors.
  let tensors: [SafetensorsTensor]

  /// How strongly a style can be used; 1 is as it was learned.
  public static let weights = -2.0...2.0

  /// How many bytes its numbers take.
  public var byteCount: Int { tensors.reduce(0) { $0 + 4 * $1.shape.reduce(1, *) } }

  static let format = "gruppetto style 1"
  static let stateName = "state"
}

// MARK: - Files

extension Style {
  /// The most bytes of a style's file that are read.
  private static let sizeLimit = 256 << 20

  /// Reads a style from a safetensors file.
  /// - Throws: `StyleError.malformed`, `.cause` for a file that cannot be read or is damaged.
  public init(path: String) throws(StyleError) {
    let file: SafetensorsFile
    do { file = try SafetensorsFile(reading: path, limit: Self.sizeLimit) } catch { throw .cause(error) }
    func text(_ key: String) throws(StyleError) -> String {
      guard let text = file.metadata[key] else {
        throw .malformed(path: path, reason: "it does not say its '\(key)'")
      }
      return text
    }
    guard try text("format") == Self.format else {
      throw .malformed(path: path, reason: "its format is not '\(Self.format)'")
    }
    guard let depth = StyleDepth(rawValue: try text("depth")), let count = Int(try text("pieces")) else {
      throw .malformed(path: path, reason: "its depth or number of pieces is none that there is")
    }
    name = path
    self.depth = depth
    modelName = try text("model")
    modelChecksum = try text("weights")
    pieceCount = count
    do {
      tensors = try file.entries.map { entry throws(SafetensorsError) in
        SafetensorsTensor(name: entry.name, shape: entry.shape, values: try file.floats(named: entry.name))
      }
    } catch {
      throw .cause(error)
    }
    guard tensors.allSatisfy({ $0.floats.allSatisfy(\.isFinite) }) else {
      throw .malformed(path: path, reason: "some of its numbers are not finite")
    }
  }

  /// Writes the style into a file, in place of one that is there.
  /// - Throws: `StyleError.cause` if the system does not let us.
  public func write(to path: String) throws(StyleError) {
    do {
      try Safetensors.write(
        tensors,
        metadata: [
          "format": Self.format, "depth": depth.rawValue, "pieces": "\(pieceCount)", "model": modelName,
          "weights": modelChecksum,
        ], to: path)
    } catch {
      throw .cause(error)
    }
  }
}

extension SafetensorsTensor {
  /// The numbers; none for integers.
  var floats: [Float] {
    if case .floats(let values) = elements { values } else { [] }
  }
}
