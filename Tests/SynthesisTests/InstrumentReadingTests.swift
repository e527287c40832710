internal import Groundwork
import Testing

@testable import Synthesis

@Suite struct InstrumentReadingTests {
  @Test(
    "A fault is named by file, instrument and key",
    arguments: [
      (#"{"wave": {"shape": "saw"}, "envelope": {"attck": 1}}"#, "layers[0].envelope.attck"),
      (#"{"wave": {"shape": "sow"}}"#, "layers[0].wave.shape"),
      (#"{"wave": {"shape": "saw"}, "filter": {"cutoff": -5}}"#, "layers[0].filter.cutoff"),
      (#"{"wave": {"shape": "saw"}, "noise": {}}"#, "layers[0].noise"),
      (#"{"modes": {"ratios": [1, 2], "levels": [0], "decays": [1, 1]}}"#, "layers[0].modes.levels"),
    ])
  func faults(layer: String, key: String) {
    let text = #"{"family": "piano", "instruments": [{"name": "A", "programs": [0], "layers": [\#(layer)]}]}"#
    do {
      _ = try InstrumentLibrary.instruments(in: Array(text.utf8), file: "a.json")
      Issue.record("it was accepted")
    } catch {
      guard case .invalid("a.json", "A", key, _) = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test("What is not JSON and what is not there have errors of their own")
  func otherFaults() {
    #expect(throws: InstrumentError.self) { try InstrumentLibrary.instruments(in: [0x7B], file: "a.json") }
    #expect(throws: InstrumentError.unreadable(.notFound(path: "/nowhere"))) {
      try InstrumentLibrary(folder: "/nowhere")
    }
  }
}
