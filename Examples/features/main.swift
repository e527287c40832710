// The log-mel energies of a sound file, and how loud each band is.
//
//     swift run features AUDIO
import Listening

guard CommandLine.arguments.count == 2 else {
  print("usage: features AUDIO")
  throw ExitWithUsage()
}

var options = FbankOptions()
options.mel.count = 16
let result = try FeatureExtractor.features(ofFile: CommandLine.arguments[1], options: .fbank(options))
guard let (features, _) = result else { throw ExitWithUsage() }

print("\(features.frameCount) frames of \(features.dimension) values")
for band in 0..<features.dimension {
  let mean =
    (0..<features.frameCount).reduce(Float(0)) { $0 + features.values[$1 * features.dimension + band] }
    / Float(features.frameCount)
  print("\(band + 1)\t" + String(repeating: "#", count: max(0, Int(mean * 2))))
}

struct ExitWithUsage: Error {}
