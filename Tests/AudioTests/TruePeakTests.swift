internal import Foundation
import Groundwork
import TestSupport
import Testing

@testable import Audio

@Suite("True peaks, dither, tags and formats") struct TruePeakTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func sine(
    _ share: Double, phase: Double, amplitude: Double = 0.5, frames: Int = 4800
  ) -> AudioBuffer {
    AudioBuffer(
      sampleRate: 48_000, channelCount: 1,
      samples: (0..<frames).map { frame in
        // A sudden beginning would ring.
        let taper = min(1, Double(min(frame, frames - frame)) / 1000)
        return Float(taper * amplitude * sin(2 * .pi * share * Double(frame) + phase))
      })
  }

  @Test(
    "True peaks of sines are those of the recommendation's test, +0.2 and −0.4 dB",
    arguments: [0.25, 1.0 / 6, 1.0 / 8])
  func sines(share: Double) {
    for phase in [0.0, .pi / 4, .pi / 3, 0.6] {
      let measured = TruePeakMeter.peaks(of: sine(share, phase: phase)).truePeak
      let error = 20 * log10(Double(measured) / 0.5)
      #expect((-0.4...0.4).contains(error), "\(error) dB")
    }
    #expect(TruePeakMeter.peaks(of: sine(0.25, phase: .pi / 4)).samplePeak < 0.36)
  }

  @Test("A true peak does not depend on portions, and NaN is silence")
  func portions() {
    var generator = RepeatableGenerator(seed: 9)
    var samples = (0..<3000).map { _ in Float.random(in: -1...1, using: &generator) }
    samples[77] = .nan
    let whole = TruePeakMeter(channelCount: 2), cut = TruePeakMeter(channelCount: 2)
    whole.append(samples.span)
    var start = 0
    while start < samples.count {
      let end = min(samples.count, start + 2 * Int.random(in: 1...200, using: &generator))
      cut.append(samples.span.extracting(start..<end))
      start = end
    }
    #expect(whole.peak == cut.peak && whole.samplePeak == cut.samplePeak)
    #expect(whole.peak > whole.samplePeak)
  }

  @Test("Dither makes the error of rounding independent of the sound, and leaves silence alone")
  func dither() throws {
    // A third of a step: without dither nothing would be left of it.
    let frames = 60_000
    let soft = (0..<frames).map { 0.33 / 32768 * sin(2 * Float.pi * 0.01 * Float($0)) }
    let buffer = AudioBuffer(sampleRate: 8000, channelCount: 1, samples: [0, 0, 0, 0] + soft)
    var source = AudioBufferSource(buffer)
    try AudioFile.write(&source, to: folder.file("a.wav"), isDithered: true)
    let read = try AudioFile.read(folder.file("a.wav")).samples.map { $0 * 32768 }
    #expect(read[..<4].allSatisfy { $0 == 0 })
    var product: Float = 0, power: Float = 0
    for (index, value) in read.dropFirst(4).enumerated() {
      product += value * soft[index] * 32768
      power += value * value
    }
    // The sine is still there at its level, below noise of a quarter of a step's power.
    #expect(abs(product / Float(frames) / (0.33 * 0.33 / 2) - 1) < 0.1)
    #expect(abs(power / Float(frames) - 0.25 - 0.33 * 0.33 / 2) < 0.03)
    source = AudioBufferSource(buffer)
    try AudioFile.write(&source, to: folder.file("b.wav"), isDithered: true)
    #expect(try readFile(folder.file("a.wav")) == readFile(folder.file("b.wav")))
    source = AudioBufferSource(buffer)
    try AudioFile.write(&source, to: folder.file("c.wav"))
    #expect(try AudioFile.read(folder.file("c.wav")).samples.allSatisfy { $0 == 0 })
  }

  @Test("Every format holds the sound", arguments: AudioFileFormat.allCases)
  func formats(format: AudioFileFormat) throws {
    let buffer = AudioBuffer(
      sampleRate: 48_000, channelCount: 2,
      samples: (0..<96_000).map { 0.4 * sin(2 * Float.pi * 440 * Float($0 / 2) / 48_000) })
    let path = folder.file("a.\(format.rawValue)")
    let tags = SoundTags(title: "A title", artist: "Someone", software: "test", comment: "{\"seed\":1}")
    func write(_ path: String) throws {
      var source = AudioBufferSource(buffer)
      try AudioFile.write(&source, to: path, tags: tags)
    }
    do { try write(path) } catch AudioError.unsupportedSettings where format == .mp3 || format == .opus {
      print("skipped: this libsndfile cannot write \(format.rawValue)")
      return
    }
    let reader = try AudioFileReader(path: path)
    #expect(reader.sampleRate == 48_000 && reader.channelCount == 2)
    if format != .w64 {
      var found = reader.tags
      // libsndfile writes the program into an MP3 file, but does not read it back.
      #expect(format == .mp3 || found.software?.contains("test") == true)
      found.software = tags.software
      #expect(found == tags)
    }
    let read = try AudioFile.read(path)
    #expect(abs(read.frameCount - 48_000) < 4000)
    #expect(abs(read.peak - 0.4) < 0.05)
    try write(folder.file("b.\(format.rawValue)"))
    #expect(try readFile(path) == readFile(folder.file("b.\(format.rawValue)")))
  }

  @Test("A rate that a format cannot hold is refused with those that it can")
  func rates() {
    let error = #expect(throws: AudioError.self) {
      try AudioFile.write(
        AudioBuffer(sampleRate: 44_100, channelCount: 2, samples: [0, 0]), to: folder.file("a.opus"))
    }
    #expect(error?.message.contains("48000") == true)
  }
}
