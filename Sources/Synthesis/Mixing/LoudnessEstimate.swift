internal import Audio
public import Music

extension Mastering {
  /// The gain in decibels that brings a score to `usualLoudness`, for playing at once, when there is no time to render all of it first: excerpts
  /// are rendered at a low rate and without reverberation, and measured. It costs about as much as a few seconds of sound, and is within
  /// two decibels of the gain that `write` chooses.
  ///
  /// - Parameters:
  ///   - score: What will be played.
  ///   - options: How it will be.
  ///   - renderer: Makes a renderer of a score with options.
  /// - Returns: The gain; 0 for a score in which nothing is loud enough to measure.
  public static func estimatedGain(
    of score: Score, options: RenderOptions, renderer: (Score, RenderOptions) -> ScoreRenderer
  ) -> Double {
    var options = options
    options.sampleRate = estimateRate
    options.reverb = .off
    options.isLimited = false
    options.start = .beginning
    let meter = MixMeter(sampleRate: estimateRate, ceiling: decibels(Float(ceiling)))
    var block = [Float](repeating: 0, count: 2 * 1024)
    for excerpt in excerpts(of: score) {
      let source = renderer(excerpt, options)
      var frames = 0
      // The tail of an excerpt is not part of the piece.
      while frames < Int(excerpt.timeMap.seconds(at: excerpt.length) * Double(estimateRate)) {
        var room = block.mutableSpan
        let count = source.render(into: &room)
        meter.append(block.span.extracting(first: 2 * count))
        frames += count
        if count < 1024 { break }
      }
    }
    guard let measured = meter.integratedLoudness else { return 0 }
    let wanted = min(usualLoudness - measured - reverberation, meter.gain(limitingFor: strongShare))
    return min(max(wanted, gains.lowerBound), gains.upperBound)
  }

  /// Frames a second: what is above 8 kHz adds little to the loudness of music.
  private static let estimateRate = 16_000
  /// What reverberation and the frequencies above add, in decibels.
  private static let reverberation = 0.8
  /// How many excerpts there are of how many seconds.
  private static let excerptCount = 6
  private static let excerptSeconds = 8.0

  /// Pieces of the score, evenly spread; the score itself if it is not much longer than they are.
  private static func excerpts(of score: Score) -> [Score] {
    let clock = score.timeMap
    let first = score.tracks.lazy.flatMap(\.notes).map(\.onset).min() ?? 0
    let start = clock.seconds(at: first)
    let length = clock.seconds(at: score.lastNoteEnd) - start
    guard length > 1.5 * Double(excerptCount) * excerptSeconds else {
      return [score.slice(ticks: first..<max(first + 1, score.lastNoteEnd))]
    }
    return (0..<excerptCount).map { index in
      let begin = start + (length - excerptSeconds) * Double(index) / Double(excerptCount - 1)
      return score.slice(ticks: clock.tick(atSeconds: begin)..<clock.tick(atSeconds: begin + excerptSeconds))
    }
  }
}
