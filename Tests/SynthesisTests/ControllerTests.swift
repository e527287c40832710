internal import Foundation
import Music
import SoundFonts
import TestSupport
import Testing

@testable import Synthesis

@Suite("Controllers") struct ControllerTests {
  private let bank = Result { try TestBank((54, 1)).read() }

  /// A recording of messages, each at its second, at key 69 of a sine.
  private func played(
    _ messages: [(Double, ChannelMessage)], exclusives: [(Double, [UInt8])] = [], seconds: Double = 1.2,
    options: RenderOptions = RenderOptions(sampleRate: 44_100, reverb: .off)
  ) throws -> Recording {
    let synthesizer = Synthesizer(bank: try bank.get(), options: options)
    for (second, bytes) in exclusives {
      let isTaken = synthesizer.send(systemExclusive: bytes.span, at: Int(second * 44_100))
      #expect(isTaken)
    }
    for (second, message) in messages {
      #expect(synthesizer.send(message, channel: 0, at: Int(second * 44_100)))
    }
    return Recording(synthesizer, seconds: seconds)
  }

  private let note = (0.1, ChannelMessage.noteOn(key: 69, velocity: 100))

  @Test("A synthesizer plays what it is sent at its frame, and is silent otherwise")
  func sending() throws {
    let recording = try played([note, (0.5, .noteOff(key: 69))])
    let first = try #require(recording.left.firstIndex { abs($0) > 1e-4 })
    #expect((4410...4425).contains(first))
    #expect(recording.decibels(0.6, 1.2) < -80)
    let synthesizer = Synthesizer(bank: try bank.get())
    let sent = (0..<5000).filter { _ in synthesizer.send(.bend(0), channel: 0) }
    #expect(sent.count == 4096)
  }

  @Test("A controller of a built-in instrument moves once, and stays", arguments: [true, false])
  func controllersStay(isLive: Bool) throws {
    func levels(_ messages: [(Double, ChannelMessage)]) throws -> [Double] {
      let synthesizer = Synthesizer(
        bank: try Shipped.library.get(), programs: [PresetAddress(program: 16)],
        options: RenderOptions(sampleRate: 44_100, reverb: .off, isLimited: false), isLive: isLive)
      for (second, message) in messages {
        #expect(synthesizer.send(message, channel: 0, at: Int(second * 44_100)))
      }
      let recording = Recording(synthesizer, seconds: 2)
      return (0..<150).map { recording.decibels(0.7 + 0.008 * Double($0), 0.708 + 0.008 * Double($0)) }
    }
    let held: [(Double, ChannelMessage)] = [(0, .program(16)), (0.1, .noteOn(key: 69, velocity: 100))]
    let differences = zip(try levels(held + [(0.5, .control(11, value: 40))]), try levels(held)).map {
      $0 - $1
    }
    #expect(differences.allSatisfy { abs($0 + 20.07) < 0.05 }, "\(differences)")
  }

  @Test("The sostenuto pedal holds the keys that were down when it went down")
  func sostenuto() throws {
    let held = try played([
      note, (0.2, .control(66, value: 127)), (0.3, .noteOff(key: 69)), (0.8, .control(66, value: 0)),
    ])
    #expect(held.decibels(0.5, 0.75) > -40 && held.decibels(0.9, 1.1) < -80)
    let late = try played([(0.05, .control(66, value: 127)), note, (0.3, .noteOff(key: 69))])
    #expect(late.decibels(0.5, 0.75) < -80)
  }

  @Test("In mono mode one note sounds, and the one before returns with its key")
  func mono() throws {
    let recording = try played([
      (0.0, .control(126, value: 1)), note, (0.4, .noteOn(key: 81, velocity: 100)), (0.7, .noteOff(key: 81)),
    ])
    func level(_ frequency: Double, _ start: Double) -> Double {
      let p = recording.partial(frequency, start, start + 0.15)
      return hypot(p.real, p.imaginary)
    }
    #expect(level(441, 0.2) > 0.01 && level(882, 0.5) > 0.01 && level(441, 0.5) < 1e-4)
    #expect(level(441, 0.9) > 0.01 && level(882, 0.9) < 1e-4)
  }

  @Test("A portamento glides from the key before, or from the one that is named")
  func portamento() throws {
    let time = (0.0, ChannelMessage.control(5, value: 100))
    let named = try played([time, (0.05, .control(84, value: 57)), note], seconds: 3)
    // 4·(100/127)³ s: at first an octave below, at the end at the pitch of the key.
    #expect(abs(named.cents(above: 441, at: 2.5)) < 1)
    #expect(named.cents(above: 441 * pow(2, -10.0 / 12), at: 0.28, window: 0.05) < 120)
    let off = try played([time, (0.0, .noteOn(key: 57, velocity: 1)), (0.05, .noteOff(key: 57)), note])
    #expect(abs(off.cents(above: 441, at: 0.3)) < 1)
  }

  @Test("Fine and coarse tuning, master tuning and tuning programs move the pitch")
  func tuning() throws {
    func isOff(
      by cents: Double, _ messages: [(Double, ChannelMessage)], _ exclusives: [[UInt8]] = []
    ) throws -> Bool {
      let recording = try played(messages + [note], exclusives: exclusives.map { (0, $0) })
      return abs(recording.cents(above: 441 * pow(2, cents / 1200), at: 0.3)) < 1
    }
    func parameter(_ number: Int, _ coarse: Int, _ fine: Int = 0) -> [(Double, ChannelMessage)] {
      [(101, 0), (100, number), (6, coarse), (38, fine)].map { (0.0, .control($0.0, value: $0.1)) }
    }
    #expect(try isOff(by: 50, parameter(1, 96)) && isOff(by: 100, parameter(2, 65)))
    #expect(try isOff(by: -50, [], [[0x7F, 0x7F, 0x04, 0x03, 0x00, 0x20, 0xF7]]))
    // Key 69 of program 5 a quarter of a semitone up, by a real-time message for one key.
    let single: [UInt8] = [0x7F, 0x7F, 0x08, 0x02, 5, 1, 69, 69, 32, 0, 0xF7]
    #expect(try isOff(by: 25, parameter(3, 5), [single]) && isOff(by: 0, [], [single]))
    // All As twenty cents down, on all channels.
    let octave: [UInt8] = [0x7F, 0x7F, 0x08, 0x08, 3, 127, 127] + (0..<12).map { $0 == 9 ? 44 : 64 }
    #expect(try isOff(by: -20, [], [octave]))
  }

  @Test("Bank select finds variations, and falls back to what there is")
  func banks() throws {
    var loud = TestBank((54, 1))
    loud.addresses = [(0, 0), (8, 3), (128, 0)]
    let bank = StackedSoundBank([try loud.read(), try Shipped.library.get()])
    #expect(bank.sound(for: PresetAddress(bank: 8, program: 3))?.name == "Preset 1")
    #expect(bank.sound(for: PresetAddress(bank: 9, program: 3))?.name == "Preset 1")
    #expect(bank.sound(for: PresetAddress(program: 3))?.name != "Preset 1")
    #expect(bank.sound(for: PresetAddress(program: 25, isDrum: true))?.name == "Preset 2")
    #expect(bank.sound(for: PresetAddress(bank: 5, program: 0))?.name == "Preset 0")
  }

  @Test("Resets say how banks and drums are selected")
  func systems() throws {
    func address(
      _ exclusive: [UInt8], _ controls: [(Int, Int)], program: Int, drum: [UInt8]? = nil
    ) throws -> PresetAddress {
      var channel = Channel(ChannelSetup(midiChannel: 2))
      for bytes in [exclusive, drum].compactMap(\.self) {
        channel.take(try #require(bytes.withUnsafeBufferPointer { SystemExclusive($0) }))
      }
      for (controller, value) in controls { _ = channel.control(controller, value) }
      channel.setProgram(program)
      return channel.address
    }
    let generalMIDI: [UInt8] = [0x7E, 0x7F, 0x09, 0x01, 0xF7]
    let generalMIDI2: [UInt8] = [0x7E, 0x7F, 0x09, 0x03, 0xF7]
    let gs: [UInt8] = [0x41, 0x10, 0x42, 0x12, 0x40, 0x00, 0x7F, 0x00, 0x41, 0xF7]
    let xg: [UInt8] = [0x43, 0x10, 0x4C, 0x00, 0x00, 0x7E, 0x00, 0xF7]
    #expect(try address(generalMIDI, [(0, 8)], program: 4) == PresetAddress(program: 4))
    #expect(try address(gs, [(0, 8)], program: 4) == PresetAddress(bank: 8, program: 4))
    #expect(try address(generalMIDI2, [(0, 121), (32, 3)], program: 4) == PresetAddress(bank: 3, program: 4))
    #expect(try address(generalMIDI2, [(0, 120)], program: 8) == PresetAddress(program: 8, isDrum: true))
    #expect(try address(xg, [(32, 18)], program: 4) == PresetAddress(bank: 18, program: 4))
    #expect(try address(xg, [(0, 127)], program: 4) == PresetAddress(program: 4, isDrum: true))
    let drumPart: [UInt8] = [0x41, 0x10, 0x42, 0x12, 0x40, 0x13, 0x15, 0x01, 0x17, 0xF7]
    #expect(try address(gs, [], program: 0, drum: drumPart).isDrum)
  }

  @Test("A score's system-exclusive messages are heard")
  func scoreExclusives() throws {
    var piece = score([Note(onset: 100, duration: 800, pitch: 69, velocity: 100)])
    piece.otherEvents = [
      OpaqueEvent(tick: 0, type: 0xF0, payload: [0x7F, 0x7F, 0x04, 0x04, 0x00, 0x42, 0xF7])
    ]
    #expect(abs(Recording(piece, try bank.get()).cents(above: 441 * pow(2, 2.0 / 12), at: 0.3)) < 1)
  }

  @Test("No system-exclusive message does harm")
  func anyExclusive() throws {
    var random = RepeatableGenerator(seed: 11)
    let heads: [[UInt8]] = [
      [0x7E, 0x7F, 0x08], [0x7F, 0x7F, 0x08], [0x41, 0x10, 0x42, 0x12, 0x40], [0x43, 0x10, 0x4C],
      [0x7F, 0x7F, 0x04],
    ]
    let synthesizer = Synthesizer(bank: try bank.get(), options: RenderOptions(sampleRate: 8000))
    for _ in 0..<400 {
      let count = Int.random(in: 0..<500, using: &random)
      var bytes = heads.randomElement(using: &random) ?? []
      bytes += (0..<count).map { _ in UInt8.random(in: 0...127, using: &random) }
      _ = synthesizer.send(systemExclusive: bytes.span)
      _ = synthesizer.send(.noteOn(key: count & 127, velocity: 90), channel: 0)
      let recording = Recording(synthesizer, seconds: 0.01, blockFrames: 80)
      #expect(recording.peak.isFinite)
    }
  }

  @Test("Temperaments have the intervals that they are known for")
  func temperaments() {
    func interval(_ temperament: Temperament, _ low: Int, _ high: Int) -> Double {
      temperament.cents[high % 12] - temperament.cents[low % 12] + 100 * Double(high - low)
    }
    let pure = (third: 386.314, fifth: 701.955)
    #expect(abs(interval(.meantone, 0, 4) - pure.third) < 0.001)
    #expect(abs(interval(.meantone, 0, 7) - 696.578) < 0.001)
    #expect(abs(interval(.pythagorean, 2, 9) - pure.fifth) < 0.001)
    #expect(abs(interval(.werckmeister, 0, 4) - 390.225) < 0.001)
    #expect(abs(interval(.werckmeister, 9, 16) - pure.fifth) < 0.001)
    #expect(abs(interval(.kirnberger, 0, 4) - pure.third) < 0.001)
    #expect(abs(interval(.young, 0, 4) - 392.18) < 0.001)
    #expect(abs(interval(.just, 0, 7) - pure.fifth) < 0.001 && abs(interval(.just, 9, 12) - 315.641) < 0.001)
    for temperament in Temperament.all {
      #expect(temperament.cents[9] == 0 && Temperament.named(temperament.name) == temperament)
      #expect(temperament.cents.allSatisfy { abs($0) < 40 })
    }
  }

  @Test("A temperament tunes every instrument but drums")
  func temperamentIsHeard() throws {
    var options = RenderOptions(sampleRate: 44_100, reverb: .off)
    options.temperament = .meantone
    let third = Recording(
      ScoreRenderer(
        score: score([Note(onset: 0, duration: 800, pitch: 73, velocity: 100)]), bank: try bank.get(),
        options: options))
    // C♯ over A is a pure third.
    #expect(abs(third.cents(above: 441 * 1.25, at: 0.3)) < 1)
  }
}
