import Audio
import Foundation
import Groundwork
import MIDI
import Music
import Notation
import TestSupport
import Testing

/// `gruppetto play` between pipes: files and messages in, samples out.
@Suite(.serialized) struct StreamPlayingTests {
  let workshop: Workshop

  init() throws { workshop = try Workshop() }

  private static let cheap = ["--rate", "8000", "--reverb", "off"]

  /// The samples of a file of stereo in 16 bits, left and right added.
  private func samples(_ name: String) throws -> [Float] {
    let bytes = try workshop.bytes(name)
    func word(_ place: Int) -> Float {
      Float(Int16(bitPattern: UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8)) / 32768
    }
    return (0..<bytes.count / 4).map { (word(4 * $0) + word(4 * $0 + 2)) / 2 }
  }

  /// Where sound begins after a silence, in seconds at 8000 Hz.
  private func onsets(_ samples: [Float], threshold: Float = 0.02) -> [Double] {
    var onsets: [Double] = []
    var silence = 8000
    for (index, sample) in samples.enumerated() {
      if abs(sample) > threshold {
        if silence > 400 { onsets.append(Double(index) / 8000) }
        silence = 0
      } else {
        silence += 1
      }
    }
    return onsets
  }

  @Test(
    "A file on standard input becomes samples on standard output, the same as by its name, and as rendered")
  func filesBecomeSamples() throws {
    let plain = ["--plain"] + Self.cheap
    let named = try workshop.run(["play", "short.abc", "--raw", "named.raw", "--json"] + plain)
    #expect(named.exitCode == 0, "\(named.errors)")
    let report = try named.json()
    #expect(report["raw"] as? String == "named.raw" && report["device"] == nil)
    let piped = try workshop.shell(
      "\(workshop.program.path) play - --raw - \(plain.joined(separator: " ")) < short.abc > piped.raw")
    #expect(piped.exitCode == 0, "\(piped.errors)")
    #expect(piped.errors.contains("s16le, stereo, 8000 Hz") && piped.output.isEmpty)
    let isSame = try workshop.bytes("named.raw") == workshop.bytes("piped.raw")
    #expect(isSame)
    #expect(
      try workshop.run(["render", "short.abc", "-o", "a.wav", "--plain", "--reverb", "off"]).exitCode == 0)
    // Eight quarter notes at 240 a minute.
    let heard = try samples("named.raw")
    let rendered = try AudioFile.read(workshop("a.wav"))
    #expect(abs(Double(heard.count) / 8000 - rendered.seconds) < 0.3)
  }

  @Test(
    "Several files follow one another in the same samples; a sound file is brought to their rate, and --paced takes its time"
  )
  func severalFiles() throws {
    let sound = (0..<4410).flatMap { _ in [Float(0.5)] }
    try AudioFile.write(
      AudioBuffer(sampleRate: 22_050, channelCount: 1, samples: sound), to: workshop("a.wav"))
    let start = Date()
    let run = try workshop.run(
      ["play", "a.wav", "a.wav", "--raw", "two.raw", "--paced", "--rate", "8000", "--quiet"])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(Date().timeIntervalSince(start) > 0.39)
    let heard = try samples("two.raw")
    #expect(abs(heard.count - 3200) < 40)
    let isHalf = heard[800..<1400].allSatisfy { abs($0 - 0.5) < 0.01 }
    #expect(isHalf)
  }

  @Test("Messages on standard input sound when they arrive, and the samples end after the tail")
  func messagesSoundWhenTheyArrive() throws {
    let pipe = workshop("keys")
    try #require(mkfifo(pipe, 0o600) == 0)
    let running = try Program(path: "/bin/sh").start(
      [
        "-c",
        "\(workshop.program.path) play - --raw heard.raw --json --quiet \(Self.cheap.joined(separator: " ")) < keys",
      ], folder: workshop.folder.path)
    let keys = try FileHandle(forWritingTo: URL(filePath: pipe))
    // A clock's tick means nothing here, but that the program listens once it was read.
    try keys.write(contentsOf: Data([0xF8]))
    let deadline = Date() + 60
    var unread: Int32 = 1
    while ioctl(keys.fileDescriptor, UInt(FIONREAD), &unread) == 0, unread > 0, Date() < deadline {
      Thread.sleep(forTimeInterval: 0.01)
    }
    // A sound that begins and ends at once, and running status.
    var moments: [ContinuousClock.Instant] = []
    let start = ContinuousClock.now
    for number in 0..<8 {
      Thread.sleep(forTimeInterval: 0.4)
      moments.append(.now)
      try keys.write(
        contentsOf: Data((number == 0 ? [0xC0, 80, 0x90] : []) + [69, 100]))
      Thread.sleep(forTimeInterval: 0.1)
      try keys.write(contentsOf: Data([69, 0]))
    }
    try keys.close()
    let run = running.wait()
    #expect(run.exitCode == 0, "\(run.errors)")
    let report = try run.json()
    #expect(report["notes"] as? Int == 8 && report["faults"] as? Int == 0 && report["lost"] as? Int == 0)
    let heard = onsets(try samples("heard.raw"))
    try #require(heard.count == 8, "\(heard)")
    let errors = zip(heard, moments).map { abs($0 - heard[0] - seconds($1, since: moments[0])) }
    // The first stands at the beginning; a busy machine may read some later than they were written.
    #expect(heard[0] < 0.02 && errors.sorted()[4] < 0.01, "\(errors)")
    let length = Double(try workshop.bytes("heard.raw").count / 4) / 8000
    #expect(length > 2.5 && length < seconds(.now, since: start) + 10)
  }

  private func seconds(_ moment: ContinuousClock.Instant, since first: ContinuousClock.Instant) -> Double {
    (moment - first) / .seconds(1)
  }

  @Test("What is neither a file nor messages is refused; bytes that are no messages are counted")
  func otherBytesAreRefused() throws {
    let raw = ["--raw", "x.raw"] + Self.cheap
    for (bytes, code) in [([UInt8](), 65), ([0xFF, 0xFB, 0x90, 0x64], 0), ([0xF4, 0xF5], 65)] {
      let run = try workshop.run(["play", "-"] + raw, input: Data(bytes))
      #expect(run.exitCode == code, "\(bytes): \(run.exitCode) \(run.errors)")
    }
    // The mark of UTF-8 is none of MIDI.
    let marked = try workshop.run(
      ["play", "-"] + raw, input: Data([0xEF, 0xBB, 0xBF] + (try workshop.bytes("short.abc"))))
    #expect(marked.exitCode == 0, "\(marked.errors)")
    let several = try workshop.run(["play", "-", "short.abc"] + raw, input: Data([0x90, 60, 80]))
    #expect(several.exitCode == 64 && several.errors.contains("name - alone"))
    let option = try workshop.run(["play", "-", "--piece", "2"] + raw, input: Data([0x90, 60, 80]))
    #expect(option.exitCode == 64 && option.errors.contains("--piece"))
  }

  @Test("A standard output that is closed is told in words, before any music where it was to take it")
  func closedOutput() throws {
    let program = workshop.program.path
    let raw = try workshop.shell("\(program) play short.abc --raw - >&-")
    #expect(raw.exitCode == 73 && raw.errors.contains("it is closed"), "\(raw.errors)")
    let text = try workshop.shell("\(program) play short.abc --raw x.raw --rate 8000 --reverb off >&-")
    #expect(text.exitCode == 73 && text.errors.contains("it is closed"), "\(text.errors)")
    #expect(try workshop.bytes("x.raw").count > 8000)
  }

  @Test("A reader that goes away ends the samples of a file")
  func aReaderThatGoesEndsIt() throws {
    let start = Date()
    let run = try workshop.shell(
      "(\(workshop.program.path) play short.abc short.abc short.abc --raw - --paced --reverb off; echo $? > code) | head -c 10000 | wc -c"
    )
    #expect(run.output.contains("10000") && Date().timeIntervalSince(start) < 5)
    #expect(String(decoding: try workshop.bytes("code"), as: UTF8.self) == "73\n", "\(run.errors)")
    #expect(run.errors.contains("standard output"), "\(run.errors)")
  }

  @Test("A sound file without sound is bad input")
  func silentSoundFiles() throws {
    try AudioFile.write(AudioBuffer(sampleRate: 8000, channelCount: 1, samples: []), to: workshop("e.wav"))
    let run = try workshop.run(["play", "e.wav", "--device", "null"])
    #expect(run.exitCode == 65 && run.errors.contains("no sound in it"), "\(run.errors)")
  }
}
