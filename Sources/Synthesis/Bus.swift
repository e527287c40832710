internal import Arithmetic

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

  func add(_ other: Bus, _ frames: Int, _ kernels: Kernels) {
    kernels.add(other.left, to: left, count: frames)
    kernels.add(other.right, to: right, count: frames)
    kernels.add(other.reverb, to: reverb, count: frames)
    kernels.add(other.chorus, to: chorus, count: frames)
  }
}
