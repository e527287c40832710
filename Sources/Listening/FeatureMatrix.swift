public import Groundwork

/// Features of consecutive frames: T frames × D values.
public struct FeatureMatrix: Sendable, Equatable {
  /// D, the values of a frame.
  public let dimension: Int
  /// The values, frame by frame: value `frame * dimension + index`.
  public package(set) var values: [Float]

  /// A matrix of these values, whose number must be a multiple of `dimension`.
  public init(dimension: Int, values: [Float] = []) {
    precondition(dimension > 0, "frames of \(dimension) values")
    precondition(
      values.count.isMultiple(of: dimension), "\(values.count) values do not fill frames of \(dimension)")
    self.dimension = dimension
    self.values = values
  }

  /// T, the number of frames.
  public var frameCount: Int { values.count / dimension }

  /// The values of one frame.
  public subscript(frame: Int) -> ArraySlice<Float> {
    precondition((0..<frameCount).contains(frame), "frame \(frame) of \(frameCount)")
    return values[frame * dimension..<(frame + 1) * dimension]
  }

  /// The same with each column's mean over all frames subtracted (Kaldi's `subtract-mean`).
  public func subtractingMean() -> FeatureMatrix {
    guard frameCount > 0 else { return self }
    var result = self
    for column in 0..<dimension {
      var sum = 0.0
      for index in stride(from: column, to: values.count, by: dimension) { sum += Double(values[index]) }
      let mean = Float(sum / Double(frameCount))
      for index in stride(from: column, to: values.count, by: dimension) { result.values[index] -= mean }
    }
    return result
  }

  /// The matrix as a two-dimensional array for a `.npy` file.
  public var numPyArray: NumPyArray<Float> {
    NumPyArray(shape: [frameCount, dimension], elements: values)
  }
}
