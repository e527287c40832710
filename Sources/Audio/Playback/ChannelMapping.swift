/// Frames of one number of channels as frames of another.
package enum ChannelMapping {
  /// Maps frames: one channel is copied to all, all are averaged into one; otherwise channels are taken in order, and silence fills the
  /// rest.
  /// - Parameters:
  ///   - frames: How many frames.
  ///   - source: The frames, of `from` channels.
  ///   - target: Room for as many frames of `to` channels.
  package static func map(
    _ frames: Int, _ source: UnsafePointer<Float>, from: Int, to target: UnsafeMutablePointer<Float>, to: Int
  ) {
    if from == to { return target.update(from: source, count: frames * to) }
    for frame in 0..<frames {
      for channel in 0..<to {
        let value: Float
        if from == 1 {
          value = source[frame]
        } else if to == 1 {
          var sum: Float = 0
          for index in 0..<from { sum += source[frame * from + index] }
          value = sum / Float(from)
        } else {
          value = channel < from ? source[frame * from + channel] : 0
        }
        target[frame * to + channel] = value
      }
    }
  }
}
