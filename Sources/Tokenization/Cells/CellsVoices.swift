internal import Music

/// What a network is told of how the parts move: which pitches would lead to parallel fifths or octaves, between which pitches of the
/// other parts there is room, and where the part's own line goes.
struct CellsVoices: Sendable {
  /// For each part the step in semitones to its last pitch from the one before; nil before the second.
  private var steps: [Int32?] = []

  /// How many of the other parts are told of.
  private static let partCount = 3
  /// A part that stays, or cannot move in parallel with this one.
  private static let noParallel: Int32 = 12
  private static let noPitch: Int32 = 128
  private static let widestStep: Int32 = 13

  /// The features, in the order in which they are written.
  static let features =
    (1...partCount).map { ContextFeature(name: "parallel\($0)", count: 13) }
    + ["lowest", "highest"].map { ContextFeature(name: $0, count: 129) }
    + [ContextFeature(name: "lastStep", count: 2 * Int(widestStep) + 1)]

  /// Begins a piece of so many parts.
  mutating func begin(partCount: Int) { steps = Array(repeating: nil, count: partCount) }

  /// Takes note that a part goes on from one pitch, −1 or a drum for none, to another.
  mutating func move(_ part: Int, from last: Int32, to pitch: Int) {
    guard (0..<Self.noPitch).contains(last) else { return }
    steps[part] = Int32(pitch) - last
  }

  /// Takes note that a part plays a cell that was played before.
  mutating func copy(_ cell: Cell, of part: Int, in memory: CellMemory) {
    let last = memory.note(Int(cell.count) - 1, of: cell)
    var index = Int(cell.count) - 2
    while index >= 0, memory.note(index, of: cell).onset == last.onset { index -= 1 }
    if index >= 0 { steps[part] = Int32(last.pitch) - Int32(memory.note(index, of: cell).pitch) }
  }

  /// Writes the features of a place.
  /// - Parameters:
  ///   - place: where the first of them is in `features`.
  ///   - last: the part's last pitch; −1 or a drum for none.
  ///   - sounding: what the other parts sound there; nil where the part plays drums.
  func write(
    into features: inout [Int32], from place: Int, part: Int, position: Int, last: Int32,
    sounding: PitchSet?, _ progress: CellProgress
  ) {
    guard let sounding else {
      for index in 0..<Self.features.count { features[place + index] = -1 }
      return
    }
    let isKnown = (0..<Self.noPitch).contains(last)
    var count = 0
    for other in 0..<part where count < Self.partCount && progress.parts[other].role != .drums {
      features[place + count] =
        isKnown ? parallel(to: other, position: position, last: Int(last), progress) : -1
      count += 1
    }
    while count < Self.partCount {
      features[place + count] = -1
      count += 1
    }
    features[place + count] = sounding.isEmpty ? Self.noPitch : Int32(sounding.lowest)
    features[place + count + 1] = sounding.isEmpty ? Self.noPitch : Int32(sounding.highest)
    features[place + count + 2] =
      steps[part].map { min(max($0, -Self.widestStep), Self.widestStep) + Self.widestStep } ?? -1
  }

  /// The pitch class with which the part would move in parallel fifths or octaves with the highest voice of another part, whose cell of
  /// this bar is written.
  private func parallel(to other: Int, position: Int, last: Int, _ progress: CellProgress) -> Int32 {
    let memory = progress.memory
    let bar = progress.barCount - 1
    guard let cell = memory.cell(bar: bar, part: other) else { return -1 }
    var (before, now) = (-1, -1)
    for index in 0..<Int(cell.count) {
      let note = memory.note(index, of: cell)
      guard Int(note.onset) <= position else { break }
      if Int(note.onset) == position { now = Int(note.pitch) } else { before = Int(note.pitch) }
    }
    guard now >= 0 else { return Self.noParallel }
    if before < 0, let earlier = memory.cell(bar: bar - 1, part: other), !earlier.isEmpty {
      before = Int(memory.note(Int(earlier.count) - 1, of: earlier).pitch)
    }
    guard before >= 0, before != now else { return Self.noParallel }
    let interval = (max(last, before) - min(last, before)) % 12
    guard interval == 0 || interval == 7 else { return Self.noParallel }
    return Int32((last + now - before + 132) % 12)
  }
}
