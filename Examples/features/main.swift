// The log-mel energies of a sound file, and how loud each band is.
//
//     swift run features AUDIO
import ExampleSupport
import Foundation
import Listening

let path = Arguments("features AUDIO").text(0)
var options = FbankOptions()
options.mel.count = 16
guard let (features, _) = attempt({ try FeatureExtractor.features(ofFile: path, options: .fbank(options)) })
else { exit(130) }

print("\(features.frameCount) frames of \(features.dimension) values")
for band in 0..<features.dimension {
  let mean =
    (0..<features.frameCount).reduce(Float(0)) { $0 + features.values[$1 * features.dimension + band] }
    / Float(features.frameCount)
  print("\(band + 1)\t" + String(repeating: "#", count: max(0, Int(mean * 2))))
}
