internal import CKernels

/// How the weights of a network that is only run, not trained, lie in memory. Fewer bytes are sooner read, and reading is
/// what a step of a single stream spends its time on.
public enum WeightFormat: String, Sendable, Hashable, Codable, CaseIterable {
  /// IEEE 754's binary32, as in training.
  case float32
  /// IEEE 754's binary16.
  case float16
  /// Whole numbers from −127 to 127 in steps that each row of a matrix has of its own.
  case int8

  var kernelFormat: gruppetto_weight_format {
    switch self {
    case .float32: gruppetto_float32
    case .float16: gruppetto_float16
    case .int8: gruppetto_int8
    }
  }
}
