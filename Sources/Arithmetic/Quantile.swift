/// The value below which this share of sorted values lies, between two of them in proportion where need be; NaN without values.
/// - Parameters:
///   - sorted: The values, rising.
///   - share: The share, 0...1.
package func quantile(_ sorted: [Double], _ share: Double) -> Double {
  guard let last = sorted.last else { return .nan }
  let place = share * Double(sorted.count - 1)
  let index = Int(place)
  guard index + 1 < sorted.count else { return last }
  return sorted[index] + (sorted[index + 1] - sorted[index]) * (place - Double(index))
}
