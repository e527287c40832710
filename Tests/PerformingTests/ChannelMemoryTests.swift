import Synthesis
import Testing

@testable import Performing

@Suite("What a channel was told")
struct ChannelMemoryTests {
  private func memory(_ controls: [(Int, Int)]) -> ChannelMemory {
    var memory = ChannelMemory()
    for (controller, value) in controls { memory.follow(.control(controller, value: value)) }
    return memory
  }

  /// The controllers and values that another receiver would be told.
  private func told(_ memory: ChannelMemory) -> [[Int]] {
    memory.messages.compactMap {
      if case .control(let controller, let value) = $0 { [controller, value] } else { nil }
    }
  }

  @Test("Steps move the bend range by cents, from where it begins or from what was entered")
  func bendRangeIsStepped() {
    let up = memory([(101, 0), (100, 0), (96, 0), (96, 0), (96, 5)])
    #expect(told(up) == [[101, 0], [100, 0], [6, 2], [38, 3], [101, 0], [100, 0]])
    let down = memory([(101, 0), (100, 0), (6, 12), (97, 0)])
    #expect(told(down) == [[101, 0], [100, 0], [6, 11], [38, 99], [101, 0], [100, 0]])
  }

  @Test("Steps move fine tuning by its fine half, and coarse tuning by semitones, within what there is")
  func tuningIsStepped() {
    let fine = memory([(101, 0), (100, 1), (97, 0)])
    #expect(told(fine).prefix(4) == [[101, 0], [100, 1], [6, 63], [38, 127]])
    let coarse = memory([(101, 0), (100, 2)] + Array(repeating: (96, 0), count: 100))
    #expect(told(coarse).prefix(3) == [[101, 0], [100, 2], [6, 127]])
  }

  @Test("Steps from a value that only the receiver knows are passed on as steps")
  func unknownValuesAreStepped() {
    let steps = memory([(99, 1), (98, 8), (97, 0), (97, 0), (96, 0), (97, 0)])
    #expect(told(steps) == [[99, 1], [98, 8], [97, 0], [97, 0], [99, 1], [98, 8]])
    // A value takes their place, and is stepped itself.
    let entered = memory([(99, 1), (98, 8), (97, 0), (6, 40), (96, 0)])
    #expect(told(entered) == [[99, 1], [98, 8], [6, 41], [99, 1], [98, 8]])
  }

  @Test("Steps without a parameter mean nothing")
  func stepsWithoutAParameter() {
    #expect(told(memory([(96, 0), (101, 127), (100, 127), (97, 0)])).isEmpty)
  }
}

@Suite("What all channels were told")
struct SystemMemoryTests {
  private static let generalMIDI: [UInt8] = [0x7E, 0x7F, 0x09, 0x01, 0xF7]

  private func volume(_ value: UInt8) -> [UInt8] { [0x7F, 0x7F, 0x04, 0x01, 0, value, 0xF7] }

  /// A pitch for keys of a tuning program.
  private func tuning(_ program: UInt8, _ keys: [UInt8], _ semitone: UInt8) -> [UInt8] {
    [0x7F, 0x7F, 0x08, 0x02, program, UInt8(keys.count)] + keys.flatMap { [$0, semitone, 0x40, 0] } + [0xF7]
  }

  @Test(
    "The last of each kind is kept, a reset forgets what was before it, and what means nothing is left out")
  func theLastIsKept() {
    var memory = SystemMemory()
    #expect(memory.follow(volume(20)) == .masterVolume)
    #expect(memory.follow(volume(30)) == .masterVolume)
    #expect(memory.follow([0x7D, 1, 2, 3, 4, 0xF7]) == nil)
    #expect(memory.messages == [volume(30)])
    #expect(memory.follow(Self.generalMIDI) == .reset)
    #expect(memory.messages == [Self.generalMIDI])
  }

  @Test("Tuned keys are told together, survive a reset, and take as many messages as they need")
  func tuningsAreJoined() {
    var memory = SystemMemory()
    _ = memory.follow(tuning(3, [60, 61], 70))
    _ = memory.follow(tuning(3, [61], 71))
    _ = memory.follow(Self.generalMIDI)
    #expect(
      memory.messages == [
        Self.generalMIDI, [0x7F, 0x7F, 0x08, 0x02, 3, 2, 60, 70, 0x40, 0, 61, 71, 0x40, 0, 0xF7],
      ])
    _ = memory.follow(tuning(3, Array(0..<127), 50))
    _ = memory.follow(tuning(3, [127], 50))
    #expect(memory.messages.count == 3 && memory.messages[2].count == 6 + 4 + 1)
  }

  @Test("Octave tunings are kept as long as they hold for any channel")
  func octaveTuningsAreReplaced() {
    func octave(_ channels: (UInt8, UInt8, UInt8)) -> [UInt8] {
      [0x7F, 0x7F, 0x08, 0x08, channels.0, channels.1, channels.2] + Array(repeating: 70, count: 12) + [0xF7]
    }
    var memory = SystemMemory()
    #expect(memory.follow(octave((0, 0, 3))) == .octaveTuning(channels: 3))
    _ = memory.follow(octave((0, 0, 1)))
    #expect(memory.messages == [octave((0, 0, 3)), octave((0, 0, 1))])
    _ = memory.follow(octave((3, 127, 127)))
    #expect(memory.messages == [octave((3, 127, 127))])
  }

  @Test("A part of drums is told after the programs, unless a program came after it")
  func drumPartsKeepTheirOrder() {
    let drums: [UInt8] = [0x41, 0x10, 0x42, 0x12, 0x40, 0x11, 0x15, 0x01, 0x19, 0xF7]
    var memory = SystemMemory()
    #expect(memory.follow(drums) == .drumPart(channel: 0))
    #expect(memory.messages.isEmpty && memory.lastMessages == [drums])
    memory.chooseProgram(channel: 0)
    #expect(memory.messages == [drums] && memory.lastMessages.isEmpty)
  }
}
