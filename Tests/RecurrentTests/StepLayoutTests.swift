import Foundation
import Recurrent
import Testing

@Suite struct StepLayoutTests {
  @Test("A rectangle has all steps of all streams") func aRectangleHasAllStepsOfAllStreams() {
    let layout = StepLayout(streamCount: 3, stepCount: 4)
    #expect(layout.offsets == [0, 3, 6, 9, 12] && layout.lengths == [4, 4, 4])
    #expect(layout.stepCount == 4 && layout.streamCount == 3 && layout.rowCount == 12)
    #expect(layout.row(step: 2, stream: 1) == 7)
    #expect(layout == StepLayout(lengths: [4, 4, 4]))
  }

  @Test("Ragged streams are packed without padding") func raggedStreamsArePackedWithoutPadding() {
    let layout = StepLayout(lengths: [5, 2, 2, 1])
    #expect(layout.offsets == [0, 4, 7, 8, 9, 10])
    #expect(layout.stepCount == 5 && layout.streamCount == 4 && layout.rowCount == 10)
    #expect((0...5).map(layout.streamCount(atStep:)) == [4, 3, 1, 1, 1, 0])
    // Every step of every stream has a row of its own.
    let rows = layout.lengths.enumerated().flatMap { stream, length in
      (0..<length).map { layout.row(step: $0, stream: stream) }
    }
    #expect(rows.sorted() == Array(0..<10))
  }
}

@Suite struct StackConfigurationTests {
  @Test("A stack survives its JSON") func aStackSurvivesItsJSON() throws {
    var stack = StackConfiguration(
      cell: .gruResetBefore, hiddenSize: 7, layerCount: 2, isBidirectional: true, dropout: 0.25,
      dropoutKind: .locked, isResidual: true, normalizesLayers: true)
    #expect(try JSONDecoder().decode(StackConfiguration.self, from: JSONEncoder().encode(stack)) == stack)
    #expect(stack.outputSize == 14)
    #expect((0..<2).map { stack.inputSize(ofLayer: $0, inputSize: 5) } == [5, 14])
    stack.isBidirectional = false
    #expect(stack.outputSize == 7)
  }

  @Test("What is not set is plain") func whatIsNotSetIsPlain() throws {
    let json = #"{"cell": "rnn-relu", "hiddenSize": 3, "layerCount": 1, "dropout": 0}"#
    let stack = try JSONDecoder().decode(StackConfiguration.self, from: Data(json.utf8))
    #expect(stack == StackConfiguration(cell: .rnnReLU, hiddenSize: 3, layerCount: 1))
  }
}
