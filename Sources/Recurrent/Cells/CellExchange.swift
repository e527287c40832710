/// What other programs call a cell: the operator and the module that compute the same of the same weights.
package struct CellExchange: Sendable, Hashable {
  /// ONNX's operator, such as `GRU`.
  package var onnxOperator: String
  /// For each of the operator's gates in turn the place of the same among the cell's.
  package var onnxGateOrder: [Int]
  /// The name of the operator's activation, where it is not the operator's own.
  package var onnxActivation: String?
  /// The operator's `linear_before_reset`, where it has one.
  package var onnxResetsAfterProduct: Bool?
  /// The module of `torch.nn`, such as `GRU`; nil if there is none.
  package var pytorchModule: String?
  /// The arguments of the module besides the sizes, in Python.
  package var pytorchOption: String?

  package init(
    onnxOperator: String, onnxGateOrder: [Int], onnxActivation: String? = nil,
    onnxResetsAfterProduct: Bool? = nil, pytorchModule: String? = nil, pytorchOption: String? = nil
  ) {
    self.onnxOperator = onnxOperator
    self.onnxGateOrder = onnxGateOrder
    self.onnxActivation = onnxActivation
    self.onnxResetsAfterProduct = onnxResetsAfterProduct
    self.pytorchModule = pytorchModule
    self.pytorchOption = pytorchOption
  }
}
