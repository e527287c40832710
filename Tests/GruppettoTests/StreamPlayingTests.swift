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
    // A busy machine may read messages later than they were written, and any number of them.
    var errors: [[Double]] = []
    for number in 0..<4 {
      let late = try playKeys("keys\(number)")
      if let late, late.sorted()[4] < 0.01 { return }
      errors.append(late ?? [])
    }
    Issue.record("half of the notes came late each time: \(errors)")
  }

  /// Plays eight notes by hand.
  /// - Parameter keys: The name of a pipe that is made for them.
  /// - Returns: By how many seconds each is away from its time, counted from the first; nil where two of them run into one.
  private func playKeys(_ name: String) throws -> [Double]? {
    let pipe = workshop(name)
    try #require(mkfifo(pipe, 0o600) == 0)
    let running = try Program(path: "/bin/sh").start(
      [
        "-c",
        "\(workshop.program.path) play - --raw heard.raw --json --quiet \(Self.cheap.joined(separator: " ")) < \(name)",
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
    let length = Double(try workshop.bytes("heard.raw").count / 4) / 8000
    #expect(length > 2.5 && length < seconds(.now, since: start) + 12)
    let heard = onsets(try samples("heard.raw"))
    // The first stands at the beginning.
    #expect(heard.first.map { $0 < 0.02 } == true, "\(heard)")
    guard heard.count == 8 else { return nil }
    return zip(heard, moments).map { abs($0 - heard[0] - seconds($1, since: moments[0])) }
  }

  @Test("Thousands of messages at once are all played, and every key comes up")
  func bursts() throws {
    let notes = (0..<6000).flatMap { number -> [UInt8] in
      let key = UInt8(36 + number % 48)
      return [0x90, key, 80, 0x80, key, 0]
    }
    try Data([0xC0, 80] + notes).write(to: URL(filePath: workshop("long.raw")))
    let run = try workshop.shell(
      "cat long.raw | \(workshop.program.path) play - --raw heard.raw --json --quiet \(Self.cheap.joined(separator: " "))"
    )
    #expect(run.exitCode == 0, "\(run.errors)")
    let report = try run.json()
    #expect(report["notes"] as? Int == 6000 && report["lost"] as? Int == 0, "\(report)")
    // A key that stayed down would sound for ten seconds.
    #expect(Double(try workshop.bytes("heard.raw").count / 4) / 8000 < 8)
  }

  @Test("An interruption is one, also where a few bytes were no messages")
  func interruptedWithFaults() throws {
    let pipe = Pipe()
    let running = try workshop.program.start(
      ["play", "-", "--raw", "broken.raw"] + Self.cheap, stream: pipe.fileHandleForReading,
      folder: workshop.folder.path)
    // Three faults: bad input, were they all that there is.
    let bytes: [UInt8] = [0x90, 60, 80, 0x90, 0x90, 60, 0xF4, 0xF5, 0x90, 60, 0]
    try pipe.fileHandleForWriting.write(contentsOf: Data(bytes))
    let deadline = Date() + 30
    while Date() < deadline, ((try? workshop.bytes("broken.raw").count) ?? 0) < 1000 { usleep(20_000) }
    running.signal(SIGINT)
    let run = running.wait()
    try pipe.fileHandleForWriting.close()
    #expect(run.exitCode == 130, "\(run.errors)")
    let whole = try workshop.run(["play", "-", "--raw", "broken.raw"] + Self.cheap, input: Data(bytes))
    #expect(whole.exitCode == 65, "\(whole.errors)")
  }

  @Test("A standard input that cannot be read further is told once what came before was played")
  func unreadableInput() throws {
    // Where the last terminal of such a pair is closed, reading the other fails.
    let near = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    var (lock, number) = (Int32(0), Int32(-1))
    // TIOCSPTLCK and TIOCGPTN: macros that Swift does not see (Linux, asm-generic/ioctls.h).
    try #require(near >= 0 && ioctl(near, 0x4004_5431, &lock) == 0 && ioctl(near, 0x8004_5430, &number) == 0)
    let far = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    try #require(far >= 0)
    var settings = termios()
    try #require(tcgetattr(far, &settings) == 0)
    cfmakeraw(&settings)
    try #require(tcsetattr(far, TCSANOW, &settings) == 0)
    try #require(write(far, [0xC0, 80, 0x90, 60, 100] as [UInt8], 5) == 5)
    let running = try workshop.program.start(
      ["play", "-", "--raw", "heard.raw"] + Self.cheap, stream: FileHandle(fileDescriptor: near),
      folder: workshop.folder.path)
    var unread: Int32 = 0
    func wait(_ condition: () -> Bool) {
      let deadline = Date() + 30
      while ioctl(near, UInt(FIONREAD), &unread) == 0, !condition(), Date() < deadline {
        Thread.sleep(forTimeInterval: 0.01)
      }
    }
    // The bytes of the other side arrive a little later, and are taken when the program listens.
    wait { unread > 0 || !running.process.isRunning }
    wait { unread == 0 }
    Thread.sleep(forTimeInterval: 0.5)
    close(far)
    let run = running.wait()
    close(near)
    #expect(run.exitCode != 0 && run.errors.contains("standard input"), "\(run.exitCode) \(run.errors)")
    // What came before was played, and the key let go when nothing could follow.
    let heard = try samples("heard.raw")
    #expect(!heard.isEmpty && heard.count < 8000 * 8 && heard.suffix(400).allSatisfy { abs($0) < 0.01 })
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

  @Test(
    "Bytes at random are bad input, and so is a sound file, which is called one; standard input is called that"
  )
  func badInput() throws {
    let raw = ["--raw", "bad.raw"] + Self.cheap
    var generator = RepeatableGenerator(seed: 3)
    for count in [100, 4000] {
      let bytes = [0x90] + (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let run = try workshop.run(["play", "-"] + raw, input: Data(bytes))
      #expect(run.exitCode == 65 && run.errors.contains("could not be read"), "\(run.exitCode) \(run.errors)")
    }
    // A stream that was joined amid its messages is none of these.
    let joined = try workshop.run(
      ["play", "-"] + raw, input: Data([0xF8, 60, 0, 0x90, 60, 80, 60, 0, 62, 80, 62, 0, 64, 80, 64, 0]))
    #expect(joined.exitCode == 0, "\(joined.errors)")
    try AudioFile.write(
      AudioBuffer(sampleRate: 8000, channelCount: 1, samples: [0.5, 0.2]), to: workshop("a.wav"))
    let sound = try workshop.run(
      ["play", "-", "--sound", "auto"] + raw, input: Data(try workshop.bytes("a.wav")))
    #expect(
      sound.exitCode == 65 && sound.errors.contains("standard input: it is a sound file (WAV)"),
      "\(sound.errors)")
    let nothing = MIDIFile(
      format: .simultaneous, division: .ticksPerQuarter(480), tracks: [MIDITrack()]
    ).encoded()
    let silent = try workshop.run(["play", "-", "--sound", "auto"] + raw, input: Data(nothing))
    #expect(
      silent.exitCode == 65 && silent.errors.contains("standard input: it has no notes"), "\(silent.errors)")
    let book = Data("X:1\nT:A\nK:C\nCDEF|]\n\nX:2\nT:B\nK:C\nGABc|]\n".utf8)
    let several = try workshop.run(["play", "-", "--sound", "auto"] + raw, input: book)
    #expect(
      several.exitCode == 64 && several.errors.contains("standard input holds 2 pieces"), "\(several.errors)")
    // What plays is not told before what is wrong.
    for run in [sound, silent, several] { #expect(!run.errors.contains("Played by"), "\(run.errors)") }
  }

  @Test("A file that cannot be written further is kept as far as it goes, and none is left without music")
  func fullDisks() throws {
    let options = "--raw x.raw --quiet --plain \(Self.cheap.joined(separator: " "))"
    // A limit for files is like a full disk.
    func run(_ blocks: Int) throws -> Program.Outcome {
      try workshop.shell("ulimit -f \(blocks); \(workshop.program.path) play short.abc \(options)")
    }
    let cut = try run(40)
    #expect(cut.exitCode == 73 && cut.errors.contains("seconds are kept"), "\(cut.errors)")
    let size = try workshop.bytes("x.raw").count
    #expect(size > 4000 && size.isMultiple(of: 4))
    // Where not even words can be written.
    #expect(try run(0).exitCode == 73 && !workshop.has("x.raw"))
    let recorded = try workshop.shell(
      "ulimit -f 100; \(workshop.program.path) play short.abc short.abc --raw x.wav --quiet --plain --rate 8000"
    )
    #expect(recorded.exitCode == 73 && recorded.errors.contains("its first"), "\(recorded.errors)")
  }

  @Test("A rate is for samples that are written")
  func ratesAreForSamples() throws {
    let run = try workshop.run(["play", "short.abc", "--device", "null", "--rate", "48000"])
    #expect(run.exitCode == 64 && run.errors.contains("--rate is about --raw"), "\(run.errors)")
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
    // Two minutes of music.
    let start = Date()
    let files = Array(repeating: "short.abc", count: 60).joined(separator: " ")
    let run = try workshop.shell(
      "(\(workshop.program.path) play \(files) --raw - --paced --reverb off; echo $? > code) | head -c 10000 | wc -c"
    )
    #expect(run.output.contains("10000") && Date().timeIntervalSince(start) < 60)
    #expect(String(decoding: try workshop.bytes("code"), as: UTF8.self) == "73\n", "\(run.errors)")
    #expect(
      run.errors.contains("standard output: cannot be written (nobody reads it any more)"), "\(run.errors)")
    // In the same words where text goes out.
    let text = try workshop.shell(
      "(sleep 1; \(workshop.program.path) play short.abc --device null --reverb off --json; echo $? > code) | true"
    )
    #expect(String(decoding: try workshop.bytes("code"), as: UTF8.self) == "73\n", "\(text.errors)")
    #expect(
      text.errors.contains("standard output: cannot be written (nobody reads it any more)"), "\(text.errors)")
  }

  @Test("A sound file without sound is bad input")
  func silentSoundFiles() throws {
    try AudioFile.write(AudioBuffer(sampleRate: 8000, channelCount: 1, samples: []), to: workshop("e.wav"))
    let run = try workshop.run(["play", "e.wav", "--device", "null"])
    #expect(run.exitCode == 65 && run.errors.contains("no sound in it"), "\(run.errors)")
  }
}
