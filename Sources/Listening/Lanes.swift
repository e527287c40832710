/// One number of each of the frames that are computed at once.
///
/// Frames do not depend on each other. Each lane goes through the operations of one frame in that frame's order, so that
/// its values are those of a frame computed by itself, bit for bit, however many lanes are in use.
typealias Lanes = SIMD8<Float>

/// Memory for a fixed number of lanes, zero at first.
final class LaneBuffer {
  /// The first element; valid while this object is alive.
  let baseAddress: UnsafeMutablePointer<Lanes>
  /// How many elements there are.
  let count: Int

  init(count: Int) {
    self.count = count
    baseAddress = .allocate(capacity: max(1, count))
    baseAddress.initialize(repeating: Lanes(), count: max(1, count))
  }

  deinit { baseAddress.deallocate() }

  /// The numbers one by one: that of `lane` in element `index` is at `index * Lanes.scalarCount + lane`.
  var scalars: UnsafeMutablePointer<Float> {
    UnsafeMutableRawPointer(baseAddress).assumingMemoryBound(to: Float.self)
  }
}
