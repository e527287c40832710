internal import Testing

@testable import Arithmetic

@Suite struct AlignedBufferTests {
  @Test("Buffers are aligned and zero") func buffersAreAlignedAndZero() {
    for count in [0, 1, 15, 16, 17, 1000] {
      let buffer = AlignedBuffer<Float>(count: count)
      #expect(UInt(bitPattern: buffer.baseAddress) % 64 == 0)
      #expect(buffer.array == [Float](repeating: 0, count: count))
    }
  }

  @Test("Elements are kept") func elementsAreKept() {
    let buffer = AlignedBuffer<Int32>([1, 2, 3])
    buffer[1] = 7
    #expect(buffer.array == [1, 7, 3])
    buffer.update(from: [4, 5, 6])
    #expect(buffer[2] == 6)
    buffer.clear()
    #expect(buffer.array == [0, 0, 0])
  }
}

/// Memory that the system does not give.
@Suite struct OutOfMemoryTests {
  @Test("A buffer that cannot be had ends the program by one line", arguments: [1 << 58, Int.max])
  func aBufferThatCannotBeHadEndsTheProgramByOneLine(count: Int) async {
    let result = await #expect(
      processExitsWith: .exitCode(70), observing: [\.standardErrorContent]
    ) { [count = count as Int] in
      _ = AlignedBuffer<Double>(count: count)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(
      text.contains("out of memory") && text.hasSuffix("\n") && text.count(where: \.isNewline) == 1)
  }
}
