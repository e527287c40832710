internal import Foundation
import Music

@testable import Synthesis

/// What a test hears of a rendered score.
struct Recording {
  var left: [Float]
  var right: [Float]
  var sampleRate: Int

  init(
    _ score: Score, _ options: RenderOptions, library: InstrumentLibrary? = nil, blockFrames: Int = 1024
  ) throws {
    let library = try library ?? Shipped.library.get()
    let renderer = ScoreRenderer(score: score, library: library, options: options)
    sampleRate = options.sampleRate
    (left, right) = ([], [])
    var block = [Float](repeating: 0, count: 2 * blockFrames)
    while true {
      var room = block.mutableSpan
      let frames = renderer.render(into: &room)
      for frame in 0..<frames {
        left.append(block[2 * frame])
        right.append(block[2 * frame + 1])
      }
      if frames < blockFrames { break }
    }
  }

  var peak: Float { max(left.map(abs).max() ?? 0, right.map(abs).max() ?? 0) }

  /// Both channels' root mean square between two times in seconds.
  func level(from start: Double, to end: Double) -> Float {
    let range = frames(start, end)
    let energy = range.reduce(Float(0)) { $0 + left[$1] * left[$1] + right[$1] * right[$1] }
    return (energy / Float(max(1, range.count))).squareRoot()
  }

  /// Cents by which the partial near `frequency` lies above it, by its phase in two windows 40 ms apart.
  func cents(above frequency: Double, at start: Double = 0.06, window: Double = 0.17) -> Double {
    let shift = 0.04
    let first = partial(frequency, start, start + window)
    let second = partial(frequency, start + shift, start + shift + window)
    var turn = atan2(second.imaginary, second.real) - atan2(first.imaginary, first.real)
    turn -= 2 * .pi * (turn / (2 * .pi)).rounded()
    let gap = Double(frames(start, start + shift).count) / Double(sampleRate)
    return 1200 * log2(1 + turn / (2 * .pi * gap) / frequency)
  }

  /// The amplitude and phase (against the recording's beginning) of a frequency, by a Hann window.
  func partial(_ frequency: Double, _ start: Double, _ end: Double) -> (real: Double, imaginary: Double) {
    let range = frames(start, end)
    let step = 2 * Double.pi * frequency / Double(sampleRate)
    var sum = (real: 0.0, imaginary: 0.0)
    for frame in range {
      let place = Double(frame - range.lowerBound) / Double(range.count)
      let weight = (1 - cos(2 * .pi * place)) * Double(left[frame] + right[frame]) / Double(range.count)
      sum.real += weight * cos(step * Double(frame))
      sum.imaginary -= weight * sin(step * Double(frame))
    }
    return sum
  }

  private func frames(_ start: Double, _ end: Double) -> Range<Int> {
    let last = min(left.count, Int(end * Double(sampleRate)))
    return min(last, Int(start * Double(sampleRate)))..<last
  }
}

enum Shipped {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "presets/instruments").path
  static let library = Result { try InstrumentLibrary(folder: folder) }
  static let testsAll = ProcessInfo.processInfo.environment["GRUPPETTO_TEST_ALL"] != nil
}

/// A score of one track at a millisecond a tick.
func score(
  program: Int? = 0, isDrum: Bool = false, _ notes: [Note], controls: [ControlChange] = [],
  bends: [PitchBend] = []
) -> Score {
  Score(
    ticksPerQuarter: 500,
    tracks: [
      Track(program: program, isDrum: isDrum, notes: notes, controlChanges: controls, pitchBends: bends)
    ])
}

let dry = RenderOptions(sampleRate: 22_050, reverb: .off)
