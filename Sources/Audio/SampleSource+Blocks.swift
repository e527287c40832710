package import Arithmetic
internal import Synchronization

extension SampleSource {
  /// Takes all of the source, block by block, and gives each block to several readers, one after the other or, with a team, at the same time and
  /// beside the rendering of the next block. Each reader gets the blocks in their order, one at a time; what the readers do must not overlap.
  /// Blocks and their contents do not depend on the team.
  /// - Parameters:
  ///   - frames: How many frames a block has; the last may have fewer, or none.
  ///   - team: The threads; nil for none but this one.
  ///   - readers: How many readers there are.
  ///   - wantsMore: Asked before each block.
  ///   - read: Given the number of a reader, from 0, and a block of interleaved samples.
  package mutating func forEachBlock(
    of frames: Int, on team: ThreadTeam?, readers: Int, while wantsMore: () -> Bool,
    _ read: (_ reader: Int, _ block: Span<Float>) -> Void
  ) {
    let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: 2 * frames * channelCount)
    memory.initialize(repeating: 0)
    defer { memory.deallocate() }
    let blocks = (
      UnsafeMutableBufferPointer(rebasing: memory[..<(frames * channelCount)]),
      UnsafeMutableBufferPointer(rebasing: memory[(frames * channelCount)...])
    )
    let nextUnit = Atomic<Int>(0)
    var (isEnded, isFirst, isEven, ready) = (false, true, true, 0)
    while wantsMore(), !isEnded || ready > 0 {
      let (empty, full) = isEven ? (blocks.0, blocks.1) : (blocks.1, blocks.0)
      let given = UnsafeBufferPointer(rebasing: full[..<(ready * channelCount)])
      let (last, first) = (isEnded, isFirst)
      var rendered = 0
      nextUnit.store(0, ordering: .relaxed)
      func work() {
        while case let unit = nextUnit.add(1, ordering: .relaxed).oldValue, unit <= readers {
          if unit == 0 {
            var room = empty.mutableSpan
            if !last { rendered = render(into: &room) }
          } else if !first {
            read(unit - 1, given.span)
          }
        }
      }
      if let team { team.run { _ in work() } } else { work() }
      ready = rendered
      isEnded = isEnded || rendered < frames
      isFirst = false
      isEven.toggle()
    }
  }
}
