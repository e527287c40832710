/// Memory for a renderer: allocated before the first sample, freed with the renderer, and without reference
/// counting in between.
final class Arena {
  private var blocks: [UnsafeMutableRawPointer] = []

  /// Space for `count` values, all `value` at first. Aligned to a cache line.
  func allocate<Element: BitwiseCopyable>(
    _ count: Int, of value: Element
  ) -> UnsafeMutablePointer<Element> {
    let bytes = max(1, count) * MemoryLayout<Element>.stride
    let block = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    blocks.append(block)
    let elements = block.bindMemory(to: Element.self, capacity: max(1, count))
    elements.initialize(repeating: value, count: count)
    return elements
  }

  deinit { for block in blocks { block.deallocate() } }
}
