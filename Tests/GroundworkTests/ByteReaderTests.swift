import Groundwork
import Testing

@Suite struct ByteReaderTests {
  @Test("Reads integers in both orders") func readsIntegersInBothOrders() throws {
    let bytes: [UInt8] = [1, 2, 3, 4, 5, 6]
    try bytes.withUnsafeBytes { buffer throws in
      var reader = ByteReader(buffer)
      #expect(try reader.readBigEndian(UInt16.self) == 0x0102)
      #expect(try reader.readLittleEndian(UInt32.self) == 0x0605_0403)
      #expect(reader.isAtEnd)
    }
  }

  @Test("Refuses to read beyond the end and says where") func refusesToReadBeyondTheEndAndSaysWhere() throws {
    let bytes: [UInt8] = [1, 2, 3]
    bytes.withUnsafeBytes { buffer in
      var reader = ByteReader(buffer)
      #expect(throws: ByteReader.EndReached(offset: 0, wanted: 4, available: 3)) {
        try reader.readBigEndian(UInt32.self)
      }
      #expect(throws: ByteReader.EndReached(offset: 0, wanted: -1, available: 3)) { try reader.skip(-1) }
      #expect(throws: ByteReader.EndReached(offset: 0, wanted: .max, available: 3)) {
        try reader.readBytes(.max)
      }
      #expect(reader.offset == 0)
    }
  }

  @Test("A slice counts offsets as the whole does") func aSliceCountsOffsetsAsTheWholeDoes() throws {
    let bytes: [UInt8] = [9, 8, 7, 6]
    try bytes.withUnsafeBytes { buffer throws in
      var reader = ByteReader(buffer)
      try reader.skip(1)
      var slice = try reader.readSlice(2)
      #expect(slice.offset == 1 && slice.end == 3)
      #expect(try slice.readByte() == 8)
      #expect(slice.peek == 7)
      #expect(try slice.readByte() == 7)
      #expect(throws: ByteReader.EndReached.self) { try slice.readByte() }
      #expect(reader.peek == 6)
    }
  }
}
