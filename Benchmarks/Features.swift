internal import Audio
internal import Foundation
internal import Listening

/// `benchmarks features AUDIO.wav`: seconds of audio per CPU second, on one thread; the sound is read before.
func measureFeatures(_ arguments: [String]) throws {
  guard let path = arguments.first else {
    FileHandle.standardError.write(Data("usage: benchmarks features AUDIO.wav\n".utf8))
    exit(64)
  }
  let sound = try AudioFile.read(path)
  var fbank = FbankOptions()
  fbank.frames.sampleRate = Double(sound.sampleRate)
  fbank.mel.count = 80
  var mfcc = MFCCOptions()
  mfcc.frames.sampleRate = Double(sound.sampleRate)
  mfcc.usesEnergy = false
  for (name, options) in [("fbank80", FeatureOptions.fbank(fbank)), ("mfcc13", .mfcc(mfcc))] {
    var features = try FeatureExtractor.features(of: sound, options: options)
    var times: [Double] = []
    for _ in 0..<3 {
      let start = clock()
      features = try FeatureExtractor.features(of: sound, options: options)
      times.append(Double(clock() - start) / Double(CLOCKS_PER_SEC))
    }
    let speed = sound.seconds / max(times.sorted()[1], 1e-9)
    let row: [String: Any] = [
      "peer": "gruppetto \(name)", "times_real_time": (speed * 10).rounded() / 10,
      "frames": features.frameCount,
    ]
    print(
      String(decoding: try JSONSerialization.data(withJSONObject: row, options: .sortedKeys), as: UTF8.self))
  }
}
