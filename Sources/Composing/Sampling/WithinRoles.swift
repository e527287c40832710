public import Tokenization

/// Applies filters within each role of the tokens, and leaves to each role the probability that the model gives it.
///
/// Truncation and a low temperature favor what is said by one token over what is said by many: where the next bar line has a
/// probability of 0.1 and a further note has 0.9, spread over fifty positions, the bar line is the most probable token. Within roles
/// it stays at 0.1, whatever the settings.
public struct WithinRoles: SamplingFilter {
  private let filters: [any SamplingFilter]
  private let groups: [Int]
  private let groupCount: Int
  private let floor: Double

  /// - Parameters:
  ///   - filters: What is applied within each role, in this order.
  ///   - roles: What each id does; ids with exactly the same roles belong together.
  ///   - floor: Roles that are less than this share as probable as the most probable one are left out, 0 to below 1.
  public init(_ filters: [any SamplingFilter], roles: TokenRoles, floor: Double = 0) {
    self.filters = filters
    self.floor = floor
    var numbers: [TokenRole: Int] = [:]
    groups = (0..<Int32(roles.count)).map { id in
      let role = roles[id]
      if let number = numbers[role] { return number }
      numbers[role] = numbers.count
      return numbers.count - 1
    }
    groupCount = numbers.count
  }

  /// Narrows down each role by itself.
  public func apply(to distribution: inout TokenDistribution) {
    distribution.apply(filters, within: groups, groupCount: groupCount, floor: floor)
  }
}
