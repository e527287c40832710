internal import Groundwork

/// How well a score tells two classes apart: the probability that a positive example gets more than a negative one, ties
/// counting half (the area under the receiver operating characteristic; Hanley and McNeil 1982).
/// - Parameters:
///   - positives: The scores of one class, at least one.
///   - negatives: The scores of the other class, at least one.
/// - Returns: 0...1; 0.5 where the scores say nothing.
public func areaUnderCurve(positives: [Double], negatives: [Double]) -> Double {
  precondition(!positives.isEmpty && !negatives.isEmpty, "an area needs examples of both classes")
  let sorted = negatives.sorted()
  var sum = 0.0
  for positive in positives {
    let below = sorted.partitioningIndex { $0 >= positive }
    let notAbove = sorted.partitioningIndex { $0 > positive }
    sum += Double(below) + Double(notAbove - below) / 2
  }
  return sum / Double(positives.count * negatives.count)
}
