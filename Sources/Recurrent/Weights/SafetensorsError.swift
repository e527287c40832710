public import Groundwork

/// Why a safetensors file cannot be read, written or used.
public enum SafetensorsError: DiagnosableError, Equatable {
  /// The system did not let us read or write it.
  case system(FileError)
  /// It is shorter than the eight bytes of the header's length.
  case tooShort(file: String, byteCount: Int)
  /// The length of the header exceeds what follows, or than 100 MB, the format's limit.
  case wrongHeaderLength(file: String, length: UInt64, available: Int)
  /// The header is not the JSON that it should be; `offset` is the byte of the file where that shows.
  case malformedHeader(file: String, offset: Int, reason: String)
  /// The file is longer or shorter than its tensors need; both in bytes.
  case wrongSize(file: String, expected: Int, found: Int)
  /// The content is not what the checksum was made of.
  case wrongChecksum(file: String, expected: String, found: String)
  /// A tensor has a type that the format does not know.
  case unknownType(file: String, tensor: String, type: String)
  /// A tensor's range does not fit its shape and type, or the file.
  case wrongRange(file: String, tensor: String, reason: String)
  /// Two tensors share bytes, or bytes belong to none.
  case wrongLayout(file: String, tensor: String, expectedOffset: Int, offset: Int)
  /// A tensor that is needed is not there.
  case missingTensor(file: String, tensor: String)
  /// A tensor is there that belongs to another kind of model.
  case unexpectedTensor(file: String, tensor: String)
  /// A tensor has another shape than is needed.
  case wrongShape(file: String, tensor: String, expected: [Int], found: [Int])
  /// A tensor has a type that cannot be read as what is needed.
  case wrongType(file: String, tensor: String, type: String, expected: String)
  /// A weight is infinite or no number; `index` counts the tensor's numbers in row-major order.
  case notFinite(file: String, tensor: String, index: Int)
  /// A variance is below 0; `index` counts as above.
  case negative(file: String, tensor: String, index: Int)

  /// Whose fault it is.
  public var kind: FailureKind {
    if case .system(let error) = self { return error.kind }
    return .badInput
  }

  /// What is wrong with which tensor.
  public var message: String {
    switch self {
    case .system(let error): error.message
    case .tooShort(let file, let byteCount):
      "\(file): is not a safetensors file: it has \(byteCount) bytes, less than the eight of the header's length"
    case .wrongHeaderLength(let file, let length, let available):
      "\(file): is not a safetensors file, or is truncated: its header should have \(length) bytes, "
        + "but only \(available) follow"
    case .malformedHeader(let file, let offset, let reason):
      "\(file): the header is damaged at byte \(offset): \(reason)"
    case .wrongSize(let file, let expected, let found):
      "\(file): is truncated or has extra bytes: its tensors end at byte \(expected), "
        + "but it has \(found) bytes"
    case .wrongChecksum(let file, let expected, let found):
      "\(file): its content has changed since it was written (its checksum is \(found) instead of \(expected)): "
        + "the file is damaged, and should be replaced by a copy; if it was changed on purpose, remove "
        + "\(SafetensorsChecksum.key) from its metadata"
    case .unknownType(let file, let tensor, let type):
      "\(file): the tensor \(tensor) has the type \(type), which the format does not know"
    case .wrongRange(let file, let tensor, let reason): "\(file): the tensor \(tensor) \(reason)"
    case .wrongLayout(let file, let tensor, let expectedOffset, let offset):
      "\(file): the tensor \(tensor) begins at byte \(offset) of the data, where the one before ends at "
        + "\(expectedOffset)"
    case .missingTensor(let file, let tensor):
      "\(file): there is no tensor \(tensor); is it another model's file?"
    case .unexpectedTensor(let file, let tensor):
      "\(file): the tensor \(tensor) belongs to no such model; is it another model's file?"
    case .wrongShape(let file, let tensor, let expected, let found):
      "\(file): the tensor \(tensor) has the shape \(found), where the model needs \(expected)"
    case .wrongType(let file, let tensor, let type, let expected):
      "\(file): the tensor \(tensor) has the type \(type), which cannot be read as \(expected)"
    case .notFinite(let file, let tensor, let index):
      "\(file): number \(index) of the tensor \(tensor) is not a finite number; train or export the model again"
    case .negative(let file, let tensor, let index):
      "\(file): number \(index) of the tensor \(tensor) is a negative variance; train or export the model again"
    }
  }

  /// The file that it is about.
  public var file: String? {
    switch self {
    case .system(let error): error.file
    case .tooShort(let file, _), .wrongHeaderLength(let file, _, _), .malformedHeader(let file, _, _),
      .wrongSize(let file, _, _), .wrongChecksum(let file, _, _), .notFinite(let file, _, _),
      .negative(let file, _, _),
      .unknownType(let file, _, _), .wrongRange(let file, _, _), .wrongLayout(let file, _, _, _),
      .missingTensor(let file, _), .unexpectedTensor(let file, _), .wrongShape(let file, _, _, _),
      .wrongType(let file, _, _, _):
      file
    }
  }

  /// The byte of the file at which the fault shows, if known.
  public var offset: Int? {
    if case .malformedHeader(_, let offset, _) = self { offset } else { nil }
  }
}
