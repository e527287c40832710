internal import Foundation
import Music
import SoundFonts
import Testing

@testable import Synthesis

/// A note of one second at key 69, after a tenth of a second; a tick is a millisecond.
private func heldNote(_ controls: [(Int, Int)] = []) -> Score {
  score(
    [Note(onset: 100, duration: 1000, pitch: 69, velocity: 127)],
    controls: controls.map { ControlChange(tick: 0, controller: $0.0, value: $0.1) })
}

/// Timecents.
private func time(_ seconds: Double) -> Int { Int((1200 * log2(seconds)).rounded()) }

@Suite("What moves regions") struct RegionControlTests {
  @Test("Modulators that feed another add up to its source")
  func linkedModulators() throws {
    // The wheel feeds the third by two; the third moves the pitch by an octave.
    let bank = try TestBank(
      (54, 1),
      modulators: [
        [0x0081, 0x8002, 63, 0, 0], [0x0081, 0x8002, 64, 0, 0], [0x007F, 51, 12, 0, 0], [0x0081, 6, 0, 0, 0],
      ]
    ).read()
    #expect(abs(Recording(heldNote(), bank).cents(above: 441, at: 0.3)) < 1)
    #expect(abs(Recording(heldNote([(1, 127)]), bank).cents(above: 882, at: 0.3)) < 1)
  }

  @Test("Brightness and resonance move the filter around 64, unless the bank has another use for them")
  func brightness() throws {
    func level(_ controls: [(Int, Int)], modulators: [[Int]] = []) throws -> Double {
      let bank = try TestBank((54, 1), (8, 8000), modulators: modulators).read()
      return Recording(heldNote(controls), bank).decibels(0.3, 0.9)
    }
    let usual = try level([])
    #expect(try level([(74, 64), (71, 64)]) == usual)
    #expect(try level([(74, 0)]) < usual - 20 && level([(74, 127)]) > usual)
    // A peak takes half of its height off what is far below it.
    #expect(try level([(71, 127)]) < usual - 3)
    let taken = try level([(74, 0)], modulators: [[0x00CA, 17, 0, 0, 0], [0x00CA, 52, 1, 0, 0]])
    #expect(abs(taken - usual) < 0.1)
  }

  @Test("Attack, decay and release become longer and shorter")
  func times() throws {
    func recording(_ controls: [(Int, Int)], _ generators: (Int, Int)...) throws -> Recording {
      var bank = TestBank((54, 1))
      bank.zones[0].generators += generators
      return Recording(heldNote(controls), try bank.read())
    }
    let attack = try recording([(73, 127)])
    #expect(attack.decibels(0.12, 0.13) < attack.decibels(0.4, 0.5) - 6)
    let released = try recording([], (38, time(0.5))).decibels(1.35, 1.4)
    #expect(try recording([(72, 127)], (38, time(0.5))).decibels(1.35, 1.4) > released + 20)
    #expect(try recording([(72, 0)], (38, time(0.5))).decibels(1.2, 1.25) < released - 20)
    let decayed = try recording([], (36, time(1)), (37, 960)).decibels(0.5, 0.52)
    #expect(try recording([(75, 127)], (36, time(1)), (37, 960)).decibels(0.5, 0.52) > decayed + 20)
  }

  @Test("Depth and rate of the vibrato are changed")
  func vibrato() throws {
    func swing(_ controls: [(Int, Int)], depth: Int = 0) throws -> Double {
      let four = Int((1200 * log2(4 / 8.176)).rounded())
      let bank = try TestBank((54, 1), (6, depth), (24, four)).read()
      // Between windows in the middle of which it stands at two thirds, before and after its peak.
      return Recording(heldNote(controls), bank).cents(above: 441, at: 0.1 + 0.0325, window: 0.02)
    }
    #expect(try swing([]) < 8 && swing([(77, 127)]) > 35)
    #expect(try swing([], depth: 40) > 28 && swing([(77, 0)], depth: 40) < 8)
  }

  @Test("Notes are counted, not the regions that they have")
  func notesAreCounted() throws {
    var bank = TestBank((54, 1))
    bank.zones = (0..<3).map { _ in TestBank.Zone(generators: [(54, 1)]) }
    let keys = [57, 64, 69, 74]
    let notes = keys.map { Note(onset: 100, duration: 1000, pitch: $0, velocity: 90) }
    func heard(_ limit: Int) throws -> Int {
      var options = RenderOptions(sampleRate: 44_100, reverb: .off)
      options.maximumVoices = limit
      let recording = Recording(ScoreRenderer(score: score(notes), bank: try bank.read(), options: options))
      return keys.count { key in
        let p = recording.partial(441 * pow(2, Double(key - 69) / 12), 0.4, 0.9)
        return hypot(p.real, p.imaginary) > 0.01
      }
    }
    #expect(try heard(4) == 4)
    #expect(try heard(2) == 2)
  }

  @Test("Steps of data entry move parameters by their units, from where they are")
  func dataSteps() {
    func channel(_ controls: [(Int, Int)]) -> Channel {
      var channel = Channel(ChannelSetup())
      for (controller, value) in controls { _ = channel.control(controller, value) }
      return channel
    }
    #expect(abs(channel([(101, 0), (100, 0), (96, 0)]).bendRange - 2.01) < 1e-5)
    #expect(abs(channel([(101, 0), (100, 0), (6, 3), (97, 0)]).bendRange - 2.99) < 1e-5)
    #expect(abs(channel([(101, 0), (100, 1), (96, 0)]).tuning - 1 / 8192) < 1e-7)
    #expect(channel([(101, 0), (100, 2), (97, 0), (97, 0)]).tuning == -2)
    // The vibrato of the wheel's end: a quarter of a semitone by the fine half alone, and the half of General MIDI 2 a step less.
    let wheel = (1, 127)
    #expect(channel([wheel]).vibrato == 1)
    #expect(abs(channel([wheel, (101, 0), (100, 5), (38, 32)]).vibrato - 0.5) < 1e-5)
    #expect(abs(channel([wheel, (101, 0), (100, 5), (97, 0)]).vibrato - 63 / 64) < 1e-5)
  }

  @Test("System-exclusive messages that were performed make room while another still waits")
  func exclusiveBytes() throws {
    let synthesizer = Synthesizer(
      bank: try TestBank((54, 1)).read(), options: RenderOptions(sampleRate: 8000, reverb: .off))
    var volume: [UInt8] = [0x7F, 0x7F, 0x04, 0x01, 0, 0]
    let waits = synthesizer.send(systemExclusive: volume.span, at: 8000)
    #expect(waits)
    volume[5] = 127
    volume += [UInt8](repeating: 0, count: 1_000)
    for _ in 0..<100 {
      let isTaken = synthesizer.send(systemExclusive: volume.span)
      #expect(isTaken)
      _ = Recording(synthesizer, seconds: 0.008, blockFrames: 64)
    }
    // The one that waits was moved, and takes all volume away.
    #expect(synthesizer.send(.noteOn(key: 69, velocity: 100), channel: 0))
    let recording = Recording(synthesizer, seconds: 0.6)
    #expect(recording.decibels(0.05, 0.15) > -40 && recording.decibels(0.4, 0.6) < -80)
  }

  @Test("A bank that is selected behind a program waits for the next one")
  func bankBehindProgram() {
    func usage(_ programs: [ProgramChange]) -> Set<PresetAddress> {
      var track = Track(program: 3, channel: 0)
      track.programChanges = programs
      track.controlChanges = [ControlChange(tick: 10, controller: 0, value: 8)]
      track.notes = [Note(onset: 20, duration: 10, pitch: 60, velocity: 90)]
      let piece = Score(ticksPerQuarter: 500, tracks: [track])
      return Set(Timeline(score: piece, sampleRate: 44_100).usage.keys)
    }
    #expect(usage([]) == [PresetAddress(bank: 8, program: 3)])
    #expect(usage([ProgramChange(tick: 0, program: 5)]) == [PresetAddress(program: 5)])
    #expect(usage([ProgramChange(tick: 15, program: 5)]) == [PresetAddress(bank: 8, program: 5)])
  }

  @Test("A score of more channels than there can be shares them")
  func channelLimit() {
    let tracks = (0..<1_100).map { index in
      Track(
        program: index % 128, isDrum: index % 2 == 0,
        notes: [Note(onset: 0, duration: 10, pitch: 60, velocity: 90)])
    }
    let timeline = Timeline(score: Score(ticksPerQuarter: 500, tracks: tracks), sampleRate: 8000)
    #expect(timeline.channels.count == Synthesizer.channelLimit && timeline.channelOfTrack.count == 1_100)
    #expect(
      zip(tracks, timeline.channelOfTrack).allSatisfy { timeline.channels[$1].isDrum == $0.isDrum })
  }
}
