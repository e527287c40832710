internal import Arithmetic
internal import Groundwork
internal import TestSupport
internal import Testing

@testable import Recurrent

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

@Suite struct SafetensorsTests {
  /// A file of this header and this much data.
  private func bytes(_ header: String, dataCount: Int = 0, length: UInt64? = nil) -> [UInt8] {
    withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Array($0) } + Array(header.utf8)
      + [UInt8](repeating: 0, count: dataCount)
  }

  private func error(_ bytes: [UInt8]) -> SafetensorsError? {
    do {
      _ = try SafetensorsFile(bytes: bytes, name: "x")
      return nil
    } catch {
      return error
    }
  }

  @Test("What is written is read") func whatIsWrittenIsRead() throws {
    let folder = try TemporaryFolder()
    let tensors = [
      SafetensorsTensor(name: "b", shape: [2, 3], values: [1, -2, .infinity, 0.5, 0x1p-140, 6]),
      SafetensorsTensor(name: "a", shape: [2], integers: [.min, 7]),
      SafetensorsTensor(name: "none", shape: [0, 4], values: []),
      SafetensorsTensor(name: "scalar", shape: [], values: [3]),
    ]
    let path = folder.file("x.safetensors")
    try Safetensors.write(tensors, metadata: ["né\"e": "a\nb"], to: path)
    let file = try SafetensorsFile(path: path)
    #expect(file.metadata == ["né\"e": "a\nb"])
    for tensor in tensors { #expect(try file.tensor(named: tensor.name) == tensor) }
    #expect(file.entry(named: "b")?.range.lowerBound.isMultiple(of: 8) == true)
    let first = try readFile(path)
    try Safetensors.write(tensors, metadata: ["né\"e": "a\nb"], to: path)
    #expect(try readFile(path) == first)
  }

  @Test("A file of another program is read, and may shrink or go meanwhile")
  func aFileOfAnotherProgramIsRead() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("x.safetensors")
    let values = (0..<100_000).map { Float($0) }
    try Safetensors.write([SafetensorsTensor(name: "a", shape: [100_000], values: values)], to: path)
    let file = try SafetensorsFile(reading: path)
    let size = try readFile(path).count
    #expect(throws: SafetensorsError.system(.tooLarge(path: path, size: size, limit: 1000))) {
      try SafetensorsFile(reading: path, limit: 1000)
    }
    #expect(truncate(path, 100) == 0)
    #expect(try file.floats(named: "a") == values && file.floatByteCount == 400_000)
    #expect(throws: SafetensorsError.self) { try SafetensorsFile(reading: path) }
  }

  @Test("Of a file whose size is not what its header says nothing else is read")
  func ofAFileOfAnotherSizeNothingElseIsRead() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("x.safetensors")
    let header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    try replaceFile(at: path, with: bytes(header))
    #expect(truncate(path, 1 << 42) == 0)
    let expected = 8 + header.utf8.count + 8
    #expect(throws: SafetensorsError.wrongSize(file: path, expected: expected, found: 1 << 42)) {
      try SafetensorsFile(reading: path)
    }
    try replaceFile(at: path, with: [])
    #expect(throws: SafetensorsError.tooShort(file: path, byteCount: 0)) {
      try SafetensorsFile(reading: path)
    }
    try replaceFile(at: path, with: [UInt8](repeating: 0xFF, count: 20))
    #expect(throws: SafetensorsError.wrongHeaderLength(file: path, length: .max, available: 12)) {
      try SafetensorsFile(reading: path)
    }
    #expect(throws: SafetensorsError.self) { try SafetensorsFile(reading: "/dev/zero") }
  }

  @Test("A model survives its file") func aModelSurvivesItsFile() throws {
    let folder = try TemporaryFolder()
    let configuration = LanguageModelConfiguration(
      vocabularySize: 7, embeddingSize: 3, hiddenSize: 4, layerCount: 2)
    let model = Network(configuration: configuration, seed: 1)
    let path = folder.file("model.safetensors")
    try Safetensors.write(model.tensors(), to: path)
    let file = try SafetensorsFile(path: path)
    let copy = try Network(configuration: configuration, tensors: file)
    #expect(copy.parameters.values.array == model.parameters.values.array)

    var other = configuration
    other.hiddenSize = 5
    #expect(throws: SafetensorsError.self) { try Network(configuration: other, tensors: file) }
    other = configuration
    other.layerCount = 3
    #expect(throws: SafetensorsError.missingTensor(file: path, tensor: "rnn.weight_ih_l2")) {
      try Network(configuration: other, tensors: file)
    }
    other.layerCount = 1
    #expect(throws: SafetensorsError.unexpectedTensor(file: path, tensor: "rnn.weight_ih_l1")) {
      try Network(configuration: other, tensors: file)
    }
  }

  @Test("Other floats are read as float") func otherFloatsAreReadAsFloat() throws {
    let header =
      #"{"h":{"dtype":"F16","shape":[4],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[1],"#
      + #""data_offsets":[8,10]},"d":{"dtype":"F64","shape":[1],"data_offsets":[10,18]}}"#
    // 1, −2, the least subnormal and infinity as binary16; 1.5 as bfloat16; 0.1 as binary64.
    let data: [UInt8] = [0x00, 0x3C, 0x00, 0xC0, 0x01, 0x00, 0x00, 0x7C, 0xC0, 0x3F]
    let file = try SafetensorsFile(
      bytes: bytes(header) + data + withUnsafeBytes(of: 0.1) { Array($0) }, name: "x")
    #expect(try file.floats(named: "h") == [1, -2, 0x1p-24, .infinity])
    #expect(try file.floats(named: "b") == [1.5])
    #expect(try file.floats(named: "d") == [0.1])
    #expect(throws: SafetensorsError.self) { try file.integers(named: "h") }
    #expect(throws: SafetensorsError.missingTensor(file: "x", tensor: "q")) { try file.floats(named: "q") }
  }

  @Test("Damaged files are rejected by name") func damagedFilesAreRejectedByName() {
    let tensor = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    #expect(error(bytes(tensor, dataCount: 8)) == nil)
    #expect(error([]) == .tooShort(file: "x", byteCount: 0))
    #expect(error([1, 2, 3]) == .tooShort(file: "x", byteCount: 3))
    #expect(error(bytes(tensor, length: .max)) == .wrongHeaderLength(file: "x", length: .max, available: 54))
    for (header, dataCount) in [
      ("", 0), ("[]", 0), ("{", 0), (#"{"a":3}"#, 0), (#"{"a":{"dtype":"F32"}}"#, 0),
    ] {
      guard case .malformedHeader = error(bytes(header, dataCount: dataCount)) else {
        Issue.record("\(header) is accepted")
        continue
      }
    }
    #expect(error(bytes(tensor, dataCount: 9)) == .wrongSize(file: "x", expected: 70, found: 71))
    #expect(
      error(bytes(#"{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}"#, dataCount: 8))
        == .unknownType(file: "x", tensor: "a", type: "F33"))
  }

  @Test(
    "Ranges that do not fit are rejected",
    arguments: [
      #""shape":[2],"data_offsets":[0,9]"#, #""shape":[3],"data_offsets":[0,8]"#,
      #""shape":[2],"data_offsets":[-1,7]"#,
      #""shape":[2],"data_offsets":[8,0]"#, #""shape":[2],"data_offsets":[8]"#,
      #""shape":[-2],"data_offsets":[0,8]"#,
      #""shape":[4611686018427387904,4611686018427387904,2],"data_offsets":[0,8]"#,
      #""shape":[2],"data_offsets":[9223372036854775800,9223372036854775807]"#,
    ])
  func rangesThatDoNotFitAreRejected(members: String) {
    guard case .wrongRange(_, "a", _) = error(bytes(#"{"a":{"dtype":"F32",\#(members)}}"#, dataCount: 8))
    else {
      Issue.record("accepted")
      return
    }
  }

  @Test("Overlaps and gaps are rejected") func overlapsAndGapsAreRejected() {
    for second in ["[4,12]", "[12,20]"] {
      let header =
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
        + #""b":{"dtype":"F32","shape":[2],"data_offsets":\#(second)}}"#
      let begin = second == "[4,12]" ? 4 : 12
      #expect(
        error(bytes(header, dataCount: 20))
          == .wrongLayout(file: "x", tensor: "b", expectedOffset: 8, offset: begin))
    }
  }

  @Test(
    "Faults of the header are told with their place",
    arguments: [
      (
        #"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}"#,
        61
      ),
      (#"{"a":{"dtype":"F32","shape":[],"shape":[],"data_offsets":[0,8]}}"#, 39),
      (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"scale":1}}"#, 61),
      (#"{"a":{"dtype":"F32","data_offsets":[0,8]}}"#, 9),
      (#"{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}"#, 53),
      (#"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, 38),
      (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}"#, 37),
      (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x"#, 63),
      (#"{"a\u00":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 11),
      (#"{"\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 10),
      (#"{"__metadata__":{"k":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 29),
      (#"{"__metadata__":{"k":"","k":""},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 32),
      (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, 61),
    ])
  func faultsOfTheHeaderAreToldWithTheirPlace(header: String, offset: Int) {
    guard case .malformedHeader("x", let found, _) = error(bytes(header, dataCount: 8)) else {
      Issue.record(
        "accepted, or refused for another reason: \(String(describing: error(bytes(header, dataCount: 8))))")
      return
    }
    #expect(found == offset)
  }

  @Test("Names may have escapes") func namesMayHaveEscapes() throws {
    let header = #"{ "\"\\\/\n\u00e9\ud834\udd1e" : {"data_offsets":[0,1] ,"shape":[ ],"dtype":"U8"} } "#
    let file = try SafetensorsFile(bytes: bytes(header, dataCount: 1), name: "x")
    #expect(file.entries.map(\.name) == ["\"\\/\né𝄞"])
  }

  @Test("Every flipped bit of weights and metadata is found")
  func everyFlippedBitOfWeightsAndMetadataIsFound() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("x.safetensors")
    let tensors = [
      SafetensorsTensor(name: "weight", shape: [2, 3], values: [1, -2, 3, 0.5, 0, 6]),
      SafetensorsTensor(name: "bias", shape: [3], values: [7, 8, 9]),
    ]
    try Safetensors.write(tensors, metadata: ["step": "12"], to: path)
    let original = try readFile(path)
    #expect(try SafetensorsFile(path: path).checksum?.count == 16)
    let text = String(decoding: original[8...], as: UTF8.self)
    let step =
      8
      + (text.firstRange(of: "12\"").map { text.utf8.distance(from: text.startIndex, to: $0.lowerBound) } ?? 0)
    for place in [step, step + 1] + Array(original.count - 36..<original.count) {
      for bit in 0..<(place < 100 ? 1 : 8) {
        var flipped = original
        flipped[place] ^= 1 << bit
        guard case .wrongChecksum("x", _, _) = error(flipped) else {
          Issue.record("bit \(bit) of byte \(place) is flipped, and the file accepted")
          continue
        }
      }
    }
    let message = SafetensorsError.wrongChecksum(file: "x", expected: "a", found: "b").message
    #expect(message.contains("replaced by a copy") && message.contains("remove gruppetto.xxh64"))
  }

  /// The checksum as its documentation says it is made, for those who write such files in another language.
  @Test("The checksum is what its documentation says") func theChecksumIsWhatItsDocumentationSays() throws {
    var hash: UInt64 = 0
    let ones = [Float](repeating: 1, count: 2).withUnsafeBytes { Array($0) }
    for part in ["format", "pt", "a", "F32", "[2]"].map({ Array($0.utf8) }) + [ones] {
      hash = part.withUnsafeBytes { XXHash64.hash($0, seed: hash) }
    }
    let header = Safetensors.header(
      of: [SafetensorsTensor(name: "a", shape: [2], values: [1, 1])], metadata: ["format": "pt"])
    let file = try SafetensorsFile(bytes: header + ones, name: "x")
    #expect(file.checksum.flatMap { UInt64($0, radix: 16) } == hash)
  }

  @Test("Weights that are no numbers are refused") func weightsThatAreNoNumbersAreRefused() throws {
    let configuration = LanguageModelConfiguration(
      vocabularySize: 3, embeddingSize: 2, hiddenSize: 2, layerCount: 1)
    let folder = try TemporaryFolder()
    let path = folder.file("model.safetensors")
    for value in [Float.nan, .infinity] {
      let model = Network(configuration: configuration, seed: 1)
      let entry = try #require(model.parameters.entry(named: "rnn.bias_hh_l0"))
      model.parameters.values.baseAddress[entry.range.lowerBound + 4] = value
      try Safetensors.write(model.tensors(), to: path)
      #expect(throws: SafetensorsError.notFinite(file: path, tensor: "rnn.bias_hh_l0", index: 4)) {
        try Network(configuration: configuration, tensors: SafetensorsFile(path: path))
      }
    }
  }

  @Test("Every error names the file") func everyErrorNamesTheFile() {
    let errors: [SafetensorsError] = [
      .tooShort(file: "x.st", byteCount: 1), .wrongHeaderLength(file: "x.st", length: 9, available: 1),
      .malformedHeader(file: "x.st", offset: 9, reason: "r"), .wrongSize(file: "x.st", expected: 1, found: 2),
      .wrongChecksum(file: "x.st", expected: "1", found: "2"),
      .notFinite(file: "x.st", tensor: "t", index: 1), .unknownType(file: "x.st", tensor: "t", type: "F1"),
      .wrongRange(file: "x.st", tensor: "t", reason: "r"), .missingTensor(file: "x.st", tensor: "t"),
      .wrongLayout(file: "x.st", tensor: "t", expectedOffset: 1, offset: 2),
      .unexpectedTensor(file: "x.st", tensor: "t"),
      .wrongShape(file: "x.st", tensor: "t", expected: [1], found: [2]),
      .wrongType(file: "x.st", tensor: "t", type: "U8", expected: "floats"),
      .system(.notFound(path: "x.st")),
    ]
    for error in errors { #expect(error.message.hasPrefix("x.st: ") && error.file == "x.st") }
  }
}
