internal import Foundation
internal import Groundwork
internal import TestSupport
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

  @Test("Two instruments cannot share a name, a program or a drum key")
  func sharedPrograms() {
    func fault(_ family: String, _ first: String, _ second: String) -> String? {
      let layers = #""layers": [{"noise": {}, "envelope": {"sustain": 0}}]"#
      let text =
        #"{"family": "\#(family)", "instruments": [{\#(first), \#(layers)}, {\#(second), \#(layers)}]}"#
      do throws(InstrumentError) {
        _ = try InstrumentLibrary.instruments(in: Array(text.utf8), file: "a.json")
        return nil
      } catch { return error.message }
    }
    let first = #""name": "A", "programs": [0, 1]"#
    #expect(fault("piano", first, #""name": "A", "programs": [2]"#)?.contains("another instrument") == true)
    #expect(fault("piano", first, #""name": "B", "programs": [2, 1]"#)?.contains("belongs to “A”") == true)
    #expect(fault("piano", first, #""name": "B", "programs": [2]"#) == nil)
    #expect(
      fault("drums", #""name": "A", "keys": [40]"#, #""name": "B", "keys": [40]"#)?.contains("“A”") == true)
  }

  @Test("A file of many instruments is read in the time that it takes to parse")
  func manyInstruments() throws {
    let instruments = (0..<6000).map {
      #"{"name": "\#($0)", "programs": [], "layers": [{"noise": {}}]}"#
    }
    let text = #"{"family": "piano", "instruments": [\#(instruments.joined(separator: ","))]}"#
    let start = ContinuousClock.now
    #expect(try InstrumentLibrary.instruments(in: Array(text.utf8), file: "a.json").count == 6000)
    // Without optimization and on a busy machine; comparing all pairs took minutes.
    #expect(ContinuousClock.now - start < .seconds(30))
  }

  @Test("What is not JSON and what is not there have errors of their own")
  func otherFaults() {
    for (text, fault) in [("{", "a.json: it is not JSON"), ("[]", "a.json: it does not hold an object")] {
      let error = #expect(throws: InstrumentError.self) {
        try InstrumentLibrary.instruments(in: Array(text.utf8), file: "a.json")
      }
      #expect(error?.message.hasPrefix(fault) == true && error?.kind == .badInput, "\(error?.message ?? "")")
    }
    #expect(throws: InstrumentError.unreadable(.notFound(path: "/nowhere"))) {
      try InstrumentLibrary(folder: "/nowhere")
    }
  }

  @Test("A file of instruments is read within a limit") func aFileOfInstrumentsIsReadWithinALimit() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.json")
    try replaceFile(at: path, with: "{}")
    #expect(truncate(path, 1 << 40) == 0)
    let error = #expect(throws: InstrumentError.self) { try InstrumentLibrary(folder: folder.path) }
    #expect(
      error?.kind == .badInput && error?.message.contains("4,000,000") == true, "\(error?.message ?? "")")
  }
}
