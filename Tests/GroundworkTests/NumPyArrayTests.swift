import Groundwork
import Testing

@Suite struct NumPyArrayTests {
  @Test("The header is padded and describes the array") func theHeaderIsPaddedAndDescribesTheArray() {
    let bytes = NumPyArray<Float>(shape: [2, 3], elements: [1, 2, 3, 4, 5, 6]).encoded()
    let text = String(decoding: bytes[10..<128], as: UTF8.self)
    #expect(Array(bytes[..<10]) == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 118, 0])
    #expect(text.hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"))
    #expect(text.hasSuffix("\n"))
    #expect(bytes.count == 128 + 24)
    #expect(Array(bytes[128..<132]) == [0, 0, 0x80, 0x3F])
  }

  @Test("One axis is a tuple of one") func oneAxisIsATupleOfOne() {
    let bytes = NumPyArray<Int32>(shape: [0], elements: []).encoded()
    #expect(String(decoding: bytes[10...], as: UTF8.self).contains("'descr': '<i4'"))
    #expect(String(decoding: bytes[10...], as: UTF8.self).contains("'shape': (0,)"))
    #expect(bytes.count % 64 == 0)
  }
}
