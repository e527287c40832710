import Foundation
import TestSupport
import Testing

@Suite struct PrimerTests {
  /// A MIDI file of 45 bytes with one note in the last of `bars` bars of 4/4.
  private static func midi(bars: Int) -> Data {
    func length(_ value: Int) -> [UInt8] {
      stride(from: 21, through: 0, by: -7).map { UInt8(value >> $0 & 0x7F) | ($0 > 0 ? 0x80 : 0) }
    }
    let track =
      length(4 * (bars - 1)) + [0x90, 0x3C, 0x50, 0x01, 0x80, 0x3C, 0x00, 0x00, 0xFF, 0x2F, 0x00]
    return Data(
      Array("MThd".utf8) + [0, 0, 0, 6, 0, 0, 0, 1, 0, 1] + Array("MTrk".utf8)
        + [0, 0, 0, UInt8(track.count)] + track)
  }

  @Test("A primer with too many bars is refused in one line, and one that leaves room is continued")
  func aPrimerWithTooManyBarsIsRefusedInOneLine() throws {
    let workshop = try Workshop()
    let trained = try workshop.run(
      ["train", "tunes", "-o", "model", "--steps", "10", "--quiet"] + Workshop.quick)
    #expect(trained.exitCode == 0, "\(trained.errors)")
    try Self.midi(bars: 65_501).write(to: URL(filePath: workshop("long.mid")))
    for arguments in [
      ["generate", "model", "--primer", "long.mid"],
      ["generate", "model", "--primer", "long.mid", "--bars", "36"],
      ["continue", "model", "long.mid"], ["generate", "model", "--primer", "long.mid", "--count", "2"],
    ] {
      let run = try workshop.run(arguments + ["-o", "out.mid", "--seed", "1"])
      #expect(run.exitCode == 65, "\(arguments): \(run.errors)")
      #expect(run.errorLines.count == 1 && run.errors.contains("has 65501 bars"), "\(run.errors)")
      #expect(!workshop.has("out.mid"))
    }
    let run = try workshop.run(
      ["generate", "model", "--primer", "long.mid", "--bars", "1", "-o", "out.mid", "--seed", "1"])
    #expect(run.exitCode == 0 && workshop.has("out.mid"), "\(run.errors)")
  }
}
