import Foundation
import Groundwork
import TestSupport
import Testing

@Suite("Options of sound") struct SoundOptionsTests {
  let workshop: Workshop

  init() throws { workshop = try Workshop() }

  @Test("Sound is rendered at any rate from 8000 to 192000 Hz that the format holds") func rates() throws {
    for rate in [8000, 22_050, 96_000] {
      let outcome = try workshop.run([
        "render", "short.abc", "-o", "a.wav", "--rate", "\(rate)", "--reverb", "off", "--quiet",
      ])
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let bytes = try workshop.bytes("a.wav")
      #expect(bytes[24..<28].reversed().reduce(0) { $0 << 8 | Int($1) } == rate)
    }
    for (file, rate, words) in [
      ("b.wav", "7999", "from 8000 to 192000"), ("b.wav", "192001", "from 8000 to 192000"),
      ("b.opus", "44100", "--rate 44100 does not fit"), ("b.mp3", "96000", "write a .wav or .flac file"),
    ] {
      let outcome = try workshop.run(["render", "short.abc", "-o", file, "--rate", rate])
      #expect(
        outcome.exitCode == 64 && outcome.errors.contains(words) && outcome.errorLines.count == 1,
        "\(outcome.errors)")
      #expect(!workshop.has(file))
    }
  }

  @Test("Bits are refused for files that have none, unless another file has them") func bits() throws {
    for file in ["a.ogg", "a.opus", "a.mp3"] {
      let outcome = try workshop.run(["render", "short.abc", "-o", file, "--bits", "24"])
      #expect(
        outcome.exitCode == 64 && outcome.errors.contains("--bits 24 does not fit")
          && outcome.errorLines.count == 1 && !workshop.has(file), "\(outcome.errors)")
    }
    let folder = try workshop.run(["render", "tunes", "-o", "sounds", "--format", "ogg", "--bits=16"])
    #expect(folder.exitCode == 64 && folder.errors.contains("--bits 16 does not fit"), "\(folder.errors)")
    let trained = try workshop.run(
      ["train", "tunes", "-o", "model", "--steps", "5", "--quiet"] + Workshop.quick)
    #expect(trained.exitCode == 0, "\(trained.errors)")
    let generate = ["generate", "model", "--bars", "1", "--seed", "1", "--bits", "24", "-o", "b.ogg"]
    let one = try workshop.run(generate)
    #expect(one.exitCode == 64 && one.errors.contains("--bits 24 does not fit"), "\(one.errors)")
    let both = try workshop.run(generate + ["-o", "b.wav"])
    #expect(both.exitCode == 0 && workshop.has("b.ogg") && workshop.has("b.wav"), "\(both.errors)")
  }

  @Test("An interpolation that does not exist is refused, and none is asked of notes")
  func interpolationNames()
    throws
  {
    let unknown = try workshop.run(["render", "short.abc", "-o", "a.wav", "--interpolation", "spline"])
    #expect(unknown.exitCode == 64 && unknown.errors.contains("cubic"), "\(unknown.errors)")
    let notes = try workshop.run(["generate", "model", "-o", "a.mid", "--interpolation", "cubic"])
    #expect(notes.exitCode == 64 && notes.errors.contains("applies to sound"), "\(notes.errors)")
  }

  @Test(
    "Samples of a bank are read as is asked for",
    .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
  func interpolation() throws {
    var sounds: Set<Data> = []
    for kind in ["linear", "cubic", "best", nil] {
      let outcome = try workshop.run(
        [
          "render", "short.abc", "-o", "a.wav", "--quiet", "--sound",
          SharedData.path("soundfonts/fluidsynth/sf2/VintageDreamsWaves-v2.sf2"),
        ] + (kind.map { ["--interpolation", $0] } ?? []))
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      sounds.insert(Data(try workshop.bytes("a.wav")))
    }
    #expect(sounds.count == 3, "best is what is done without the option")
  }

  @Test("Features of a file that was cut short say so") func cutShort() throws {
    _ = try workshop.run(["render", "short.abc", "-o", "a.wav", "--rate", "8000", "--quiet"])
    let whole = try workshop.bytes("a.wav")
    let complete = try workshop.run(["features", "a.wav", "-o", "a.npy"])
    #expect(complete.exitCode == 0 && complete.errors.isEmpty, "\(complete.errors)")
    // Half a second at 8 kHz, in stereo, in 16 bits.
    let end = try #require(
      whole.indices.first { whole[$0...].starts(with: Array("data".utf8)) }.map { start in
        start + 8 + whole[(start + 4)..<(start + 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
      })
    try replaceFile(at: workshop("cut.wav"), with: Array(whole[..<(end - 4 * 4000)]))
    let cut = try workshop.run(["features", "cut.wav", "-o", "cut.npy"])
    #expect(cut.exitCode == 0, "\(cut.errors)")
    #expect(
      cut.errors.contains("cut.wav: is cut short; its header promises 0.50 more seconds"), "\(cut.errors)")
    #expect(try workshop.run(["features", "cut.wav", "-o", "cut.npy", "--quiet"]).errors.isEmpty)
  }
}
