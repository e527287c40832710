internal import Arithmetic
internal import Foundation
internal import Testing

@testable import Recurrent

/// The files that `Scripts/make-recurrent-fixtures.py` wrote.
enum Fixtures {
  static func file(_ name: String) throws -> SafetensorsFile {
    let url = try #require(
      Bundle.module.url(forResource: name, withExtension: "safetensors", subdirectory: "Fixtures"))
    return try SafetensorsFile(path: url.path)
  }

  /// A model with the weights of a fixture, whose architecture follows from their shapes.
  static func model(_ file: SafetensorsFile) throws -> Network {
    let layers = file.entries.count { $0.name.hasPrefix("weights/rnn.weight_hh_l") }
    let embedding = try #require(file.entry(named: "weights/embedding.weight")).shape
    let hidden = try #require(file.entry(named: "weights/rnn.weight_hh_l0")).shape[1]
    let model = Network(
      configuration: LanguageModelConfiguration(
        vocabularySize: embedding[0], embeddingSize: embedding[1], hiddenSize: hidden, layerCount: layers),
      seed: 0)
    for entry in model.parameters.entries {
      for (index, value) in zip(entry.range, try file.floats(named: "weights/" + entry.name)) {
        model.parameters.values[index] = value
      }
    }
    return model
  }

  /// A batch of a fixture, and its shape.
  struct Batch {
    var inputs: [Int32]
    var targets: [Int32]
    var resets: [Bool]
    var steps: Int
    var streams: Int

    init(_ file: SafetensorsFile, _ name: String) throws {
      inputs = try file.integers(named: name + "/inputs").map { Int32($0) }
      targets = try file.integers(named: name + "/targets").map { Int32($0) }
      resets = try file.integers(named: name + "/resets").map { $0 != 0 }
      let shape = try #require(file.entry(named: name + "/inputs")).shape
      (steps, streams) = (shape[0], shape[1])
    }
  }
}

/// ‖a − b‖ / ‖b‖, in double precision.
func relativeDistance(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Double {
  let difference = zip(a, b).reduce(0.0) {
    $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
  }
  let size = b.reduce(0.0) { $0 + Double($1) * Double($1) }
  return (difference / size).squareRoot()
}

/// A batch of random ids with resets and uncounted targets.
func randomBatch(
  vocabulary: Int, steps: Int, streams: Int, seed: UInt64
) -> (inputs: [Int32], targets: [Int32], resets: [Bool]) {
  var random = RandomStream(seed: seed, name: "batch")
  let count = steps * streams
  return (
    (0..<count).map { _ in Int32(random.integer(below: vocabulary)) },
    (0..<count).map { _ in random.integer(below: 5) == 0 ? -1 : Int32(random.integer(below: vocabulary)) },
    (0..<count).map { _ in random.integer(below: 8) == 0 }
  )
}
