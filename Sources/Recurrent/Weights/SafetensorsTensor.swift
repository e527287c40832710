public import Arithmetic
internal import Groundwork

/// A tensor that is to be written.
public struct SafetensorsTensor: Sendable, Hashable {
  /// The numbers of a tensor, in row-major order.
  public enum Elements: Sendable, Hashable {
    /// Written as F32.
    case floats([Float])
    /// Written as F32 directly from memory, without a copy.
    case slice(FloatSlice)
    /// Written as I64.
    case integers([Int64])

    var count: Int {
      switch self {
      case .floats(let values): values.count
      case .slice(let slice): slice.range.count
      case .integers(let values): values.count
      }
    }

    var type: SafetensorsType {
      switch self {
      case .floats, .slice: .float32
      case .integers: .signed64
      }
    }

    /// How many bytes the numbers take.
    var byteCount: Int { count * type.byteCount }

    /// Calls `body` with the numbers' bytes.
    func withUnsafeBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
      switch self {
      case .floats(let values): values.withUnsafeBytes(body)
      case .slice(let slice): body(UnsafeRawBufferPointer(slice.elements))
      case .integers(let values): values.withUnsafeBytes(body)
      }
    }

    /// Appends the numbers to a file that is being written.
    func write(to file: borrowing AtomicReplacement) throws(FileError) {
      var failure: FileError?
      withUnsafeBytes { bytes in
        do throws(FileError) { try file.write(bytes) } catch { failure = error }
      }
      if let failure { throw failure }
    }
  }

  /// A part of a buffer.
  public struct FloatSlice: Sendable, Hashable {
    let buffer: AlignedBuffer<Float>
    let range: Range<Int>

    var elements: UnsafeBufferPointer<Float> {
      UnsafeBufferPointer(rebasing: UnsafeBufferPointer(buffer.elements)[range])
    }

    /// Whether both hold the same numbers.
    public static func == (a: Self, b: Self) -> Bool { a.elements.elementsEqual(b.elements) }

    /// Feeds the numbers.
    public func hash(into hasher: inout Hasher) { for value in elements { hasher.combine(value) } }
  }

  /// Its name.
  public var name: String
  /// The length of each axis, outermost first.
  public var shape: [Int]
  /// Its numbers.
  public var elements: Elements

  /// A tensor of floats; the product of `shape` must be the number of values.
  public init(name: String, shape: [Int], values: [Float]) {
    self.init(name: name, shape: shape, elements: .floats(values))
  }

  /// A tensor of integers; the product of `shape` must be the number of values.
  public init(name: String, shape: [Int], integers: [Int64]) {
    self.init(name: name, shape: shape, elements: .integers(integers))
  }

  /// A tensor of floats that are in a part of a buffer, of which no copy is made.
  public init(name: String, shape: [Int], values: AlignedBuffer<Float>, range: Range<Int>) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= values.count, "\(range) of a buffer of \(values.count)")
    self.init(name: name, shape: shape, elements: .slice(FloatSlice(buffer: values, range: range)))
  }

  private init(name: String, shape: [Int], elements: Elements) {
    precondition(
      shape.reduce(1, *) == elements.count,
      "the tensor \(name): a shape of \(shape) does not hold \(elements.count) elements")
    self.name = name
    self.shape = shape
    self.elements = elements
  }
}
