import Foundation
import MIDI
import Synthesis
import TestSupport
import Testing

@testable import Performing

@Suite("Messages sound as they come")
struct MessagePerformerTests {
  private static let options = RenderOptions(sampleRate: 8000, reverb: .off, maximumVoices: 32)
  private static let start = PerformanceTime(nanoseconds: 5_000_000_000)

  private func message(_ midi: MIDIMessage, _ second: Double) -> TimedMessage {
    TimedMessage(time: Self.start.advanced(bySeconds: second), message: .midi(midi))
  }

  private func frame(_ time: PerformanceTime) -> Int {
    Int((time.seconds(since: Self.start) * 8000).rounded())
  }

  /// The left channel, until the sound has ended.
  private func render(_ performer: MessagePerformer, frames: Int = .max) -> [Float] {
    var all: [Float] = []
    var samples = [Float](repeating: 0, count: 2 * 64)
    while all.count < min(frames, 8000 * 40) {
      var room = samples.mutableSpan
      let count = performer.engine.render(into: &room)
      all += (0..<count).map { samples[2 * $0] }
      if count < 64 { break }
    }
    return all
  }

  @Test("A note sounds at its frame, and all dies away at the end")
  func aNoteSoundsAtItsFrame() {
    let performer = MessagePerformer(bank: Small.Bank(), options: Self.options)
    performer.take(
      [
        message(.noteOn(channel: 0, key: 69, velocity: 100), 0.5),
        message(.noteOff(channel: 0, key: 69, velocity: 0), 0.8),
        message(.noteOn(channel: 3, key: 45, velocity: 100), 1.25),
      ], atFrame: frame)
    var sound = render(performer, frames: 16_000)
    performer.releaseAll()
    performer.engine.finish()
    sound += render(performer)
    let delay = performer.engine.delay
    let first = sound.firstIndex { abs($0) > 1e-4 } ?? 0
    // A millisecond has 8 frames.
    #expect(abs(first - delay - 4000) <= 8, "\(first)")
    let silence = sound[..<(10_000 + delay)].lastIndex { abs($0) > 1e-3 } ?? 0
    #expect(silence < 10_000 + delay - 100)
    let second = sound[(silence + 1)...].firstIndex { abs($0) > 1e-3 } ?? 0
    #expect(abs(second - delay - 10_000) <= 16, "\(second)")
    #expect(performer.noteCount == 2 && sound.count < 8000 * 20)
    let end = sound.suffix(400).allSatisfy { abs($0) < 1e-3 }
    #expect(end)
  }

  @Test(
    "An instrument that is asked for later sounds, with the bend range and the volume that were set before")
  func anotherInstrumentKeepsWhatWasSet() {
    // The same messages, with another program before them or in between: every program of this bank is the same sound.
    let sounds = [false, true].map { isLate in
      let performer = MessagePerformer(bank: Small.Bank(), options: Self.options)
      let program = MIDIMessage.programChange(channel: 0, program: 19)
      let range: [MIDIMessage] = [
        .controlChange(channel: 0, controller: 101, value: 0),
        .controlChange(channel: 0, controller: 100, value: 0),
        .controlChange(channel: 0, controller: 6, value: 12),
        .controlChange(channel: 0, controller: 7, value: 60),
        .pitchBend(channel: 0, value: 4096),
      ]
      let order = isLate ? range + [program] : [program] + range
      for midi in order { performer.take([message(midi, 0)], atFrame: frame) }
      performer.take([message(.noteOn(channel: 0, key: 60, velocity: 100), 0.1)], atFrame: frame)
      return render(performer, frames: 4000)
    }
    #expect(sounds[0].contains { abs($0) > 0.01 })
    #expect(sounds[0] == sounds[1])
  }

  /// A note after messages, with another instrument asked for before its sound or not.
  private func sound(after before: [MIDIMessage], isLate: Bool = false) -> [Float] {
    let performer = MessagePerformer(bank: Small.Bank(), options: Self.options)
    performer.take(before.map { message($0, 0) }, atFrame: frame)
    if isLate { performer.take([message(.programChange(channel: 0, program: 19), 0)], atFrame: frame) }
    performer.take([message(.noteOn(channel: 0, key: 60, velocity: 100), 0.1)], atFrame: frame)
    return render(performer, frames: 4000)
  }

  /// After how many frames the end of a sound most resembles itself: 31 for middle C.
  private func period(_ samples: [Float]) -> Int {
    let end = Array(samples.suffix(1000))
    return (10...40).max { likeness(end, $0) < likeness(end, $1) } ?? 0
  }

  /// Of multiples of a period, the shortest is meant.
  private func likeness(_ samples: [Float], _ lag: Int) -> Float {
    zip(samples, samples.dropFirst(lag)).reduce(0) { $0 + $1.0 * $1.1 } * (1 - Float(lag) / 200)
  }

  private func peak(_ samples: [Float]) -> Float { samples.map { abs($0) }.max() ?? 0 }

  @Test(
    "System-exclusive messages reach the synthesizer, and each that is made later: volume, tuning",
    arguments: [false, true])
  func exclusivesAreHeard(isLate: Bool) {
    let plain = sound(after: [], isLate: isLate)
    let soft = sound(
      after: [.systemExclusive([0x7F, 0x7F, 0x04, 0x01, 0, 0x20, 0xF7])], isLate: isLate)
    // The square of a quarter.
    #expect(abs(peak(soft) / peak(plain) - 1 / 16) < 0.01)
    // An octave up, by master coarse tuning and by a tuning program.
    let raised: [MIDIMessage] = [.systemExclusive([0x7F, 0x7F, 0x04, 0x04, 0, 76, 0xF7])]
    let tuned: [MIDIMessage] = [
      .systemExclusive([0x7F, 0x7F, 0x08, 0x02, 5, 1, 60, 72, 0, 0, 0xF7]),
      .controlChange(channel: 0, controller: 101, value: 0),
      .controlChange(channel: 0, controller: 100, value: 3),
      .controlChange(channel: 0, controller: 6, value: 5),
    ]
    for messages in [raised, tuned] {
      let periods = [plain, sound(after: messages, isLate: isLate)].map(period)
      #expect(abs(periods[0] - 31) <= 1 && abs(periods[1] - 15) <= 1, "\(periods)")
    }
  }

  @Test(
    "A reset of General MIDI, GS or XG silences all, and takes back what was set",
    arguments: [
      [0x7E, 0x7F, 0x09, 0x01, 0xF7], [0x41, 0x10, 0x42, 0x12, 0x40, 0, 0x7F, 0, 0x41, 0xF7],
      [0x43, 0x10, 0x4C, 0, 0, 0x7E, 0, 0xF7],
    ] as [[UInt8]])
  func resetsAreHeard(bytes: [UInt8]) {
    let reset = MIDIMessage.systemExclusive(bytes)
    let quiet: [MIDIMessage] = [
      .controlChange(channel: 0, controller: 7, value: 20), .programChange(channel: 0, program: 19),
      .systemExclusive([0x7F, 0x7F, 0x04, 0x01, 0, 0x20, 0xF7]),
    ]
    #expect(sound(after: quiet + [reset]) == sound(after: [reset]))
    #expect(sound(after: quiet + [reset], isLate: true) == sound(after: [reset], isLate: true))
    let performer = MessagePerformer(bank: Small.Bank(), options: Self.options)
    performer.take([message(.noteOn(channel: 0, key: 60, velocity: 100), 0)], atFrame: frame)
    _ = render(performer, frames: 4000)
    performer.take([message(reset, 0.5)], atFrame: frame)
    #expect(render(performer, frames: 8000).suffix(4000).allSatisfy { abs($0) < 1e-3 })
  }

  @Test("What a sender holds comes up when it has gone, and a reset silences all")
  func heldKeysComeUp() {
    for isReset in [false, true] {
      let performer = MessagePerformer(bank: Small.Bank(), options: Self.options)
      performer.take(
        [
          message(.noteOn(channel: 0, key: 60, velocity: 100), 0),
          message(.controlChange(channel: 0, controller: 64, value: 127), 0),
        ], atFrame: frame)
      #expect(render(performer, frames: 8000).suffix(800).contains { abs($0) > 0.01 })
      if isReset {
        performer.take([TimedMessage(time: Self.start, message: .reset)])
      } else {
        performer.releaseAll()
      }
      let rest = render(performer, frames: 16_000)
      #expect(rest.suffix(800).allSatisfy { abs($0) < 1e-3 })
    }
  }

  @Test("After twelve seconds of messages, too, what sounds at the end has its time to die away")
  func theEndOfALongStream() {
    let performer = MessagePerformer(bank: Small.Bank(), options: Self.options)
    // A key that nobody lets go sounds for as long as any end may take.
    performer.take([message(.noteOn(channel: 0, key: 60, velocity: 100), 0)], atFrame: frame)
    #expect(render(performer, frames: 96_000).count >= 96_000)
    performer.engine.finish()
    let seconds = Double(render(performer).count) / 8000
    #expect(seconds > 9.9 && seconds < 11, "\(seconds)")
  }

  @Test(
    "A held key sounds on beside sounds that are prepared later, follows the pitch wheel, and ends when it is let go"
  )
  func heldKeysSoundBesideNewSounds() {
    let sounds = [false, true].map { isBent in
      let performer = MessagePerformer(bank: Small.Bank(), options: Self.options)
      performer.take([message(.noteOn(channel: 0, key: 60, velocity: 100), 0)], atFrame: frame)
      _ = render(performer, frames: 4000)
      performer.take(
        [
          message(.noteOn(channel: 9, key: 38, velocity: 100), 0.5),
          message(.noteOff(channel: 9, key: 38, velocity: 0), 0.6),
        ], atFrame: frame)
      _ = render(performer, frames: 8000 * 15)
      if isBent { performer.take([message(.pitchBend(channel: 0, value: 8191), 15.5)]) }
      let held = render(performer, frames: 8000)
      performer.take([message(.noteOff(channel: 0, key: 60, velocity: 0), 16.5)])
      let rest = render(performer, frames: 16_000).suffix(4000)
      #expect(rest.allSatisfy { abs($0) < 1e-3 })
      return Array(held.suffix(4000))
    }
    // Upward crossings of zero in half a second: middle C, and a whole tone above.
    let pitches = sounds.map { sound in zip(sound, sound.dropFirst()).count { $0 < 0 && $1 >= 0 } * 2 }
    #expect(sounds[0].contains { abs($0) > 0.01 })
    #expect(pitches[1] > pitches[0], "\(pitches)")
  }

  @Test("The end of a sender releases what it began between two frames")
  func releasesComeAfterTheLastMessage() {
    let performer = MessagePerformer(bank: Small.Bank(), options: Self.options)
    let second = 4000.7 / 8000
    performer.take([message(.noteOn(channel: 0, key: 60, velocity: 100), second)], atFrame: frame)
    performer.releaseAll(atFrame: 4000)
    let rest = render(performer, frames: 24_000).suffix(8000)
    #expect(rest.allSatisfy { abs($0) < 1e-3 })
  }

  @Test(
    "Sounds that nobody has chosen any more are forgotten where there are many, and synthesizers that hold keys are no more than some"
  )
  func soundsAreForgotten() {
    let performer = MessagePerformer(bank: Small.Bank(), options: Self.options)
    performer.take([message(.programChange(channel: 5, program: 99), 0)])
    for program in 0..<60 {
      performer.take([
        message(.programChange(channel: 0, program: program), 0),
        message(.noteOn(channel: 0, key: 30 + program, velocity: 100), 0),
      ])
      _ = render(performer, frames: 512)
    }
    #expect(performer.prepared.count <= MessagePerformer.soundLimit)
    #expect(performer.prepared.contains(PresetAddress(program: 59)))
    // A channel still has this one.
    #expect(performer.prepared.contains(PresetAddress(program: 99)))
    // 250 milliseconds later only the last of them are there.
    _ = render(performer, frames: 2000)
    #expect(performer.engine.layerCount <= SynthesizerStack.layerLimit)
  }

  @Test("A synthesizer that is given up while it sounds fades out")
  func givenUpSynthesizersFade() {
    let stack = SynthesizerStack(sampleRate: 8000)
    var sound: [Float] = []
    func layer(_ channel: Int) {
      let synthesizer = Synthesizer(bank: Small.Bank(), programs: [], options: Self.options)
      stack.take(.init(synthesizer, programs: []), at: sound.count)
      stack.send(.noteOn(key: 60, velocity: 100), channel: channel, at: sound.count)
      var block = [Float](repeating: 0, count: 512)
      for _ in 0..<4 {
        block.withUnsafeMutableBufferPointer { stack.render(into: $0, at: sound.count) }
        sound += (0..<256).map { block[2 * $0] }
      }
    }
    stack.send(.control(7, value: 0), channel: 1, at: 0)
    // The first is heard; the others hold a key without a sound.
    for index in 0...SynthesizerStack.layerLimit { layer(index == 0 ? 0 : 1) }
    #expect(stack.layerCount == SynthesizerStack.layerLimit)
    let full = sound[1000..<2000].map(abs).max() ?? 0
    let end = sound.lastIndex { abs($0) > 1e-5 } ?? 0
    #expect(full > 0.01 && end > 1024 * SynthesizerStack.layerLimit)
    func peak(_ before: Int) -> Float { sound[(end - before)..<(end - before + 40)].map(abs).max() ?? 0 }
    // 400 frames of an S-shaped curve.
    #expect(peak(40) < 0.1 * full && peak(200) > 0.1 * full && peak(200) < 0.9 * full)
  }

  @Test(
    "More messages at once than there is room for are handed over as there is, and no release is ever lost")
  func burstsAreNotLost() {
    let performer = MessagePerformer(bank: Small.Bank(), options: Self.options)
    var waiting = (0..<6000).flatMap { number in
      [
        message(.noteOn(channel: 0, key: number % 128, velocity: 100), 0),
        message(.noteOff(channel: 0, key: number % 128, velocity: 0), 0),
      ]
    }[...]
    while !waiting.isEmpty {
      let count = min(performer.room, waiting.count)
      performer.take(Array(waiting.prefix(count)), atFrame: frame)
      waiting = waiting.dropFirst(count)
      _ = render(performer, frames: 64)
    }
    #expect(performer.engine.statistics.lostCount == 0 && performer.noteCount == 6000)
    #expect(render(performer, frames: 16_000).suffix(800).allSatisfy { abs($0) < 1e-3 })
    // Where nobody asks for room, what is lost is told, and no key stays down.
    for number in 0..<9000 {
      performer.engine.send(.noteOn(key: number % 128, velocity: 100), channel: 0, atFrame: 0)
    }
    let areReleased = (0..<128).allSatisfy { performer.engine.send(.noteOff(key: $0), channel: 0) }
    #expect(areReleased)
    #expect(performer.engine.statistics.lostCount == 9000 - PerformanceEngine.messageLimit)
    #expect(render(performer, frames: 16_000).suffix(800).allSatisfy { abs($0) < 1e-3 })
  }

  @Test("Banks are told before the program that they are for, and parameters with what was entered")
  func memoryIsInOrder() {
    var memory = ChannelMemory()
    let told: [ChannelMessage] = [
      .control(32, value: 3), .control(0, value: 8), .program(40), .control(0, value: 9),
      .control(101, value: 0), .control(100, value: 1), .control(38, value: 9), .control(6, value: 70),
      .control(38, value: 5), .control(7, value: 90), .pressure(33), .keyPressure(key: 60, value: 12),
      .bend(100),
    ]
    for message in told { memory.follow(message) }
    let lasting: [ChannelMessage] = [
      .control(0, value: 8), .control(32, value: 3), .program(40), .control(0, value: 9),
      .control(7, value: 90), .control(101, value: 0), .control(100, value: 1), .control(6, value: 70),
      .control(38, value: 5),
    ]
    #expect(
      memory.messages == lasting + [
        .control(101, value: 0), .control(100, value: 1), .bend(100), .pressure(33),
        .keyPressure(key: 60, value: 12),
      ])
    // The fine half counts from 0 again.
    memory.follow(.control(6, value: 71))
    #expect(!memory.messages.contains(.control(38, value: 5)))
    memory.follow(.control(38, value: 5))
    memory.follow(.control(6, value: 70))
    memory.follow(.control(38, value: 5))
    // A reset chooses no parameter, so that what is entered after it changes none.
    memory.follow(.control(121, value: 0))
    memory.follow(.control(6, value: 99))
    #expect(memory.messages == lasting + [.control(101, value: 127), .control(100, value: 127)])
  }

  @Test("What was read before, to find out what a stream is, comes with what follows")
  func bytesThatWereReadBeforeAreNotLost() throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    let source = DescriptorSource(descriptor: ends[0], name: "pipe", isOwned: true, first: [0x90])
    let input = try ByteStreamInput(name: "pipe", source: source, encoding: .midi1)
    #expect(write(ends[1], [60, 80, 62, 0] as [UInt8], 4) == 4)
    close(ends[1])
    var messages: [WireMessage] = []
    while case .message(let timed) = try input.next(timeoutSeconds: 5) { messages.append(timed.message) }
    #expect(
      messages == [
        .midi(.noteOn(channel: 0, key: 60, velocity: 80)), .midi(.noteOn(channel: 0, key: 62, velocity: 0)),
      ])
  }
}
