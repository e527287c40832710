public import Arithmetic

/// A network laid out for training on batches of one shape: what optimizers and training runs work on.
public protocol TrainablePass: AnyObject {
  /// What one step of training learns from.
  associatedtype Batch

  /// The weights.
  var parameters: ParameterStore { get }
  /// The gradient of the mean loss, laid out as the parameters are.
  var gradients: AlignedBuffer<Float> { get }

  /// The loss of a batch, and the gradient of its mean, which replaces `gradients` or, where `accumulating`, is added to
  /// them. The weights stay as they are.
  /// - Parameters:
  ///   - batch: what to learn from.
  ///   - accumulating: whether what `gradients` holds is kept.
  ///   - dropout: the stream that decides what is dropped.
  func train(_ batch: Batch, accumulating: Bool, dropout: inout RandomStream) -> LossSum
  /// What the sum of a batch's losses is divided by to give its mean, `LossSum.weight`: the number of targets that count,
  /// unless they weigh differently. Batches that are accumulated into one gradient are weighted by it.
  func targetWeight(of batch: Batch) -> Double
  /// The loss of a batch, without dropout and without gradients.
  func evaluate(_ batch: Batch) -> LossSum
  /// Takes the weights as they are now. To be called after every change of them.
  func parametersDidChange()

  /// What the pass carries from one batch to the next beside the weights, as numbers of any meaning; empty where every
  /// batch begins with zero states.
  var carriedState: [Float] { get set }
  /// Carries nothing on from one batch to the next.
  func clearCarriedState()

  /// Looks inside the network on a batch, as it is without dropout. The weights stay as they are; `gradients` and what is
  /// carried become meaningless. Nil where the network has nothing to show.
  func inspect(_ batch: Batch) -> PassInspection?
}

extension TrainablePass {
  /// Nothing.
  public func inspect(_ batch: Batch) -> PassInspection? { nil }

  /// Nothing.
  public var carriedState: [Float] {
    get { [] }
    set { precondition(newValue.isEmpty, "\(newValue.count) numbers for a pass that carries no state") }
  }

  /// Nothing, for a pass that carries no state.
  public func clearCarriedState() {
    precondition(carriedState.isEmpty, "a pass that carries state must say how it is cleared")
  }
}
