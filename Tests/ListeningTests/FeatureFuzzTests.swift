import Arithmetic
import Audio
import Foundation
import Groundwork
import Listening
import TestSupport
import Testing

@Suite("Features of anything")
struct FeatureFuzzTests {
  static let rounds =
    ProcessInfo.processInfo.environment["GRUPPETTO_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 300

  @Test("A dither that would leave single precision is refused, and the largest one is not")
  func ditherBounds() throws {
    var options = FbankOptions()
    for dither in [1e18, .infinity, .nan, -1] {
      options.frames.dither = dither
      let error = #expect(throws: FeatureError.self) { try FeatureExtractor(.fbank(options)) }
      #expect(error?.kind == .usage && error?.message.contains("a dither of") == true)
    }
    options.frames.dither = 1e6
    options.usesLog = false
    options.usesEnergy = true
    try check(.fbank(options), of: Self.sound)
  }

  @Test("Random options are refused or give finite values, whatever the samples are")
  func randomOptions() throws {
    var random = RandomStream(seed: 12, name: "options")
    var accepted = 0
    for _ in 0..<Self.rounds {
      let options = Self.options(&random)
      do throws(FeatureError) { try options.validate() } catch {
        #expect(error.kind == .usage)
        continue
      }
      accepted += 1
      // Longer frames take seconds without optimization.
      guard options.frames.length <= 5000, options.dimension <= 300 else { continue }
      try check(options, of: Self.sound)
    }
    #expect(accepted > Self.rounds / 10)
  }

  @Test("Damaged sound files are refused or give finite values")
  func damagedFiles() throws {
    let folder = try TemporaryFolder()
    let samples = FeatureExtractorTests.sound(count: 1500)
    try AudioFile.write(
      AudioBuffer(sampleRate: 16_000, channelCount: 1, samples: samples), to: folder.file("a.wav"),
      encoding: .float)
    let whole = try readFile(folder.file("a.wav"))
    var random = RandomStream(seed: 5, name: "damage")
    for round in 0..<Self.rounds / 3 {
      var bytes = whole
      if round.isMultiple(of: 5) { bytes.removeLast(random.integer(below: bytes.count - 20)) }
      for _ in 0...random.integer(below: 6) {
        let end = round.isMultiple(of: 2) ? 80 : bytes.count
        bytes[random.integer(below: min(end, bytes.count))] = UInt8(random.integer(below: 256))
      }
      do {
        let reader = try AudioFileReader(bytes: bytes, name: "damaged.wav")
        guard let result = try FeatureExtractor.features(of: reader, options: .mfcc(MFCCOptions())) else {
          continue
        }
        #expect(result.features.values.allSatisfy { $0.isFinite }, "round \(round)")
      } catch let error as any DiagnosableError {
        #expect([.badInput, .usage, .missingInput].contains(error.kind), "round \(round): \(error.message)")
      }
    }
  }

  @Test("A frame of many times the sound's length mirrors it at once")
  func mirroring() throws {
    var options = EnergyOptions()
    options.frames.snipsEdges = false
    options.frames.shiftMilliseconds = 0.0625
    options.frames.lengthMilliseconds = 6000
    options.frames.padsToPowerOfTwo = false
    let extractor = try FeatureExtractor(.energy(options))
    var features = extractor.emptyMatrix
    extractor.append([0.5], to: &features)
    extractor.finish(into: &features)
    #expect(features.frameCount == 1 && features.values.allSatisfy { $0.isFinite })
  }

  /// A sweep, silence, and samples that only a file of floating point can hold.
  private static let sound: [Float] =
    FeatureExtractorTests.sound(count: 900) + [Float](repeating: 0, count: 300)
    + [.nan, .infinity, -.infinity, 1e38, -1e38, .leastNonzeroMagnitude, -0.0]
    + FeatureExtractorTests.sound(count: 500)

  private func check(_ options: FeatureOptions, of samples: [Float]) throws {
    let extractor = try FeatureExtractor(options)
    var features = extractor.emptyMatrix
    extractor.append(samples, to: &features)
    extractor.finish(into: &features)
    #expect(features.values.allSatisfy { $0.isFinite }, "\(options)")
    #expect(
      FeaturePicture(features, options: options, title: "fuzz").svg().hasSuffix("</svg>\n"), "\(options)")
  }

  private static func options(_ random: inout RandomStream) -> FeatureOptions {
    let energy = energy(&random)
    switch random.integer(below: 4) {
    case 0:
      var options = FbankOptions()
      options.frames = frames(&random)
      options.mel = mel(&random)
      options.usesLog = random.integer(below: 2) == 0
      options.usesPower = random.integer(below: 2) == 0
      options.usesEnergy = random.integer(below: 2) == 0
      options.putsEnergyLast = random.integer(below: 2) == 0
      options.energy = energy
      return .fbank(options)
    case 1:
      var options = MFCCOptions()
      options.frames = frames(&random)
      options.mel = mel(&random)
      options.count = pick(&random, [13], [1, 5, 0, -1, 1001, .max, .min])
      options.usesEnergy = random.integer(below: 2) == 0
      options.cepstralLifter = pick(&random, [22, 0], odd)
      options.isHTKCompatible = random.integer(below: 2) == 0
      options.energy = energy
      return .mfcc(options)
    case 2:
      var options = SpectrogramOptions()
      options.frames = frames(&random)
      options.energy = energy
      return .spectrogram(options)
    default:
      var options = EnergyOptions()
      options.frames = frames(&random)
      options.energy = energy
      return .energy(options)
    }
  }

  private static func frames(_ random: inout RandomStream) -> FrameOptions {
    var frames = FrameOptions()
    frames.sampleRate = pick(&random, [16_000, 8000, 44_100], odd)
    frames.shiftMilliseconds = pick(&random, [10, 5, 100], odd)
    frames.lengthMilliseconds = pick(&random, [25, 20, 0.2], odd)
    frames.sampleScale = Float(pick(&random, [32_768, 1, -5], odd))
    frames.dither = pick(&random, [0, 1], odd)
    frames.preemphasis = Float(pick(&random, [0.97, 0, 1], odd))
    frames.blackmanCoefficient = pick(&random, [0.42], odd)
    frames.window = Window.allCases[random.integer(below: Window.allCases.count)]
    frames.removesMean = random.integer(below: 2) == 0
    frames.padsToPowerOfTwo = random.integer(below: 3) > 0
    frames.snipsEdges = random.integer(below: 2) == 0
    return frames
  }

  private static func mel(_ random: inout RandomStream) -> MelOptions {
    var mel = MelOptions()
    mel.count = pick(&random, [23, 40, 1, 300], [0, -1, 10_000, 10_001, .max, .min])
    mel.lowFrequency = pick(&random, [20, 0], odd)
    mel.highFrequency = pick(&random, [0, -100, 3000], odd)
    mel.warpFactor = pick(&random, [1, 1.1, 0.9, 0.1, 10], odd)
    mel.warpLowFrequency = pick(&random, [100], odd)
    mel.warpHighFrequency = pick(&random, [-500], odd)
    mel.convention = random.integer(below: 2) == 0 ? .kaldi : .htk
    return mel
  }

  private static func energy(_ random: inout RandomStream) -> EnergyMeasure {
    var energy = EnergyMeasure()
    energy.isRaw = random.integer(below: 2) == 0
    energy.floor = Float(pick(&random, [0, 1], odd))
    return energy
  }

  private static let odd: [Double] = [
    0, -0.0, -1, 1e-30, 1e-3, 0.5, 3, 500, 1e6, 1e9, 1e18, 1e30, 1e300, .infinity, -.infinity, .nan,
    .greatestFiniteMagnitude, -1e300, .leastNonzeroMagnitude,
  ]

  /// One of the usual values mostly, else one of the odd ones.
  private static func pick<Value>(_ random: inout RandomStream, _ usual: [Value], _ odd: [Value]) -> Value {
    random.integer(below: 12) > 0
      ? usual[random.integer(below: usual.count)] : odd[random.integer(below: odd.count)]
  }
}
