/// Which frame of the source sounds where a device is: a source stands still while silence is put in, and jumps where frames
/// are dropped.
///
/// It keeps the last places where the two went apart; the device holds far fewer. All memory is taken when it is made.
struct PlayheadMap: ~Copyable {
  private struct Anchor {
    var device: Int
    var source: Int
    var isMoving: Bool
  }

  private let anchors: UnsafeMutablePointer<Anchor>
  private var anchorCount = 0
  /// Frames that the device was given since the beginning.
  private(set) var devicePosition = 0
  private var sourcePosition = 0

  private static let capacity = 64

  init() {
    anchors = .allocate(capacity: Self.capacity)
    anchors.initialize(repeating: Anchor(device: 0, source: 0, isMoving: true), count: Self.capacity)
  }

  deinit { anchors.deallocate() }

  mutating func reset() {
    anchorCount = 0
    devicePosition = 0
    sourcePosition = 0
  }

  /// The device was given frames of the source.
  mutating func move(_ frames: Int) {
    guard frames > 0 else { return }
    turn(isMoving: true)
    devicePosition += frames
    sourcePosition += frames
  }

  /// The device was given frames that are not of the source.
  mutating func stand(_ frames: Int) {
    guard frames > 0 else { return }
    turn(isMoving: false)
    devicePosition += frames
  }

  /// Frames of the source were dropped.
  mutating func jump(_ frames: Int) {
    guard frames > 0 else { return }
    let wasMoving = anchorCount > 0 && anchors[(anchorCount - 1) % Self.capacity].isMoving
    sourcePosition += frames
    add(isMoving: wasMoving)
  }

  /// The frame of the source that sounds while the device is at a frame of its own.
  func source(at device: Int) -> Int {
    var index = anchorCount - 1
    let oldest = max(0, anchorCount - Self.capacity)
    while index > oldest, anchors[index % Self.capacity].device > device { index -= 1 }
    guard index >= 0 else { return 0 }
    let anchor = anchors[index % Self.capacity]
    return anchor.isMoving ? anchor.source + max(0, device - anchor.device) : anchor.source
  }

  private mutating func turn(isMoving: Bool) {
    if anchorCount > 0, anchors[(anchorCount - 1) % Self.capacity].isMoving == isMoving { return }
    add(isMoving: isMoving)
  }

  private mutating func add(isMoving: Bool) {
    anchors[anchorCount % Self.capacity] = Anchor(
      device: devicePosition, source: sourcePosition, isMoving: isMoving)
    anchorCount += 1
  }
}
