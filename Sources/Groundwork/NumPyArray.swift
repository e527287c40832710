/// A dense array in row-major order and its shape: what a `.npy` file holds (NumPy's format description, version 1.0).
public struct NumPyArray<Element: NumPyElement>: Sendable {
  /// The length of each axis, outermost first.
  public var shape: [Int]
  /// The elements, last axis fastest.
  public var elements: [Element]

  /// An array of this shape; the product of `shape` must be the number of elements.
  public init(shape: [Int], elements: [Element]) {
    precondition(
      shape.reduce(1, *) == elements.count, "a shape of \(shape) does not hold \(elements.count) elements")
    self.shape = shape
    self.elements = elements
  }

  /// The file's bytes: magic, version 1.0, a header padded to 64 bytes, the elements in little-endian order.
  public func encoded() -> [UInt8] {
    let axes = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
    var header = "{'descr': '\(Element.numPyDescription)', 'fortran_order': False, 'shape': (\(axes)), }"
    let unpadded = 10 + header.utf8.count + 1
    header += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
    var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
    bytes += [UInt8(header.utf8.count & 0xFF), UInt8(header.utf8.count >> 8)]
    bytes += Array(header.utf8)
    elements.withUnsafeBytes { bytes += $0 }
    return bytes
  }
}

/// A number that a `.npy` file can hold. Little-endian machines only, as all that this package builds for are.
public protocol NumPyElement: Sendable {
  /// NumPy's name of the type, such as `<f4`.
  static var numPyDescription: String { get }
}

extension Float: NumPyElement {
  /// 32-bit float, little-endian.
  public static var numPyDescription: String { "<f4" }
}

extension Int32: NumPyElement {
  /// 32-bit integer, little-endian.
  public static var numPyDescription: String { "<i4" }
}
