internal import Synchronization

/// A flag that asks long work to stop at its next safe place. It can be raised from a signal's handler.
public final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)

  /// A flag that is not raised.
  public init() {}

  /// Whether the work was asked to stop.
  public var isRequested: Bool { flag.load(ordering: .relaxed) }

  /// Asks the work to stop.
  public func request() { flag.store(true, ordering: .relaxed) }
}
