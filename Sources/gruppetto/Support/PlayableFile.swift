internal import Audio
internal import Foundation
internal import Groundwork
internal import Music
internal import Synthesis

/// A file as it is played: sound that can be led to another place, and perhaps to another tempo.
protocol PlayableFile: AnyObject {
  /// Samples in a frame.
  var channelCount: Int { get }
  /// How long it is, in seconds at its own tempo.
  var totalSeconds: Double { get }
  /// Fills a block; fewer frames than there is room for are the end.
  func render(into block: inout MutableSpan<Float>) -> Int
  /// The place that a rendered frame has in the file, in seconds at its own tempo.
  func seconds(atFrame frame: Int) -> Double
  /// What else there is to tell of that place.
  func details(atFrame frame: Int) -> [String]
  /// Goes on from a bar or some seconds before or after a place.
  /// - Parameters:
  ///   - direction: −1 for back, 1 for forward.
  ///   - frame: The frame that is heard now.
  func step(_ direction: Int, from frame: Int)
  /// Plays faster or slower from now on, with the same pitch.
  /// - Parameter factor: By how much.
  /// - Returns: What the tempo is then, in words.
  func changeTempo(by factor: Double) -> String
}

/// Music: notes, which can be played again from any bar at any tempo.
final class PlayableMusic: PlayableFile {
  let player: ScorePlayer
  let bars: Bars
  /// The score with the velocities and tempos of its performance.
  private(set) lazy var performed = expression?.performed(score) ?? score
  private let score: Score
  private let expression: Synthesis.Expression?
  /// The bar of the last step, and when that was: who steps twice wants to go two bars.
  private var lastStep: (bar: Int, time: ContinuousClock.Instant)?

  init(score: Score, bank: any SoundBank, options: RenderOptions) {
    self.score = score
    bars = score.bars
    expression = options.expression
    player = ScorePlayer(score: score, bank: bank, options: options)
  }

  var channelCount: Int { player.channelCount }
  var totalSeconds: Double { player.totalSeconds }

  func render(into block: inout MutableSpan<Float>) -> Int { player.render(into: &block) }

  func seconds(atFrame frame: Int) -> Double { player.position(atFrame: frame).seconds }

  func details(atFrame frame: Int) -> [String] {
    let tick = player.position(atFrame: frame).tick
    let place = bars.position(of: tick)
    let tempo = player.quartersPerMinute(at: tick, of: score.tempos)
    return [
      "bar \(place.bar + 1)/\(max(bars.count, place.bar + 1)) beat \(place.beat + 1)",
      "\(Readable.count(tempo)) bpm", Readable.plural(player.voiceCount, "voice"),
    ]
  }

  /// Back is to the beginning of the bar, or of the one before where that is less than a second ago.
  func step(_ direction: Int, from frame: Int) {
    guard !bars.isEmpty else { return }
    let (seconds, tick) = player.position(atFrame: frame)
    var bar = min(bars.index(of: tick), bars.count - 1)
    if let lastStep, ContinuousClock.now - lastStep.time < .seconds(1) {
      bar = lastStep.bar + direction
    } else if direction > 0 || seconds - score.timeMap.seconds(at: bars[bar].start) < 1 {
      bar += direction
    }
    bar = min(max(0, bar), bars.count - 1)
    lastStep = (bar, .now)
    player.seek(to: bars[bar].start)
  }

  func changeTempo(by factor: Double) -> String {
    player.tempoFactor *= factor
    return "tempo \(Readable.count(100 * player.tempoFactor)) %"
  }
}

/// A sound file, at the rate of the device.
final class PlayableSound: PlayableFile {
  private let sound: AudioBuffer
  private let sampleRate: Int
  private var source: any SampleSource
  /// Where the source began in the sound, in seconds, and in the frames that were rendered.
  private var starts: [(seconds: Double, frame: Int)] = [(0, 0)]
  private var frame = 0
  /// Decibels below full scale, and the factor that the last sample had.
  var gain = 0.0
  private var factor: Float = 1

  private static let stepSeconds = 5.0

  init(_ sound: AudioBuffer, sampleRate: Int) {
    self.sound = sound
    self.sampleRate = sampleRate
    source = Self.source(of: sound, from: 0, sampleRate)
  }

  private static func source(of sound: AudioBuffer, from frame: Int, _ sampleRate: Int) -> any SampleSource {
    let source = AudioBufferSource(sound, from: frame)
    return sound.sampleRate == sampleRate ? source : ResampledSource(source, sampleRate: sampleRate)
  }

  var channelCount: Int { sound.channelCount }
  var totalSeconds: Double { sound.seconds }

  func render(into block: inout MutableSpan<Float>) -> Int {
    let count = source.render(into: &block)
    frame += count
    if gain != 0 || factor != 1 { fade(&block, count) }
    return count
  }

  /// Lets the factor go to the wanted one within a block, so that nothing clicks.
  private func fade(_ block: inout MutableSpan<Float>, _ frames: Int) {
    let wanted = Float(pow(10, gain / 20))
    let growth = (wanted - factor) / Float(max(1, frames))
    for index in 0..<frames * channelCount {
      block[index] *= factor + growth * Float(index / channelCount)
    }
    factor = wanted
  }

  func seconds(atFrame frame: Int) -> Double {
    let start = starts.last { $0.frame <= frame } ?? starts[0]
    return min(totalSeconds, start.seconds + Double(frame - start.frame) / Double(sampleRate))
  }

  func details(atFrame frame: Int) -> [String] { [] }

  func step(_ direction: Int, from frame: Int) {
    let last = starts[starts.count - 1]
    // A step that is not heard yet counts.
    let base = last.frame > frame ? last.seconds : seconds(atFrame: frame)
    go(toSecond: base + Double(direction) * Self.stepSeconds)
  }

  /// Goes on from a moment of the sound.
  func go(toSecond wanted: Double) {
    let seconds = min(max(0, wanted), totalSeconds)
    starts.append((seconds, self.frame))
    if starts.count > 64 { starts.removeFirst() }
    source = Self.source(of: sound, from: Int(seconds * Double(sound.sampleRate)), sampleRate)
  }

  func changeTempo(by factor: Double) -> String { "a sound file keeps its tempo" }
}
