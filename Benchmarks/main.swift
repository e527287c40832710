// `benchmarks NAME ARGUMENTS`: each measurement prints JSON lines in the fields of the script of its kind, so that
// both can be put side by side. Each name is one case here and one file beside this one.
internal import Arithmetic
internal import Foundation

let arguments = Array(CommandLine.arguments.dropFirst())

do {
  try Kernels.check()
} catch {
  FileHandle.standardError.write(Data("benchmarks: \(error.message)\n".utf8))
  exit(64)
}

switch arguments.first {
case "midi": try measureMIDIReading(Array(arguments.dropFirst()))
case "tokens": try measureTokens(Array(arguments.dropFirst()))
case "render": try measureRendering(Array(arguments.dropFirst()))
case "train": measureTraining(Array(arguments.dropFirst()))
case "sample": try measureSampling(Array(arguments.dropFirst()))
case "weights": try measureWeights(Array(arguments.dropFirst()))
case "features": try measureFeatures(Array(arguments.dropFirst()))
case "growth": try measureGrowth(Array(arguments.dropFirst()))
case "machine": measureMachine()
case "allocations": try measureAllocations(Array(arguments.dropFirst()))
case "roofline": try drawRoofline(Array(arguments.dropFirst()))
case "all": Comparison(Array(arguments.dropFirst())).run()
default:
  FileHandle.standardError.write(
    Data(
      """
      usage: benchmarks midi FOLDER | tokens FOLDER | render FILE.mid | train CELL … | sample int8 …
             | weights MODEL CORPUS | features AUDIO.wav | growth [FOLDER] | machine | allocations
             | roofline FILE.svg | all --peers PYTHON

      """.utf8))
  exit(64)
}
