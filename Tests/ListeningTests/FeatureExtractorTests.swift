import Arithmetic
import Audio
import Foundation
import Groundwork
import Listening
import TestSupport
import Testing

@Suite("Feature extraction")
struct FeatureExtractorTests {
  /// A sweep with some noise, so that every bin has something.
  static func sound(count: Int) -> [Float] {
    var state: UInt32 = 9
    return (0..<count).map { index in
      state = state &* 1_664_525 &+ 1_013_904_223
      let noise = Float(Int32(bitPattern: state)) / 2_147_483_648
      return 0.4 * Float(sin(0.05 * Double(index) + 1e-5 * Double(index * index))) + 0.05 * noise + 0.1
    }
  }

  static var everyKind: [FeatureOptions] {
    var noisy = FbankOptions()
    noisy.frames.dither = 1
    noisy.frames.seed = 3
    var result: [FeatureOptions] = [
      .fbank(FbankOptions()), .fbank(noisy), .mfcc(MFCCOptions()), .spectrogram(SpectrogramOptions()),
      .energy(EnergyOptions()),
    ]
    for index in result.indices {
      var centered = result[index]
      centered.frames.snipsEdges = false
      result.append(centered)
    }
    return result
  }

  private func features(
    _ samples: [Float], _ options: FeatureOptions, portions: [Int]
  ) throws -> FeatureMatrix {
    let extractor = try FeatureExtractor(options)
    var matrix = extractor.emptyMatrix
    var start = 0
    var turn = 0
    while start < samples.count {
      let end = min(samples.count, start + portions[turn % portions.count])
      extractor.append(Array(samples[start..<end]), to: &matrix)
      start = end
      turn += 1
    }
    extractor.finish(into: &matrix)
    return matrix
  }

  @Test(
    "However the samples are cut into portions, the values are the same bit for bit", arguments: everyKind)
  func anyChunking(_ options: FeatureOptions) throws {
    let samples = Self.sound(count: 7013)
    let whole = try features(samples, options, portions: [samples.count])
    #expect(whole.frameCount == (options.frames.snipsEdges ? 1 + (7013 - 400) / 160 : (7013 + 80) / 160))
    for portions in [[160], [1, 0, 399, 2], [4099], [1000, 7]] {
      let parts = try features(samples, options, portions: portions)
      #expect(parts.values.map(\.bitPattern) == whole.values.map(\.bitPattern), "portions of \(portions)")
    }
  }

  @Test("The number of frames follows Kaldi's rule at every length")
  func frameCounts() throws {
    var options = FeatureOptions.energy(EnergyOptions())
    for snipsEdges in [true, false] {
      options.frames.snipsEdges = snipsEdges
      for count in [0, 1, 79, 80, 81, 159, 160, 239, 240, 399, 400, 401, 559, 560, 561, 1000] {
        let matrix = try features(Self.sound(count: count), options, portions: [max(1, count / 3)])
        let expected = snipsEdges ? (count < 400 ? 0 : 1 + (count - 400) / 160) : (count + 80) / 160
        #expect(matrix.frameCount == expected, "\(count) samples, snip-edges \(snipsEdges)")
        #expect(matrix.values.allSatisfy { $0.isFinite })
      }
    }
  }

  @Test("Frames far apart and long streams keep little of the past and stay right")
  func sparseFrames() throws {
    var options = FeatureOptions.energy(EnergyOptions())
    options.frames.shiftMilliseconds = 500
    let samples = Self.sound(count: 60_000)
    let matrix = try features(samples, options, portions: [5000])
    #expect(matrix.frameCount == 8)
    for frame in 0..<8 {
      let part = Array(samples[frame * 8000..<min(60_000, frame * 8000 + 400)])
      #expect(try features(part, options, portions: [400]).values == [matrix.values[frame]])
    }
  }

  @Test("Energy is the logarithm of the sum of squares, raw or of the windowed frame, and has a floor")
  func energy() throws {
    var options = EnergyOptions()
    options.frames.removesMean = false
    options.frames.preemphasis = 0
    options.frames.window = .rectangular
    options.frames.sampleScale = 1
    let half = [Float](repeating: 0.5, count: 400)
    #expect(abs(try features(half, .energy(options), portions: [400]).values[0] - log(100)) < 1e-5)
    options.energy.isRaw = false
    #expect(abs(try features(half, .energy(options), portions: [400]).values[0] - log(100)) < 1e-5)
    options.frames.window = .hann
    // The squares of Hann's window over N samples add up to 3/8 (N − 1).
    #expect(
      abs(try features(half, .energy(options), portions: [400]).values[0] - log(0.25 * 0.375 * 399)) < 1e-4)
    options.energy.floor = 1000
    #expect(abs(try features(half, .energy(options), portions: [400]).values[0] - log(1000)) < 1e-5)
    let silence = [Float](repeating: 0, count: 400)
    #expect(try features(silence, .energy(EnergyOptions()), portions: [400]).values[0] == log(Float.ulpOfOne))
  }

  @Test("A sine lights the filter and the bin of its frequency")
  func sine() throws {
    let samples = (0..<1600).map { Float(0.5 * sin(2 * Double.pi * 1000 * Double($0) / 16_000)) }
    let spectrum = try features(samples, .spectrogram(SpectrogramOptions()), portions: [1600])
    let bins = Array(spectrum[3]).dropFirst()
    #expect(bins.indices.max { bins[$0] < bins[$1] } == 32)
    var options = FbankOptions()
    options.mel.count = 40
    let bank = try features(samples, .fbank(options), portions: [1600])
    let filters = Array(bank[3])
    // mel(1000 Hz) lies between the centers of the 13th and the 14th of 40 filters from 20 Hz to 8 kHz.
    let step = (1127 * log(1 + 8000 / 700.0) - 1127 * log(1 + 20 / 700.0)) / 41
    let place = (1127 * log(1 + 1000 / 700.0) - 1127 * log(1 + 20 / 700.0)) / step - 1
    #expect(filters.indices.max { filters[$0] < filters[$1] } == Int(place.rounded()))
  }

  @Test(
    "Logarithm and power are options: energies are exponentials of logarithms, magnitudes grow with the sound"
  )
  func linearFilters() throws {
    let samples = Self.sound(count: 400)
    var options = FbankOptions()
    let logs = try features(samples, .fbank(options), portions: [400])
    options.usesLog = false
    let energies = try features(samples, .fbank(options), portions: [400])
    for (a, b) in zip(logs.values, energies.values) { #expect(abs(exp(a) - b) < 1e-4 * b) }
    options.usesPower = false
    let magnitudes = try features(samples, .fbank(options), portions: [400])
    let louder = try features(samples.map { 2 * $0 }, .fbank(options), portions: [400])
    for (a, b) in zip(magnitudes.values, louder.values) { #expect(abs(2 * a - b) < 1e-4 * b) }
  }

  @Test("Frames need not be padded to a power of two")
  func unpadded() throws {
    var options = SpectrogramOptions()
    options.frames.padsToPowerOfTwo = false
    let samples = (0..<400).map { Float(0.5 * sin(2 * Double.pi * 1000 * Double($0) / 16_000)) }
    let spectrum = try features(samples, .spectrogram(options), portions: [400])
    #expect(spectrum.dimension == 201)
    let bins = Array(spectrum[0]).dropFirst()
    #expect(bins.indices.max { bins[$0] < bins[$1] } == 25)
  }

  @Test("Invalid options are refused by name")
  func refusals() throws {
    func refusal(_ change: (inout MFCCOptions) -> Void) -> String? {
      var options = MFCCOptions()
      change(&options)
      do throws(FeatureError) {
        _ = try FeatureExtractor(.mfcc(options))
        return nil
      } catch { return error.kind == .usage ? error.message : "wrong kind" }
    }
    #expect(refusal { $0.count = 24 }?.contains("24 cepstral coefficients of 23") == true)
    #expect(refusal { $0.mel.count = 0 }?.contains("0 mel filters") == true)
    #expect(refusal { $0.mel.lowFrequency = 9000 }?.contains("9000.0 Hz") == true)
    #expect(refusal { $0.mel.highFrequency = -8000 }?.contains("mel filters from") == true)
    #expect(refusal { $0.frames.shiftMilliseconds = 0 }?.contains("frame shift") == true)
    #expect(refusal { $0.frames.shiftMilliseconds = .nan }?.contains("frames") == true)
    #expect(refusal { $0.frames.lengthMilliseconds = 1e12 }?.contains("too long") == true)
    #expect(refusal { $0.frames.sampleRate = .infinity }?.contains("sample rate") == true)
    #expect(refusal { $0.frames.preemphasis = 2 }?.contains("pre-emphasis") == true)
    #expect(refusal { $0.energy.floor = -1 }?.contains("energy floor") == true)
    #expect(
      refusal {
        $0.mel.warpFactor = 1.1
        $0.mel.warpLowFrequency = 10
      }?.contains("warp") == true)
    #expect(refusal { _ in } == nil)
  }

  @Test("A file of any rate, kind and number of channels is read block by block, one channel of it")
  func files() throws {
    let folder = try TemporaryFolder()
    let left = Self.sound(count: 30_000)
    let samples = left.flatMap { [$0, -0.5 * $0] }
    let sound = AudioBuffer(sampleRate: 22_050, channelCount: 2, samples: samples)
    try AudioFile.write(sound, to: folder.file("a.flac"), encoding: .pcm24)
    let read = try AudioFile.read(folder.file("a.flac"))
    for channel in 0..<2 {
      let result = try #require(
        try FeatureExtractor.features(
          ofFile: folder.file("a.flac"), channel: channel, options: .mfcc(MFCCOptions())))
      #expect(result.options.frames.sampleRate == 22_050)
      let whole = try FeatureExtractor.features(of: read, channel: channel, options: result.options)
      #expect(result.features == whole && whole.frameCount == 1 + (30_000 - 551) / 220)
    }
    #expect(throws: FeatureError.noChannel(path: folder.file("a.flac"), channel: 2, channelCount: 2)) {
      _ = try FeatureExtractor.features(
        ofFile: folder.file("a.flac"), channel: 2, options: .mfcc(MFCCOptions()))
    }
    try AudioFile.write(
      AudioBuffer(sampleRate: 8000, channelCount: 1, samples: [0.5]), to: folder.file("short.wav"))
    #expect(throws: FeatureError.tooShort(path: folder.file("short.wav"), sampleCount: 1, needed: 200)) {
      _ = try FeatureExtractor.features(ofFile: folder.file("short.wav"), options: .energy(EnergyOptions()))
    }
  }

  @Test("A matrix becomes an array of frames by values, and its means can be subtracted")
  func matrix() {
    let matrix = FeatureMatrix(dimension: 2, values: [1, 10, 3, 30])
    #expect(matrix.numPyArray.shape == [2, 2] && matrix.numPyArray.elements == [1, 10, 3, 30])
    #expect(matrix.subtractingMean().values == [-1, -10, 1, 10])
  }
}
