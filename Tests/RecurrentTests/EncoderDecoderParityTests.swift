internal import Arithmetic
internal import Groundwork
internal import Testing

@testable import Recurrent

/// Against PyTorch in double precision, one pair after the other there and all together here.
@Suite struct EncoderDecoderParityTests {
  @Test("Loss alignments and gradients agree") func lossAlignmentsAndGradientsAgree() throws {
    let file = try Fixtures.file("encoder-decoder")
    #expect(file.metadata.count == 11)
    for (name, json) in file.metadata {
      let configuration = try JSONFormat.decode(EncoderDecoderConfiguration.self, from: Array(json.utf8))
      let model = EncoderDecoder(configuration: configuration, seed: 0)
      #expect(file.entries.count { $0.name.hasPrefix(name + "/weights/") } == model.parameters.entries.count)
      for entry in model.parameters.entries {
        let values = try file.floats(named: "\(name)/weights/\(entry.name)")
        for (index, value) in zip(entry.range, values) { model.parameters.values[index] = value }
      }
      let batch = SequencePairBatch(
        sources: try (0..<5).map { try file.integers(named: "\(name)/source/\($0)").map { Int32($0) } },
        targets: try (0..<5).map { try file.integers(named: "\(name)/target/\($0)").map { Int32($0) } })
      let pass = EncoderDecoderPass(
        model: model, capacity: .init(pairs: 5, sourceLength: 5, targetLength: 4),
        team: ThreadTeam(threadCount: 2))
      var random = RandomStream(seed: 0, name: "dropout")
      let loss = pass.train(batch, dropout: &random)
      let expected = Double(try file.floats(named: "\(name)/loss")[0])
      #expect(loss.count == 15 && abs(loss.sum - expected) < 1e-6 * expected, "\(name)")
      for pair in 0..<5 {
        let first = batch.attention.weightOffsets[pair], end = batch.attention.weightOffsets[pair + 1]
        let distance = relativeDistance(
          pass.attention.weights.elements[first..<end], try file.floats(named: "\(name)/alignment/\(pair)"))
        #expect(distance < 1e-5, "\(name), alignment of pair \(pair)")
      }
      for entry in model.parameters.entries {
        let distance = relativeDistance(
          pass.gradients.elements[entry.range], try file.floats(named: "\(name)/gradients/\(entry.name)"))
        #expect(distance < 1e-5, "\(name), \(entry.name)")
      }
    }
  }
}
