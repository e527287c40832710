internal import Arithmetic
internal import Foundation
internal import Testing

@testable import Recurrent

@Suite struct SafetensorsFuzzTests {
  /// How many files are tried; `GRUPPETTO_FUZZ_ROUNDS` asks for another number.
  static let rounds =
    ProcessInfo.processInfo.environment["GRUPPETTO_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 100_000

  /// A small model's weights with a checkpoint's integers, and the same without a checksum that is looked at, so that
  /// what is changed after the header is read too.
  private func originals() -> [[UInt8]] {
    let model = Network(
      configuration: LanguageModelConfiguration(
        vocabularySize: 3, embeddingSize: 2, hiddenSize: 2, layerCount: 1),
      seed: 0)
    let tensors = model.tensors() + [SafetensorsTensor(name: "steps", shape: [1], integers: [3])]
    var data: [UInt8] = []
    for tensor in tensors { tensor.elements.withUnsafeBytes { data += $0 } }
    let file = Safetensors.header(of: tensors, metadata: ["seed": "1"]) + data
    var unchecked = file
    if let place = file.firstRange(of: SafetensorsChecksum.key.utf8)?.lowerBound {
      unchecked[place] = UInt8(ascii: "G")
    }
    return [file, unchecked]
  }

  /// One to four bytes changed, cut off or repeated; most of the changes go to the header, where they matter.
  private func mutate(_ original: [UInt8], by random: inout RandomStream) -> [UInt8] {
    var mutant = original
    for _ in 0...random.integer(below: 4) where !mutant.isEmpty {
      let place = random.integer(
        below: random.integer(below: 8) == 0 ? mutant.count : min(mutant.count, 800))
      switch random.integer(below: 7) {
      case 0: mutant[place] = UInt8(random.integer(below: 256))
      case 1: mutant[place] ^= 1 << UInt8(random.integer(below: 8))
      case 2: mutant[place] = Array("0123456789[]{},:\"-e.\\".utf8)[random.integer(below: 21)]
      case 3: mutant.removeSubrange(place..<min(mutant.count, place + 1 + random.integer(below: 9)))
      case 4: mutant.insert(contentsOf: mutant[place..<min(mutant.count, place + 9)], at: place)
      case 5: mutant.insert(contentsOf: "99999999999".utf8.prefix(1 + random.integer(below: 11)), at: place)
      default: mutant.removeSubrange(place...)
      }
    }
    return mutant
  }

  /// Each file is read whole or rejected with a typed error, and, where that is measured, none makes the reader ask for
  /// more memory at once than the file has bytes.
  @Test("Mutated files are read or rejected") func mutatedFilesAreReadOrRejected() throws {
    let originals = originals()
    for original in originals {
      #expect(throws: Never.self) { try SafetensorsFile(bytes: original, name: "x") }
    }
    let meter = AllocationMeter()
    var random = RandomStream(seed: 11, name: "fuzz")
    var accepted = 0
    for round in 0..<Self.rounds {
      let mutant = mutate(originals[round % 2], by: &random)
      guard let file = read(mutant, meter) else { continue }
      accepted += 1
      for entry in file.entries {
        #expect(entry.range.upperBound <= mutant.count)
        _ = try? file.tensor(named: entry.name)
      }
    }
    #expect(accepted > Self.rounds / 100 && accepted < Self.rounds / 2)
  }

  private func read(_ bytes: [UInt8], _ meter: AllocationMeter?) -> SafetensorsFile? {
    guard let meter else { return try? SafetensorsFile(bytes: bytes, name: "x") }
    let (file, largest) = meter.measure { try? SafetensorsFile(bytes: bytes, name: "x") }
    // Half a kilobyte is what the first few entries and a thrown error take, where next to nothing of a file is left.
    #expect(largest <= max(bytes.count, 512), "\(largest) bytes at once for a file of \(bytes.count)")
    return file
  }
}
