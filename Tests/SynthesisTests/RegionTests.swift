internal import Audio
internal import Foundation
import Music
import SoundFonts
import Testing

@testable import Synthesis

extension Recording {
  /// What a source gives until it ends, or for so many seconds.
  init(_ source: some SampleSource, seconds: Double = .infinity, blockFrames: Int = 1024) {
    var source = source
    (left, right) = ([], [])
    sampleRate = source.sampleRate
    var block = [Float](repeating: 0, count: 2 * blockFrames)
    while Double(left.count) < seconds * Double(source.sampleRate) {
      var room = block.mutableSpan
      let frames = source.render(into: &room)
      for frame in 0..<frames {
        left.append(block[2 * frame])
        right.append(block[2 * frame + 1])
      }
      if frames < blockFrames { break }
    }
  }

  /// A score by a bank, dry.
  init(_ score: Score, _ bank: some SoundBank, rate: Int = 44_100) {
    self.init(ScoreRenderer(score: score, bank: bank, options: RenderOptions(sampleRate: rate, reverb: .off)))
  }

  /// The level of both channels in decibels.
  func decibels(_ start: Double, _ end: Double) -> Double {
    20 * log10(Double(max(level(from: start, to: end), 1e-9)))
  }
}

/// A note of one second at key 69, after a tenth of a second; a tick is a millisecond.
private func longNote(velocity: Int = 127, key: Int = 69, controls: [ControlChange] = []) -> Score {
  score([Note(onset: 100, duration: 1000, pitch: key, velocity: velocity)], controls: controls)
}

/// Timecents.
private func time(_ seconds: Double) -> Int { Int((1200 * log2(seconds)).rounded()) }

@Suite("Regions of SoundFonts") struct RegionTests {
  @Test("A note begins at its frame, at the pitch of its key")
  func onsetAndPitch() throws {
    let recording = Recording(longNote(), try TestBank((54, 1)).read())
    let first = try #require(recording.left.firstIndex { abs($0) > 1e-4 })
    #expect((4410...4418).contains(first))
    #expect(abs(recording.cents(above: 441, at: 0.3)) < 0.5)
    let fifth = Recording(longNote(key: 76), try TestBank((54, 1)).read())
    #expect(abs(fifth.cents(above: 441 * pow(2, 7.0 / 12), at: 0.3)) < 0.5)
  }

  @Test("The volume envelope has its six stages: linear in amplitude to the peak, in decibels from there")
  func volumeEnvelope() throws {
    let bank = try TestBank(
      (54, 1), (33, time(0.2)), (34, time(0.2)), (35, time(0.1)), (36, time(1)), (37, 120), (38, time(1))
    ).read()
    let recording = Recording(longNote(), bank)
    let peak = recording.decibels(0.52, 0.58)
    #expect(recording.decibels(0.1, 0.29) < -90)
    #expect(abs(recording.decibels(0.39, 0.41) - peak + 6.02) < 0.2)
    // 96 dB in a second, until 12 dB are reached after an eighth of it.
    #expect(abs(recording.decibels(0.65, 0.67) - peak + 96 * 0.06) < 0.4)
    #expect(abs(recording.decibels(0.9, 1.0) - peak + 12) < 0.1)
    #expect(abs(recording.decibels(1.29, 1.31) - peak + 12 + 96 * 0.2) < 0.4)
  }

  @Test("Five decibels of attenuation in a file are two, and velocity 111 is 2.34 below 127")
  func levels() throws {
    let loud = Recording(longNote(), try TestBank((54, 1)).read()).decibels(0.3, 0.9)
    let soft = Recording(longNote(), try TestBank((54, 1), (48, 50)).read()).decibels(0.3, 0.9)
    #expect(abs(loud - soft - 2) < 0.02)
    let light = Recording(longNote(velocity: 111), try TestBank((54, 1)).read()).decibels(0.3, 0.9)
    #expect(abs(loud - light - 2.34) < 0.02)
  }

  @Test("Pan goes from one side to the other at equal power")
  func pan() throws {
    func sides(_ pan: Int) throws -> (Double, Double) {
      let r = Recording(longNote(), try TestBank((54, 1), (17, pan)).read())
      func energy(_ samples: [Float]) -> Double { samples.reduce(0) { $0 + Double($1) * Double($1) } }
      return (energy(r.left), energy(r.right))
    }
    let (left, middle, right) = (try sides(-500), try sides(0), try sides(500))
    #expect(left.1 < 1e-9 * left.0 && right.0 < 1e-9 * right.1)
    #expect(abs(middle.0 / middle.1 - 1) < 1e-4 && abs((middle.0 + middle.1) / left.0 - 1) < 1e-3)
  }

  @Test("The filter takes 3 dB off at its corner, and a peak stands as high as the file says")
  func filter() throws {
    func level(_ generators: [(Int, Int)]) throws -> Double {
      var bank = TestBank()
      bank.zones[0].generators = [(54, 1)] + generators
      return Recording(longNote(), try bank.read()).decibels(0.3, 0.9)
    }
    let corner = Int((1200 * log2(441 / 8.176)).rounded())
    let open = try level([])
    #expect(abs(try level([(8, corner)]) - open + 3.01) < 0.1)
    #expect(abs(try level([(8, corner - 2400)]) - open + 24) < 1)
    // Ten decibels over the gain at 0 Hz, which is five below that without a peak.
    #expect(abs(try level([(8, corner), (9, 100)]) - open - 5) < 0.3)
  }

  @Test("The modulation LFO moves the volume up and down at its rate")
  func tremolo() throws {
    let four = Int((1200 * log2(4 / 8.176)).rounded())
    let recording = Recording(longNote(velocity: 90), try TestBank((54, 1), (13, 60), (22, four)).read())
    let steady = Recording(longNote(velocity: 90), try TestBank((54, 1)).read()).decibels(0.3, 0.9)
    // A period is 250 ms: up after a quarter of it, down after three quarters.
    #expect(abs(recording.decibels(0.1 + 0.0575, 0.1 + 0.0675) - steady - 6) < 0.4)
    #expect(abs(recording.decibels(0.1 + 0.1825, 0.1 + 0.1925) - steady + 6) < 0.4)
    #expect(abs(recording.decibels(0.6 + 0.0575, 0.6 + 0.0675) - steady - 6) < 0.4)
  }

  @Test(
    "A loop until the release ends with the key, one without end does not, and without a loop the sample ends"
  )
  func loops() throws {
    func recording(_ mode: Int) throws -> Recording {
      Recording(longNote(), try TestBank((54, mode), (38, time(8))).read())
    }
    #expect(try recording(0).decibels(0.3, 0.5) < -80)
    #expect(try recording(1).decibels(1.3, 1.4) > -40)
    let untilRelease = try recording(3)
    // 2,000 frames are left behind the loop.
    #expect(untilRelease.decibels(1.0, 1.1) > -30 && untilRelease.decibels(1.11, 1.13) > -30)
    #expect(untilRelease.decibels(1.2, 1.3) < -80)
  }

  @Test("Notes of one exclusive class end each other, on their channel alone")
  func exclusiveClass() throws {
    var bank = TestBank()
    bank.zones = [
      TestBank.Zone(generators: [(43, 60 | 60 << 8), (54, 1), (57, 1)]),
      TestBank.Zone(generators: [(43, 62 | 62 << 8), (54, 1), (57, 1), (48, 1440)]),
    ]
    let first = Note(onset: 0, duration: 1000, pitch: 60, velocity: 100)
    let second = Note(onset: 300, duration: 100, pitch: 62, velocity: 100)
    #expect(Recording(score([first, second]), try bank.read()).decibels(0.4, 0.9) < -60)
    let apart = Score(
      ticksPerQuarter: 500, tracks: [Track(channel: 0, notes: [first]), Track(channel: 1, notes: [second])])
    #expect(Recording(apart, try bank.read()).decibels(0.4, 0.9) > -30)
  }

  @Test(
    "Modulators and keys move no generator beyond its range",
    arguments: [5, 13, 22, 24, 33, 34, 35, 36, 38, 48, 52])
  func limits(generator: Int) throws {
    let modulators = (0..<6).map { _ in [0x0002, generator, 32_767, 0, 0] }
    let bank = try TestBank((54, 1), (39, 1200), (40, 1200), modulators: modulators).read()
    let options = RenderOptions(sampleRate: 44_100, reverb: .room)
    let piece = score([
      Note(onset: 0, duration: 300, pitch: 0, velocity: 127),
      Note(onset: 100, duration: 300, pitch: 127, velocity: 127),
    ])
    let recording = Recording(ScoreRenderer(score: piece, bank: bank, options: options), seconds: 1)
    #expect(recording.left.allSatisfy { $0.isFinite && abs($0) <= 1 })
  }

  @Test("A modulator of the file takes the place of a default one, and moves what it says")
  func modulators() throws {
    // Velocity to attenuation and to the filter with no amount; the wheel to the filter's corner.
    let bank = try TestBank(
      (54, 1), (8, 4500),
      modulators: [[0x0502, 48, 0, 0, 0], [0x0102, 8, 0, 0, 0], [0x0081, 8, 4800, 0, 0]]
    ).read()
    let wheel = [ControlChange(tick: 600, controller: 1, value: 127)]
    let soft = Recording(longNote(velocity: 20, controls: wheel), bank)
    let loud = Recording(longNote(velocity: 127), bank)
    #expect(abs(soft.decibels(0.3, 0.5) - loud.decibels(0.3, 0.5)) < 0.1)
    #expect(soft.decibels(0.7, 1.0) > soft.decibels(0.3, 0.5) + 6)
  }

  @Test("Reading between frames adds no images above 70 dB below a sine", arguments: [61, 66, 71, 73])
  func interpolation(key: Int) throws {
    let recording = Recording(longNote(key: key), try TestBank((54, 1)).read())
    let frequency = 441 * pow(2, Double(key - 69) / 12)
    func magnitude(_ frequency: Double) -> Double {
      let p = recording.partial(frequency, 0.3, 1.0)
      return hypot(p.real, p.imaginary)
    }
    // Images lie around the sample's rate, as it is played at this key.
    let rate = 44_100 * frequency / 441
    for image in [rate - frequency, rate + frequency] {
      let folded = abs(image - 44_100 * (image / 44_100).rounded())
      #expect(20 * log10(magnitude(folded) / magnitude(frequency)) < -70)
    }
  }

  @Test("NRPN 120 adds to a generator of the notes that sound")
  func generatorControl() throws {
    // The filter's corner, in steps of two cents: down by four octaves.
    let value = 8192 - 2400
    let controls = [(99, 120), (98, 8), (38, value & 127), (6, value >> 7)].map {
      ControlChange(tick: 600, controller: $0.0, value: $0.1)
    }
    let bank = try TestBank((54, 1), (8, 8000)).read()
    let recording = Recording(longNote(controls: controls), bank)
    #expect(recording.decibels(0.7, 1.0) < recording.decibels(0.3, 0.5) - 12)
  }
}
