/// What one kind of recurrent cell computes for one step of one stream. Everything else is the layer's: the products with
/// the weights, directions, ragged batches and backpropagation through time; so a new cell is one file with one of these,
/// and a case of `Cell`.
///
/// A layer of H units takes I numbers a step. A cell of G gates has weights W_i (G·H × I) and W_h (G·H × H) and biases b_i
/// and b_h (G·H each), all in blocks of H rows, a block a gate. Its state has S blocks of H numbers: h, which the layer
/// gives and W_h multiplies, and S − 1 of a memory that only the cell sees.
///
/// A step saves K ≥ G blocks of H activations from the forward to the backward pass. The layer fills the first G with W_i x. It
/// then goes through the cell's phases: in each it multiplies some gates' rows of W_h with an operand and calls `forward`.
/// Backward it goes through them in reverse: `backward` turns the saved activations of the phase into gradients of the pre-activations, and
/// the layer multiplies these with the same rows of W_h to get the gradient of the operand.
package protocol RecurrentCell: Sendable {
  /// How many gates there are, G: blocks of rows of the weights.
  var gateCount: Int { get }
  /// How many blocks of H numbers a step keeps, K.
  var savedCount: Int { get }
  /// How many blocks of H numbers the state has, S: 1 for h, 2 for h and a memory.
  var stateCount: Int { get }
  /// The products with W_h in their order. The first has the state h for its operand.
  var phases: [CellPhase] { get }
  /// Which gate's gradient `backward` leaves in each of the first G saved blocks: those that belong to W_i x.
  var inputGradientOrder: [Int] { get }

  /// The saved blocks that after the forward pass hold gates between 0 and 1, with names for people.
  var gates: [(block: Int, name: String)] { get }
  /// What other programs call the cell; nil if none has it, so that networks of it cannot be exported.
  var exchange: CellExchange? { get }

  /// The part of a step that follows the product of phase `phase`. The last one gives the state after the step.
  func forward(_ step: CellForwardStep, phase: Int)
  /// The backward pass of that part. `step.carry` becomes, in the end, the gradient of h before the step except for what goes
  /// through W_h, which the layer adds.
  func backward(_ step: CellBackwardStep, phase: Int)
}

extension RecurrentCell {
  package var inputGradientOrder: [Int] { Array(0..<gateCount) }
  package var gates: [(block: Int, name: String)] { [] }
  package var exchange: CellExchange? { nil }
}

/// One product of a step with rows of W_h.
package struct CellPhase: Sendable, Hashable {
  /// The gates whose rows are multiplied.
  package var gates: Range<Int>
  /// The saved block that they are multiplied with, filled by an earlier phase; nil for h before the step.
  package var operandBlock: Int?
  /// The saved block in which `backward` leaves the gradient of the first of these gates' products; those of the others
  /// follow.
  package var gradientBlock: Int

  package init(gates: Range<Int>, operandBlock: Int? = nil, gradientBlock: Int) {
    self.gates = gates
    self.operandBlock = operandBlock
    self.gradientBlock = gradientBlock
  }
}

/// What a cell works on in the forward pass of one step of one stream. H numbers a block.
package struct CellForwardStep {
  /// The number of units, H.
  package let hiddenSize: Int
  /// K blocks; W_i x in the first G at first.
  package let saved: UnsafeMutablePointer<Float>
  /// G blocks: the products with W_h of the phases so far, each in its gates' blocks.
  package let recurrent: UnsafePointer<Float>
  /// b_i, G blocks.
  package let inputBias: UnsafePointer<Float>
  /// b_h, G blocks.
  package let recurrentBias: UnsafePointer<Float>
  /// h before the step.
  package let previous: UnsafePointer<Float>
  /// S − 1 blocks of memory: before the step, and then after it.
  package let memory: UnsafeMutablePointer<Float>
  /// h after the step, to be written in the last phase. It may be where `previous` is.
  package let next: UnsafeMutablePointer<Float>
}

/// What a cell works on in the backward pass of one step of one stream. H numbers a block.
package struct CellBackwardStep {
  /// The number of units, H.
  package let hiddenSize: Int
  /// K blocks, as `forward` left them, and then the gradients.
  package let saved: UnsafeMutablePointer<Float>
  /// h before the step.
  package let previous: UnsafePointer<Float>
  /// The gradient of h after the step that comes from outside the layer.
  package let above: UnsafePointer<Float>
  /// The gradient of h after the step that comes from the step after it, and then that of h before the step.
  package let carry: UnsafeMutablePointer<Float>
  /// The gradient of the memory after the step, and then of that before it; S − 1 blocks.
  package let memoryCarry: UnsafeMutablePointer<Float>
  /// The gradient of the next phase's operand; means nothing in the last phase.
  package let operandGradient: UnsafePointer<Float>
}

extension Cell {
  /// The cell at work.
  package var implementation: any RecurrentCell {
    switch self {
    case .rnnTanh: SimpleCell(isRectified: false)
    case .rnnReLU: SimpleCell(isRectified: true)
    case .lstm: LongShortTermMemory()
    case .gru: GatedRecurrentUnit()
    case .gruResetBefore: ResetBeforeGatedRecurrentUnit()
    }
  }
}
