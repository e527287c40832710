public import Groundwork

/// Why a network cannot be given to another program or taken from one.
public enum ExchangeError: DiagnosableError, Equatable {
  /// The format cannot express something that the network has.
  case notExpressible(format: ExchangeFormat, feature: String, remedy: String)
  /// The file would be larger than the format allows.
  case tooLarge(path: String, byteCount: Int, limit: Int)
  /// The file has no part of a kind; `hint` tells how to name it.
  case missingPart(file: String, part: String, hint: String)
  /// The file has several parts of a kind, of which one must be chosen.
  case severalParts(file: String, part: String, names: [String], hint: String)
  /// The file has tensors that no part of a language model accounts for.
  case unusedTensor(file: String, tensor: String)
  /// The file's network is of a kind that cannot be taken over.
  case unsupported(file: String, reason: String)
  /// The file that should be written cannot be.
  case file(FileError)
  /// The weights file cannot be read, written or used.
  case weights(SafetensorsError)

  /// Whose fault it is.
  public var kind: FailureKind {
    switch self {
    case .notExpressible, .tooLarge, .missingPart, .severalParts, .unusedTensor, .unsupported: .badInput
    case .file(let error): error.kind
    case .weights(let error): error.kind
    }
  }

  /// The obstacle and the remedy.
  public var message: String {
    switch self {
    case .notExpressible(let format, let feature, let remedy):
      "\(format.name) cannot express \(feature); \(remedy)"
    case .tooLarge(let path, let byteCount, let limit):
      "\(path): would have \(byteCount) bytes, but this format is limited to \(limit)"
    case .missingPart(let file, let part, let hint): "\(file): has no \(part); \(hint)"
    case .severalParts(let file, let part, let names, let hint):
      "\(file): has more than one \(part) (\(names.joined(separator: ", "))); \(hint)"
    case .unusedTensor(let file, let tensor):
      "\(file): the tensor \(tensor) is not part of a language model (embedding, recurrent layers, output)"
    case .unsupported(let file, let reason): "\(file): \(reason)"
    case .file(let error): error.message
    case .weights(let error): error.message
    }
  }

  /// The file that it is about.
  public var file: String? {
    switch self {
    case .notExpressible: nil
    case .tooLarge(let file, _, _), .missingPart(let file, _, _), .severalParts(let file, _, _, _),
      .unusedTensor(let file, _), .unsupported(let file, _):
      file
    case .file(let error): error.file
    case .weights(let error): error.file
    }
  }

  /// The byte of the file at which the fault shows, if known.
  public var offset: Int? {
    if case .weights(let error) = self { error.offset } else { nil }
  }
}

extension ExchangeFormat {
  fileprivate var name: String {
    switch self {
    case .pytorch: "PyTorch"
    case .onnx: "ONNX"
    }
  }
}
