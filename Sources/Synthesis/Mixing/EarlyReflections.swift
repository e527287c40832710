/// The first reflections of a rectangular room, by image sources (Allen & Berkley 1979, “Image method for efficiently
/// simulating small-room acoustics”): delays, and what reaches each side. The left and the right of the input are two
/// sources, which stand as two loudspeakers would.
struct EarlyReflections {
  /// A room and the places in it, in meters; the listener looks along the second axis.
  struct Room {
    var size: SIMD3<Float>
    /// The middle between the two sources.
    var source: SIMD3<Float>
    /// Half the distance between the two sources.
    var halfWidth: Float
    var listener: SIMD3<Float>
    /// What a wall reflects of the amplitude.
    var reflection: Float
  }

  private struct Tap {
    /// After the direct sound, in frames.
    var delay: Int
    var left: Float
    var right: Float
  }

  private static let tapsOfSource = 10
  private static let speedOfSound: Float = 343

  private let taps: UnsafeMutablePointer<Tap>
  private let count: Int
  /// Where each tap reads, while a block is computed.
  private let starts: UnsafeMutablePointer<UnsafePointer<Float>>
  /// The latest reflection, in frames.
  let longest: Int

  init(_ room: Room, sampleRate: Float, arena: Arena) {
    var all: [Tap] = []
    for side in [-1, 1] as [Float] {
      var source = room.source
      source.x += side * room.halfWidth
      let direct = Self.distance(source - room.listener)
      var found = Self.images(of: source, in: room).map { image -> Tap in
        let path = image.place - room.listener
        let distance = Self.distance(path)
        let delay = (distance - direct) / Self.speedOfSound * sampleRate
        // What comes from behind is as far to the side as what comes from before.
        let angle = (1 + path.x / max(distance, 0.1)) * .pi / 4
        let gain = direct / distance * image.gain
        return Tap(delay: Int(delay), left: cosine(angle) * gain, right: sine(angle) * gain)
      }
      found.sort { ($0.delay, $0.left) < ($1.delay, $1.left) }
      all += found.prefix(Self.tapsOfSource)
    }
    // The energy of all reflections of an impulse on both sides is 1 on each side.
    let energy = all.reduce(Float(0)) { $0 + $1.left * $1.left + $1.right * $1.right } / 2
    let scale = 1 / max(energy, 1e-9).squareRoot()
    count = all.count
    starts = arena.allocate(count, of: UnsafePointer(arena.allocate(1, of: Float(0))))
    taps = arena.allocate(count, of: Tap(delay: 0, left: 0, right: 0))
    for (index, tap) in all.enumerated() {
      taps[index] = Tap(delay: tap.delay, left: tap.left * scale, right: tap.right * scale)
    }
    longest = all.map(\.delay).max() ?? 0
  }

  /// The images of the first to the third order.
  private static func images(
    of source: SIMD3<Float>, in room: Room
  ) -> [(place: SIMD3<Float>, gain: Float)] {
    var images: [(place: SIMD3<Float>, gain: Float)] = []
    for x in -3...3 {
      for y in -3...3 {
        for z in -3...3 where (1...3).contains(abs(x) + abs(y) + abs(z)) {
          let place = SIMD3(
            coordinate(source.x, x, room.size.x), coordinate(source.y, y, room.size.y),
            coordinate(source.z, z, room.size.z))
          var gain: Float = 1
          for _ in 0..<abs(x) + abs(y) + abs(z) { gain *= room.reflection }
          images.append((place, gain))
        }
      }
    }
    return images
  }

  /// Where the image of number `n` is along one axis: 0 is the source, 1 behind the far wall, −1 behind the near one.
  private static func coordinate(_ place: Float, _ n: Int, _ size: Float) -> Float {
    n % 2 == 0 ? Float(n) * size + place : Float(n + 1) * size - place
  }

  private static func distance(_ path: SIMD3<Float>) -> Float { (path * path).sum().squareRoot() }

  /// Adds a block of reflections.
  @inline(__always)
  func add(
    left: BlockDelay, right: BlockDelay, toLeft outLeft: UnsafeMutablePointer<Float>,
    right outRight: UnsafeMutablePointer<Float>, gain: Float
  ) {
    for index in 0..<count {
      starts[index] = index < count / 2 ? left.samples(taps[index].delay) : right.samples(taps[index].delay)
    }
    var frame = 0
    while frame < effectFrames {
      var (l0, l1) = (SIMD4<Float>(repeating: 0), SIMD4<Float>(repeating: 0))
      var (r0, r1) = (l0, l0)
      for index in 0..<count {
        let (a, b) = (load4(starts[index], frame), load4(starts[index], frame + 4))
        let (gainLeft, gainRight) = (taps[index].left, taps[index].right)
        l0 += a * gainLeft
        l1 += b * gainLeft
        r0 += a * gainRight
        r1 += b * gainRight
      }
      store4(load4(outLeft, frame) + l0 * gain, outLeft, frame)
      store4(load4(outLeft, frame + 4) + l1 * gain, outLeft, frame + 4)
      store4(load4(outRight, frame) + r0 * gain, outRight, frame)
      store4(load4(outRight, frame + 4) + r1 * gain, outRight, frame + 4)
      frame += 8
    }
  }
}
