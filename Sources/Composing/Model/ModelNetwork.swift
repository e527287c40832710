public import Recurrent

/// Which kind of network a model has: `architecture` in `model.json`.
public enum ModelArchitecture: String, Codable, Sendable, CaseIterable {
  /// A network from ids to ids of the shape that `model.json` describes, with the settings of its training. Files that say
  /// nothing of an architecture are of this one.
  case languageModel = "language-model"
  /// Any network of an input, recurrent layers and a head, which its weights file describes.
  case network
  /// An encoder–decoder, which its weights file describes.
  case encoderDecoder = "encoder-decoder"
}

/// A network of any kind that a model may have.
public enum ModelNetwork: Sendable {
  /// An input, recurrent layers and a head; a language model is one of these.
  case network(Network)
  /// A network that makes a sequence of another.
  case encoderDecoder(EncoderDecoder)

  /// The weights.
  public var parameters: ParameterStore {
    switch self {
    case .network(let network): network.parameters
    case .encoderDecoder(let network): network.parameters
    }
  }

  /// How it is in a file that describes its own network.
  var architecture: ModelArchitecture {
    switch self {
    case .network: .network
    case .encoderDecoder: .encoderDecoder
    }
  }

  /// What it is, in words.
  var summary: String {
    switch self {
    case .network(let network):
      let configuration = network.configuration
      return "a network that reads \(configuration.input.vocabularySizes.count) ids and "
        + "\(configuration.input.frameSize) numbers at each step, with a \(configuration.head.kind.rawValue) head over "
        + "\(configuration.head.size)"
    case .encoderDecoder: return "an encoder–decoder"
    }
  }

  /// Reads a network from a weights file that describes it.
  init(_ architecture: ModelArchitecture, file: SafetensorsFile) throws(SafetensorsError) {
    switch architecture {
    case .languageModel, .network: self = .network(try Network(file: file))
    case .encoderDecoder: self = .encoderDecoder(try EncoderDecoder(file: file))
    }
  }

  /// Writes weights and architecture as one file, atomically.
  func write(to path: String) throws(SafetensorsError) {
    switch self {
    case .network(let network): try network.write(to: path)
    case .encoderDecoder(let network): try network.write(to: path)
    }
  }
}
