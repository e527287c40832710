internal import Arithmetic
internal import Groundwork
internal import TestSupport
internal import Testing

@testable import Recurrent

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

  @Test func whatIsWrittenIsRead() throws {
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

  @Test func aModelSurvivesItsFile() throws {
    let folder = try TemporaryFolder()
    let configuration = NetworkConfiguration(
      vocabularySize: 7, embeddingSize: 3, hiddenSize: 4, layerCount: 2)
    let model = LanguageModel(configuration: configuration, seed: 1)
    let path = folder.file("model.safetensors")
    try Safetensors.write(model.tensors(), to: path)
    let file = try SafetensorsFile(path: path)
    let copy = try LanguageModel(configuration: configuration, tensors: file)
    #expect(copy.parameters.values.array == model.parameters.values.array)

    var other = configuration
    other.hiddenSize = 5
    #expect(throws: SafetensorsError.self) { try LanguageModel(configuration: other, tensors: file) }
    other = configuration
    other.layerCount = 3
    #expect(throws: SafetensorsError.missingTensor(file: path, tensor: "rnn.weight_ih_l2")) {
      try LanguageModel(configuration: other, tensors: file)
    }
    other.layerCount = 1
    #expect(throws: SafetensorsError.unexpectedTensor(file: path, tensor: "rnn.weight_ih_l1")) {
      try LanguageModel(configuration: other, tensors: file)
    }
  }

  @Test func otherFloatsAreReadAsFloat() throws {
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

  @Test func damagedFilesAreRejectedByName() {
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
    guard case .malformedHeader = error(bytes(tensor, dataCount: 9)) else {
      Issue.record("a byte that belongs to no tensor is accepted")
      return
    }
    #expect(
      error(bytes(#"{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}"#, dataCount: 8))
        == .unknownType(file: "x", tensor: "a", type: "F33"))
  }

  @Test(arguments: [
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

  @Test func overlapsAndGapsAreRejected() {
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

  @Test func everyErrorNamesTheFile() {
    let errors: [SafetensorsError] = [
      .tooShort(file: "x.st", byteCount: 1), .wrongHeaderLength(file: "x.st", length: 9, available: 1),
      .malformedHeader(file: "x.st", reason: "r"), .unknownType(file: "x.st", tensor: "t", type: "F1"),
      .wrongRange(file: "x.st", tensor: "t", reason: "r"), .missingTensor(file: "x.st", tensor: "t"),
      .wrongLayout(file: "x.st", tensor: "t", expectedOffset: 1, offset: 2),
      .unexpectedTensor(file: "x.st", tensor: "t"),
      .wrongShape(file: "x.st", tensor: "t", expected: [1], found: [2]),
      .wrongType(file: "x.st", tensor: "t", type: "U8", expected: "floats"),
      .system(.notFound(path: "x.st")),
    ]
    for error in errors { #expect(error.message.hasPrefix("x.st: ") && error.file == "x.st") }
  }

  /// Ten thousand files with some bytes changed, cut off or repeated: each is read whole or rejected with a typed error.
  @Test func mutatedFilesAreReadOrRejected() throws {
    let model = LanguageModel(
      configuration: NetworkConfiguration(vocabularySize: 3, embeddingSize: 2, hiddenSize: 2, layerCount: 1),
      seed: 0)
    let tensors = model.tensors() + [SafetensorsTensor(name: "steps", shape: [1], integers: [3])]
    let original =
      Safetensors.header(of: tensors, metadata: ["seed": "1"])
      + [UInt8](repeating: 1, count: 4 * model.parameters.count + 8)
    #expect(error(original) == nil)
    var random = RandomStream(seed: 11, name: "fuzz")
    var accepted = 0
    for _ in 0..<10_000 {
      var mutant = original
      for _ in 0...random.integer(below: 4) where !mutant.isEmpty {
        // Most of the changes go to the header, where they matter.
        let place = random.integer(
          below: random.integer(below: 8) == 0 ? mutant.count : min(mutant.count, 700))
        switch random.integer(below: 6) {
        case 0: mutant[place] = UInt8(random.integer(below: 256))
        case 1: mutant[place] ^= 1 << UInt8(random.integer(below: 8))
        case 2: mutant[place] = Array("0123456789[]{},:\"-e.".utf8)[random.integer(below: 20)]
        case 3: mutant.removeSubrange(place..<min(mutant.count, place + 1 + random.integer(below: 9)))
        case 4: mutant.insert(contentsOf: mutant[place..<min(mutant.count, place + 9)], at: place)
        default: mutant.removeSubrange(place...)
        }
      }
      guard let file = try? SafetensorsFile(bytes: mutant, name: "x") else { continue }
      accepted += 1
      for entry in file.entries {
        #expect(entry.range.upperBound <= mutant.count)
        _ = try? file.tensor(named: entry.name)
      }
    }
    #expect(accepted > 0 && accepted < 5_000)
  }
}
