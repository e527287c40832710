/// A fixed number of elements in memory that begins on a 64-byte boundary, the size of a cache line and of the widest
/// vector. The elements are zero at first. Other packages read it; what changes it belongs to the rooms of this one.
///
/// A buffer does no bookkeeping of who reads and who writes: threads that share one must keep to elements of their own.
/// If the allocation fails, the program ends with exit code 70 and a one-line message.
public final class AlignedBuffer<Element: BitwiseCopyable & Numeric>: @unchecked Sendable {
  /// The first element; valid while this object is alive.
  @usableFromInline package let baseAddress: UnsafeMutablePointer<Element>
  /// How many elements there are.
  public let count: Int

  /// A buffer of `count` zeros.
  public init(count: Int) {
    precondition(count >= 0, "a buffer cannot have \(count) elements")
    self.count = count
    baseAddress = AlignedMemory.allocate(count: count, stride: MemoryLayout<Element>.stride)
      .bindMemory(to: Element.self, capacity: max(1, count))
  }

  /// A buffer that holds a copy of `elements`.
  public convenience init(_ elements: some Collection<Element>) {
    self.init(count: elements.count)
    _ = UnsafeMutableBufferPointer(start: baseAddress, count: count).initialize(from: elements)
  }

  deinit { AlignedMemory.free(baseAddress) }

  /// Lets `body` read all elements where they are.
  public func withSpan<Result, Failure: Error>(
    _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeBufferPointer(elements).span)
  }

  /// The elements as an array.
  public var array: [Element] { Array(elements) }

  /// All elements; valid while this object is alive.
  @inlinable package var elements: UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(start: baseAddress, count: count)
  }

  /// The element at `index`.
  @inlinable public package(set) subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "index \(index) in a buffer of \(count)")
      return baseAddress[index]
    }
    set {
      precondition(index >= 0 && index < count, "index \(index) in a buffer of \(count)")
      baseAddress[index] = newValue
    }
  }

  /// Makes every element zero.
  package func clear() { elements.update(repeating: 0) }

  /// Takes the elements of `other`, which has as many.
  package func update(from other: some Collection<Element>) {
    precondition(other.count == count, "\(other.count) elements for a buffer of \(count)")
    _ = elements.update(fromContentsOf: other)
  }
}
