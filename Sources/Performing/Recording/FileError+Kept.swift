package import Groundwork

extension FileError {
  /// The error of a file that could be written up to some place, with words for what is kept of it.
  /// - Parameter seconds: How much music the file has; 0 where there is none of it.
  package func keeping(seconds: Double) -> FileError {
    guard case .unwritable(let path, let reason) = self else { return self }
    let tenths = Int(seconds * 10)
    let kept =
      switch seconds {
      case ...0: "nothing of it is kept"
      case ..<10: "its first \(tenths / 10).\(tenths % 10) seconds are kept"
      default: "its first \(Int(seconds)) seconds are kept"
      }
    return .unwritable(path: path, reason: "\(reason); \(kept)")
  }
}
