/// The way between sound and silence: an S-shaped curve, because a step would be heard as a click.
struct Fade {
  /// What a block does to the level.
  enum Course {
    case steady, rising, falling
  }

  /// How long it takes.
  static let seconds = 0.005

  /// Frames from silence to full level.
  let length: Int
  /// Where it is, 0...length.
  private(set) var level: Int

  init(length: Int) {
    self.length = length
    level = length
  }

  var isSilent: Bool { level == 0 }
  var isFull: Bool { level == length }

  mutating func silence() { level = 0 }
  mutating func begin() { level = length }

  /// The gain `frames` frames from now.
  func gain(after frames: Int, _ course: Course) -> Float {
    let share = Float(place(after: frames + 1, course)) / Float(length)
    return share * share * (3 - 2 * share)
  }

  mutating func advance(_ frames: Int, _ course: Course) { level = place(after: frames, course) }

  private func place(after frames: Int, _ course: Course) -> Int {
    switch course {
    case .steady: level
    case .rising: min(length, level + frames)
    case .falling: max(0, level - frames)
    }
  }
}
