/// The first of what went wrong in steps that are all to be tried.
public struct FirstFailure {
  /// The first error; nil where there was none.
  public private(set) var error: (any Error)?

  /// None yet.
  public init() {}

  /// Tries a step.
  /// - Parameter step: What is to be done.
  /// - Returns: its result; nil where it failed.
  @discardableResult
  public mutating func attempt<Result>(_ step: () throws -> Result) -> Result? {
    do {
      return try step()
    } catch {
      self.error = self.error ?? error
      return nil
    }
  }

  /// Throws the first error, if there was one.
  /// - Throws: that error.
  public func rethrow() throws {
    if let error { throw error }
  }
}
