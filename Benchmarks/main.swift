// `benchmarks NAME ARGUMENTS`: each measurement prints JSON lines in the fields of the script of its kind, so that
// both can be put side by side. Each name is one case here and one file beside this one.
internal import Arithmetic
internal import Foundation
internal import Groundwork

private func measure(_ name: String?, _ arguments: [String]) throws {
  let usage = """
    usage: benchmarks memory MODEL CORPUS [PIECES] | contexts CORPUS FOLDER | loops CORPUS [MODEL [PIECES]] | midi FOLDER | tokens FOLDER | render FILE.mid | train CELL …
           | sample int8 … | constrain [LAYERS HIDDEN] | limits MODEL | novelty CORPUS [MODEL] | surprise MODEL CORPUS
           | harmony MODEL [PIECES] | fill MODEL CORPUS [FORWARD-MODEL] [PIECES] [THREADS] | style MODEL FOLDER...
           | weights MODEL CORPUS | attributes MODEL CORPUS [REQUESTS] | features AUDIO.wav | growth [FOLDER] | machine | allocations
           | endless MODEL [MINUTES [SEED [TRIES [FOLDER]]]] | voices MODEL [VOICES [TRIES]] | roofline FILE.svg | all --peers PYTHON

    """
  switch name {
  case "memory": try measureMemory(arguments)
  case "contexts": try writeContexts(arguments)
  case "loops": try measureLoops(arguments)
  case "midi": try measureMIDIReading(arguments)
  case "tokens": try measureTokens(arguments)
  case "render": try measureRendering(arguments)
  case "train": measureTraining(arguments)
  case "sample": try measureSampling(arguments)
  case "constrain": try measureConstraints(arguments)
  case "limits": try measureLimits(arguments)
  case "novelty": try measureNovelty(arguments)
  case "style": try measureStyles(arguments)
  case "surprise": try measureSurprise(arguments)
  case "harmony": try measureHarmony(arguments)
  case "fill": try measureFilling(arguments)
  case "weights": try measureWeights(arguments)
  case "attributes": try measureAttributes(arguments)
  case "features": try measureFeatures(arguments)
  case "growth": try measureGrowth(arguments)
  case "machine": measureMachine()
  case "allocations": try measureAllocations(arguments)
  case "voices": try measureVoices(arguments)
  case "endless": try measureEndless(arguments)
  case "roofline": try drawRoofline(arguments)
  case "all": Comparison(arguments).run()
  case "--help", "-h", "help": print(usage, terminator: "")
  default:
    FileHandle.standardError.write(Data(usage.utf8))
    exit(64)
  }
}

do {
  try Kernels.check()
  try measure(CommandLine.arguments.dropFirst().first, Array(CommandLine.arguments.dropFirst(2)))
} catch {
  let diagnosis = error as? any DiagnosableError
  FileHandle.standardError.write(Data("benchmarks: \(diagnosis?.message ?? "\(error)")\n".utf8))
  exit(diagnosis?.kind.exitCode ?? FailureKind.cannotWrite.exitCode)
}
