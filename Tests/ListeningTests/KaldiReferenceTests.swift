import Arithmetic
import Audio
import Foundation
import Groundwork
import Listening
import TestSupport
import Testing

/// A reference file, the sound that it was made of, and the options that describe how.
struct Reference: Sendable, CustomTestStringConvertible {
  var name: String
  var options: FeatureOptions
  /// How many columns are compared: deltas and accelerations follow the static ones.
  var columns: Int

  var testDescription: String { name }

  /// |a − b| ≤ 1e-3 + 1e-4 |b|: HTK and Kaldi compute in single precision, and Kaldi's text has six or seven digits.
  func expectAgreement(_ features: FeatureMatrix, with reference: FeatureMatrix) {
    #expect(features.frameCount == reference.frameCount, "\(name): frames")
    #expect(features.dimension == columns && reference.dimension >= columns, "\(name): columns")
    var worst: (excess: Float, frame: Int, column: Int) = (-1, 0, 0)
    for frame in 0..<min(features.frameCount, reference.frameCount) {
      for column in 0..<columns {
        let a = features[frame][features[frame].startIndex + column]
        let b = reference[frame][reference[frame].startIndex + column]
        let excess = abs(a - b) - (1e-3 + 1e-4 * abs(b))
        if !(excess <= worst.excess) { worst = (excess, frame, column) }
      }
    }
    #expect(
      worst.excess <= 0,
      "\(name): off by \(worst.excess) more than allowed at \(worst.frame), \(worst.column)")
  }
}

@Suite("Kaldi's own output", .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
struct KaldiReferenceTests {
  static func fbank(_ change: (inout FbankOptions) -> Void = { _ in }) -> FeatureOptions {
    var options = FbankOptions()
    change(&options)
    return .fbank(options)
  }

  static func mfcc(_ change: (inout MFCCOptions) -> Void = { _ in }) -> FeatureOptions {
    var options = MFCCOptions()
    change(&options)
    return .mfcc(options)
  }

  static func spectrogram(snipsEdges: Bool = true) -> FeatureOptions {
    var options = SpectrogramOptions()
    options.frames.snipsEdges = snipsEdges
    return .spectrogram(options)
  }

  static let references = [
    Reference(name: "test", options: fbank(), columns: 23),
    Reference(name: "test-40", options: fbank { $0.mel.count = 40 }, columns: 40),
    Reference(
      name: "test-40-no-snip-edges",
      options: fbank {
        $0.mel.count = 40
        $0.frames.snipsEdges = false
      }, columns: 40),
    Reference(name: "test-with-energy", options: fbank { $0.usesEnergy = true }, columns: 24),
    Reference(
      name: "test-htk",
      options: fbank {
        $0.usesEnergy = true
        $0.putsEnergyLast = true
      }, columns: 24),
    Reference(name: "test-mfcc", options: mfcc(), columns: 13),
    Reference(name: "test-mfcc-no-snip-edges", options: mfcc { $0.frames.snipsEdges = false }, columns: 13),
    Reference(name: "test-spectrogram", options: spectrogram(), columns: 257),
    Reference(name: "test-spectrogram-no-snip-edges", options: spectrogram(snipsEdges: false), columns: 257),
  ]

  @Test("Every fbank, MFCC and spectrogram reference is met", arguments: references)
  func agreement(_ reference: Reference) throws {
    let folder = SharedData.path("kaldi/kaldifeat/")
    let text = String(decoding: try readFile(folder + reference.name + ".txt"), as: UTF8.self)
    let rows = text.split(separator: "\n").dropFirst().map { line in
      line.split(separator: " ").compactMap { Float($0) }
    }
    let expected = FeatureMatrix(dimension: reference.columns, values: rows.flatMap { $0 })
    let result = try FeatureExtractor.features(ofFile: folder + "test.wav", options: reference.options)
    reference.expectAgreement(try #require(result).features, with: expected)
  }
}

@Suite("HTK's own output", .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
struct HTKReferenceTests {
  /// What all of HTK's settings have in common: no mean removal, Hamming's window, HTK's filters.
  static func frames(preemphasis: Float) -> FrameOptions {
    var frames = FrameOptions()
    frames.removesMean = false
    frames.window = .hamming
    frames.preemphasis = preemphasis
    return frames
  }

  static func mel(low: Double, high: Double = 8000, count: Int = 23, warp: Double = 1) -> MelOptions {
    var mel = MelOptions()
    mel.convention = .htk
    mel.lowFrequency = low
    mel.highFrequency = high
    mel.count = count
    mel.warpFactor = warp
    mel.warpLowFrequency = 100
    mel.warpHighFrequency = 7500
    return mel
  }

  static func fbank(_ number: Int, low: Double, warp: Double = 1) -> Reference {
    var options = FbankOptions()
    options.frames = frames(preemphasis: 0)
    options.mel = mel(low: low, warp: warp)
    return Reference(name: "test.wav.fbank_htk.\(number)", options: .fbank(options), columns: 23)
  }

  static func mfcc(_ number: Int, preemphasis: Float, usesEnergy: Bool, mel: MelOptions) -> Reference {
    var options = MFCCOptions()
    options.frames = frames(preemphasis: preemphasis)
    options.mel = mel
    options.usesEnergy = usesEnergy
    options.isHTKCompatible = true
    return Reference(name: "test.wav.fea_htk.\(number)", options: .mfcc(options), columns: 13)
  }

  /// As the files fbankN.conf and hcopyN.conf beside the references have it.
  static let references = [
    fbank(1, low: 0),
    fbank(2, low: 25),
    fbank(3, low: 25, warp: 0.9),
    fbank(4, low: 25, warp: 1.1),
    mfcc(1, preemphasis: 0, usesEnergy: false, mel: mel(low: 0)),
    mfcc(2, preemphasis: 0, usesEnergy: true, mel: mel(low: 0)),
    mfcc(3, preemphasis: 0, usesEnergy: true, mel: mel(low: 20)),
    mfcc(4, preemphasis: 0.97, usesEnergy: true, mel: mel(low: 0)),
    mfcc(5, preemphasis: 0.97, usesEnergy: true, mel: mel(low: 0, warp: 1.1)),
    mfcc(6, preemphasis: 0.97, usesEnergy: false, mel: mel(low: 125, high: 7800, count: 24)),
  ]

  @Test("Every fbank and MFCC reference is met in its static columns", arguments: references)
  func agreement(_ reference: Reference) throws {
    let folder = SharedData.path("kaldi/kaldi/")
    let expected = try Self.parameters(folder + reference.name)
    let result = try FeatureExtractor.features(ofFile: folder + "test.wav", options: reference.options)
    reference.expectAgreement(try #require(result).features, with: expected)
  }

  /// An HTK parameter file (HTK Book 3.4, section 5.10): a header of frames, period, bytes a frame and kind, then
  /// floats; all big-endian.
  static func parameters(_ path: String) throws -> FeatureMatrix {
    let bytes = try readFile(path)
    return try bytes.withUnsafeBytes { buffer in
      var reader = ByteReader(buffer)
      let frames = Int(try reader.readBigEndian(UInt32.self))
      try reader.skip(4)
      let dimension = Int(try reader.readBigEndian(UInt16.self)) / 4
      try reader.skip(2)
      var values: [Float] = []
      for _ in 0..<frames * dimension {
        values.append(Float(bitPattern: try reader.readBigEndian(UInt32.self)))
      }
      return FeatureMatrix(dimension: dimension, values: values)
    }
  }
}
