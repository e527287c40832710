internal import Arithmetic
internal import Foundation
internal import Groundwork
internal import Testing

@testable import Recurrent

/// Damaged files for all that makes a network of a file: each gives one or a typed error, and, where that is measured, asks
/// for little more memory at once than the file has bytes.
@Suite struct ArchitectureFuzzTests {
  /// How many files are tried of each kind; `GRUPPETTO_FUZZ_ROUNDS` asks for another number.
  static let rounds =
    ProcessInfo.processInfo.environment["GRUPPETTO_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 5000

  /// What stands instead of a number or of another value.
  private static let values =
    StoredArchitectureTests.absurdSizes + [
      "1", "2", "3", "4", "5", "6", "16", "1024", "1000000", "2147483647", "0.25", "1e-300", "1e300", "true",
      "{}", "\"gru\"", "\"lstm\"", "\"dot\"", "\"copy\"", "\"ctc\"", "\"softmax\"", "\"mean\"", "\"none\"",
      "[1e300]",
    ]

  /// One to three values of a JSON text replaced, or fields dropped, or bytes changed.
  private func mutate(json: String, by random: inout RandomStream) -> String {
    var text = Array(json.utf8)
    for _ in 0...random.integer(below: 3) {
      let colons = text.indices.filter { text[$0] == UInt8(ascii: ":") }
      guard !colons.isEmpty else { break }
      let colon = colons[random.integer(below: colons.count)]
      let end = text[colon...].firstIndex { ",}]".utf8.contains($0) } ?? text.endIndex
      switch random.integer(below: 10) {
      case 0:
        text = mutate(bytes: text, by: &random)
      case 1:
        // The field with its name; what is left is mostly JSON.
        let start = text[..<colon].lastIndex { ",{".utf8.contains($0) } ?? text.startIndex
        text.removeSubrange(start + 1..<min(end + 1, text.endIndex))
      default:
        guard colon + 1 <= end else { continue }
        text.replaceSubrange(
          colon + 1..<end, with: Self.values[random.integer(below: Self.values.count)].utf8)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private func mutate(bytes original: [UInt8], by random: inout RandomStream) -> [UInt8] {
    var mutant = original
    for _ in 0...random.integer(below: 3) where !mutant.isEmpty {
      let place = random.integer(below: mutant.count)
      switch random.integer(below: 4) {
      case 0: mutant[place] = UInt8(random.integer(below: 256))
      case 1: mutant[place] = Array("0123456789[]{},:\"-e.\\".utf8)[random.integer(below: 21)]
      case 2: mutant.removeSubrange(place..<min(mutant.count, place + 1 + random.integer(below: 9)))
      default: mutant.insert(contentsOf: mutant[place..<min(mutant.count, place + 9)], at: place)
      }
    }
    return mutant
  }

  /// One tensor dropped, renamed or repeated, or of another shape, type or content.
  private func mutate(_ tensors: [SafetensorsTensor], by random: inout RandomStream) -> [SafetensorsTensor] {
    var tensors = tensors
    let place = random.integer(below: tensors.count), tensor = tensors[place],
      count = tensor.shape.reduce(1, *)
    switch random.integer(below: 6) {
    case 0: tensors.remove(at: place)
    case 1: tensors[place].name = mutate(json: "{\":\(tensor.name)}", by: &random)
    case 2:
      tensors[place] = .init(
        name: tensor.name, shape: tensor.shape.reversed(), values: .init(repeating: 1, count: count))
    case 3:
      tensors[place] = .init(name: tensor.name, shape: [count], integers: .init(repeating: 1, count: count))
    case 4:
      let shape = [[0, 1 << 40], [count, 1], [1, count], [count], [2 * count, 1], []][
        random.integer(below: 6)]
      tensors[place] = .init(
        name: tensor.name, shape: shape, values: .init(repeating: 0.5, count: shape.reduce(1, *)))
    default:
      var values = [Float](repeating: -1, count: count)
      values[random.integer(below: count)] =
        [.nan, .infinity, 0, .leastNonzeroMagnitude][random.integer(below: 4)]
      tensors[place] = .init(name: tensor.name, shape: tensor.shape, values: values)
    }
    return Set(tensors.map(\.name)).count == tensors.count ? tensors : Array(tensors.prefix(place))
  }

  /// A damaged file: damage in the metadata or the tensors under a checksum that is right, or anywhere under one that
  /// nobody looks at.
  private func mutant(
    of tensors: [SafetensorsTensor], metadata: [String: String], by random: inout RandomStream
  ) -> [UInt8] {
    switch random.integer(below: metadata.isEmpty ? 2 : 4) {
    case 0:
      var bytes = StoredArchitectureTests.bytes(tensors, metadata: metadata)
      if let place = bytes.firstRange(of: SafetensorsChecksum.key.utf8)?.lowerBound {
        bytes[place] = UInt8(ascii: "G")
      }
      return mutate(bytes: bytes, by: &random)
    case 1:
      return StoredArchitectureTests.bytes(mutate(tensors, by: &random), metadata: metadata)
    default:
      return StoredArchitectureTests.bytes(
        tensors, metadata: metadata.mapValues { mutate(json: $0, by: &random) })
    }
  }

  /// Gives `read` damaged files; some it takes, and most it refuses.
  private func fuzz(
    _ tensors: [SafetensorsTensor], metadata: [String: String], seed: UInt64, rounds: Int = Self.rounds,
    read: (SafetensorsFile) throws -> Void
  ) throws {
    let original = StoredArchitectureTests.bytes(tensors, metadata: metadata)
    #expect(throws: Never.self) { try read(SafetensorsFile(bytes: original, name: "x")) }
    func isRead(_ file: SafetensorsFile) -> Bool { (try? read(file)) != nil }
    let meter = AllocationMeter()
    var random = RandomStream(seed: seed, name: "fuzz")
    var accepted = 0
    for _ in 0..<rounds {
      let bytes = mutant(of: tensors, metadata: metadata, by: &random)
      guard let file = try? SafetensorsFile(bytes: bytes, name: "x") else { continue }
      guard let meter else {
        if isRead(file) { accepted += 1 }
        continue
      }
      // What JSON and names take beside the numbers, which are twice as long in memory where the file has 16 bits for each.
      let limit = 2 * bytes.count + 4096
      var (isWhole, largest) = meter.measure { isRead(file) }
      // A table that the language's runtime had to enlarge is not the file's: it is large enough the second time.
      if largest > limit { (isWhole, largest) = meter.measure { isRead(file) } }
      #expect(largest <= limit, "\(largest) bytes at once for a file of \(bytes.count)")
      if isWhole { accepted += 1 }
    }
    #expect(accepted > rounds / 100 && accepted < rounds / 4 * 3, "\(accepted) of \(rounds) were read")
  }

  @Test("Networks are read or refused") func networksAreReadOrRefused() throws {
    let network = StoredArchitectureTests.network
    try fuzz(network.tensors(), metadata: network.configuration.metadata, seed: 1) {
      let read = try Network(file: $0)
      #expect(read.parameters.values.elements.allSatisfy { $0.isFinite })
    }
  }

  @Test("Encoder decoders are read or refused") func encoderDecodersAreReadOrRefused() throws {
    let model = StoredArchitectureTests.encoderDecoder
    try fuzz(model.tensors(), metadata: model.configuration.metadata, seed: 2) {
      let read = try EncoderDecoder(file: $0)
      #expect(read.parameters.values.elements.allSatisfy { $0.isFinite })
    }
  }

  @Test("Language models are read or refused") func languageModelsAreReadOrRefused() throws {
    let model = StoredArchitectureTests.languageModel
    let json = String(decoding: try JSONFormat.encodeLine(model.configuration.languageModel), as: UTF8.self)
    try fuzz(model.tensors(), metadata: ["model": json], seed: 3) { file in
      let text = file.metadata["model"] ?? ""
      let configuration = try JSONFormat.decode(LanguageModelConfiguration.self, from: Array(text.utf8))
      _ = try Network(configuration: configuration, tensors: file)
    }
  }

  @Test("Weights of PyTorch are read or refused") func weightsOfPyTorchAreReadOrRefused() throws {
    try fuzz(StoredArchitectureTests.languageModel.tensors(), metadata: [:], seed: 4) {
      _ = try PyTorchWeights(file: $0).model()
    }
  }
}
