/// Where voices are mixed: the dry sound of both sides, and what goes to the reverb and the chorus.
struct Bus: BitwiseCopyable {
  let left: UnsafeMutablePointer<Float>
  let right: UnsafeMutablePointer<Float>
  let reverb: UnsafeMutablePointer<Float>
  let chorus: UnsafeMutablePointer<Float>

  init(arena: Arena) {
    left = arena.allocate(quantumFrames, of: 0)
    right = arena.allocate(quantumFrames, of: 0)
    reverb = arena.allocate(quantumFrames, of: 0)
    chorus = arena.allocate(quantumFrames, of: 0)
  }

  func clear(_ frames: Int) {
    left.update(repeating: 0, count: frames)
    right.update(repeating: 0, count: frames)
    reverb.update(repeating: 0, count: frames)
    chorus.update(repeating: 0, count: frames)
  }

  func add(_ other: Bus, _ frames: Int) {
    Self.add(other.left, to: left, frames)
    Self.add(other.right, to: right, frames)
    Self.add(other.reverb, to: reverb, frames)
    Self.add(other.chorus, to: chorus, frames)
  }

  @inline(__always)
  private static func add(
    _ source: UnsafeMutablePointer<Float>, to target: UnsafeMutablePointer<Float>, _ frames: Int
  ) {
    for frame in 0..<frames { target[frame] += source[frame] }
  }
}
