internal import Performing

/// What other programs ask of whoever plays, until that is taken.
struct RemoteRequests<Request: Sendable>: Sendable {
  private var waiting: [Request] = []

  /// As many can wait.
  private static var limit: Int { 256 }

  var isEmpty: Bool { waiting.isEmpty }

  /// Notes a request.
  /// - Returns: That it will be done, or that too many wait.
  mutating func add(_ request: Request) -> RemoteAnswer {
    guard waiting.count < Self.limit else { return .refused("too much is asked for at once") }
    waiting.append(request)
    return .done
  }

  /// All that wait, in their order.
  mutating func take() -> [Request] {
    defer { waiting = [] }
    return waiting
  }
}

extension RemoteValue {
  /// The whole number of a range that it is; nil where it is none.
  func whole(in range: ClosedRange<Int>) -> Int? {
    guard case .number(let number) = self, let whole = Int(exactly: number), range.contains(whole) else {
      return nil
    }
    return whole
  }
}

/// What `play` says to requests whatever it plays.
enum RemoteWords {
  /// Why notes are not played.
  static let noNotes = "play does not play what others send; gruppetto live MODEL --osc does"
  /// Decibels that may be asked for.
  static let gains = -60.0...40.0
  static let noPlayer = "play listens to no player; gruppetto live does"
  static let noEvents = "play tells no single events; subscribe to what is heard"

  /// Why a gain is none.
  static func gain(_ gains: ClosedRange<Double>) -> String {
    "gain is a number of decibels from \(Int(gains.lowerBound)) to \(Int(gains.upperBound)) here"
  }
}
