/// A fixed number of elements in memory that begins on a 64-byte boundary, the size of a cache line and of the widest
/// vector. The elements are zero at first.
///
/// A buffer does no bookkeeping of who reads and who writes: threads that share one must keep to elements of their own.
public final class AlignedBuffer<Element: BitwiseCopyable & Numeric>: @unchecked Sendable {
  /// The first element; valid while this object is alive.
  public let baseAddress: UnsafeMutablePointer<Element>
  /// How many elements there are.
  public let count: Int

  /// How many bytes are addresses alone, in a buffer that was made under a `MemoryPlan`.
  private let plannedBytes: Int?

  /// A buffer of `count` zeros.
  public init(count: Int) {
    precondition(count >= 0, "a buffer cannot have \(count) elements")
    self.count = count
    let bytes = max(64, (count * MemoryLayout<Element>.stride + 63) / 64 * 64)
    let memory: UnsafeMutableRawPointer
    if let plan = MemoryPlan.current {
      plan.count(bytes)
      memory = AddressSpace.reserve(byteCount: bytes)
      plannedBytes = bytes
    } else {
      let isLarge = bytes >= LargePages.size
      memory = .allocate(byteCount: bytes, alignment: isLarge ? LargePages.size : 64)
      if isLarge { LargePages.request(memory, byteCount: bytes) }
      memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
      plannedBytes = nil
    }
    baseAddress = memory.bindMemory(to: Element.self, capacity: max(1, count))
  }

  /// A buffer that holds a copy of `elements`.
  public convenience init(_ elements: some Collection<Element>) {
    self.init(count: elements.count)
    _ = UnsafeMutableBufferPointer(start: baseAddress, count: count).initialize(from: elements)
  }

  deinit {
    if let plannedBytes {
      AddressSpace.release(baseAddress, byteCount: plannedBytes)
    } else {
      baseAddress.deallocate()
    }
  }

  /// All elements; valid while this object is alive.
  @inlinable public var elements: UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(start: baseAddress, count: count)
  }

  /// The elements as an array.
  public var array: [Element] { Array(elements) }

  /// The element at `index`.
  @inlinable public subscript(index: Int) -> Element {
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
  public func clear() { elements.update(repeating: 0) }

  /// Takes the elements of `other`, which has as many.
  public func update(from other: some Collection<Element>) {
    precondition(other.count == count, "\(other.count) elements for a buffer of \(count)")
    _ = elements.update(fromContentsOf: other)
  }
}
