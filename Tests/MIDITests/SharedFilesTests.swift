import Groundwork
import MIDI
import TestSupport
import Testing

@Suite("Files of public collections", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct SharedFilesTests {
  @Test(
    "all of a collection is read without a violation of the standard, and written back byte for byte",
    arguments: [
      "nottingham/midi", "pop909", "multitrack", "groove",
    ])
  func collections(folder: String) throws {
    let paths =
      SharedData.files(under: folder, suffix: ".mid") + SharedData.files(under: folder, suffix: ".midi")
    #expect(paths.count >= 46)
    for path in paths {
      let bytes = try readFile(path)
      let midi = try MIDIFile(bytes: bytes)
      #expect(!midi.rules.contains { $0.isViolation }, "\(path): \(midi.warnings)")
      let written = midi.encoded()
      #expect(written == bytes, "\(path): other bytes")
      let plain = midi.encoded(options: MIDIWritingOptions(runningStatus: .never))
      #expect(try MIDIFile(bytes: plain) == midi, "\(path)")
    }
  }
}
