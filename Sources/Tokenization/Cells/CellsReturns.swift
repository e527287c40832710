/// What a network is told of passages that are played again: how far back that is what the parts repeat. Within a passage that returns, it
/// stays the same, also over bars that are varied; so that all parts can return together, and go on after a bar that was new.
struct CellsReturns: Sendable {
  /// How far back, in bars, the last bar that any part played again stands; 0 before the first.
  private(set) var lag = 0
  /// How many bars ago that was.
  private var age = 0
  /// Whether a part of this bar has played again what stands so far back.
  private var isConfirmed = false
  /// The same for each part by itself.
  private var parts: [(lag: UInt8, age: UInt8)] = []

  private static let lagCount = 65
  private static let oldest = 8

  /// The features, in the order in which they are written: those of `values(ofPart:)`, and what stands that far back.
  static func features(_ pitchCount: Int, _ timeCount: Int) -> [ContextFeature] {
    [
      ContextFeature(name: "ownLag", count: lagCount), ContextFeature(name: "ownLagAge", count: oldest + 1),
      ContextFeature(name: "lag", count: lagCount), ContextFeature(name: "lagAge", count: oldest + 1),
      ContextFeature(name: "pitchBack", count: pitchCount),
      ContextFeature(name: "timeBack", count: timeCount),
      ContextFeature(name: "endBack", count: 13), ContextFeature(name: "othersBack", count: 4),
    ]
  }

  /// Begins a piece of so many parts.
  mutating func begin(partCount: Int) {
    self = CellsReturns()
    parts = Array(repeating: (0, 0), count: partCount)
  }

  /// Begins a bar that is not the first.
  mutating func beginBar() {
    isConfirmed = false
    age = min(Self.oldest, age + 1)
    for part in parts.indices { parts[part].age = min(UInt8(Self.oldest), parts[part].age + 1) }
  }

  /// Takes note that a part plays a bar again.
  mutating func copy(_ cell: Cell, of part: Int, in memory: CellMemory, bar: Int) {
    let said = cell.form.lag
    guard said > 0, said < Self.lagCount else { return }
    parts[part] = (UInt8(said), 0)
    // A bar that is nearer as well may be what the part refers to.
    if lag > 0, memory.cell(bar: bar - lag, part: part)?.isEqual(to: cell) == true {
      (age, isConfirmed) = (0, true)
    } else if !isConfirmed {
      (lag, age, isConfirmed) = (said, 0, true)
    }
  }

  /// How far back is what a part and what all parts repeat, and how many bars ago they did; −1 before the first time.
  func values(ofPart part: Int) -> [Int] {
    let own = parts[part]
    return [
      Int(own.lag), own.lag > 0 ? Int(own.age) : -1, lag, lag > 0 ? age : -1,
    ]
  }
}
