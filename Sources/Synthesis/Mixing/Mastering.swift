internal import Arithmetic
public import Audio
public import Groundwork

/// How loud a rendering becomes.
public enum LevelTarget: Sendable, Hashable {
  /// As the mix is.
  case asMixed
  /// `Mastering.usualLoudness`, or softer where a limiter would be heard.
  case measured
  /// An integrated loudness in LUFS (EBU R 128), whatever the limiter has to do for it.
  case loudness(Double)
}

/// What was written of a mix, and what was done to it.
public struct MasteredSound: Sendable, Hashable {
  /// What was written.
  public var sound: WrittenSound
  /// The gain before the limiter, in decibels.
  public var gain: Double
  /// The most that the limiter reduced the gain by, in decibels.
  public var greatestReduction: Double
  /// The share of the time at which it reduced the gain by more than 3 dB, 0...1.
  public var strongReductionShare: Double
}

/// The last step of a rendering: a gain for the whole piece, which is measured, and a limiter.
///
/// The mix is rendered once, into a temporary file beside the one to come (eight bytes a frame), and measured on the way. So memory stays
/// the same for a second and for a day, and the gain is that of the whole piece rather than an estimate.
public enum Mastering {
  /// The integrated loudness of ordinary renderings, in LUFS: that of streaming services, with 2 dB to spare for a solo
  /// instrument's peaks.
  public static let usualLoudness = -16.0
  /// The largest true peak in dBTP: −1 leaves room for lossy coders and converters (EBU R 128).
  public static let ceiling = -1.0
  /// A measured gain lets the limiter reduce by more than 3 dB for this share of the time.
  static let strongShare = 0.03
  /// No measured gain is above this, in decibels: what is softer is meant to be soft.
  static let gains = -40.0...24.0
  /// Amplitudes below this, −80 dBFS, are silence at the end.
  static let silence: Float = 1e-4

  /// Writes all that a stereo mix gives to a file, at the loudness that is asked for and under the ceiling.
  ///
  /// - Parameters:
  ///   - source: The mix, of any amplitude.
  ///   - path: Where the file will be.
  ///   - level: How loud it becomes.
  ///   - gain: Decibels on top of that.
  ///   - encoding: How samples are stored; see `AudioFileWriter`.
  ///   - tags: What the file tells of itself.
  ///   - threadCount: How many threads limit, measure and write; the file does not depend on it. How many render is the source's choice.
  ///   - cancellation: Stops the work; then no file is written.
  ///   - progress: Called with the seconds of sound done.
  /// - Returns: What was written; nil if it was canceled.
  /// - Throws: `AudioError.unknownEnding`, `.unsupportedSettings` or `.file`.
  public static func write(
    _ source: inout some SampleSource, to path: String, level: LevelTarget = .measured, gain: Double = 0,
    encoding: SampleEncoding? = nil, tags: SoundTags = SoundTags(), threadCount: Int = 1,
    cancellation: Cancellation? = nil, progress: ProgressHandler? = nil
  ) throws(AudioError) -> MasteredSound? {
    precondition(source.channelCount == 2, "a mix of \(source.channelCount) channels")
    // An impossible file is refused before the rendering.
    _ = try AudioFileWriter(
      path: path, encoding: encoding, sampleRate: source.sampleRate, channelCount: 2,
      expectedFrameCount: source.frameCount, tags: tags)
    let spool = try SoundSpool(beside: path, sampleRate: source.sampleRate, channelCount: 2)
    let meter = MixMeter(
      sampleRate: source.sampleRate, ceiling: decibels(Float(ceiling)), measuresLoudness: level != .asMixed)
    guard try fill(spool, from: &source, meter, cancellation, progress) else { return nil }
    let chosen = Self.gain(level, of: spool, meter, threadCount, cancellation) + gain
    var limited = LimitedSource(
      spool, gain: chosen, frameCount: min(spool.frameCount, soundingFrames(meter, gain: chosen)))
    let written = try AudioFile.write(
      &limited, to: path, encoding: encoding, tags: tags, isDithered: true, threadCount: threadCount,
      cancellation: cancellation)
    if let failure = spool.failure { throw failure }
    guard let written else { return nil }
    return MasteredSound(sound: written, gain: chosen, statistics: limited.statistics)
  }

  /// Renders the mix into the spool.
  /// - Returns: Whether it was not canceled.
  private static func fill(
    _ spool: SoundSpool, from source: inout some SampleSource, _ meter: MixMeter,
    _ cancellation: Cancellation?, _ progress: ProgressHandler?
  ) throws(AudioError) -> Bool {
    let rate = Double(source.sampleRate)
    let total = source.frameCount.map { Double($0) / rate }
    var failure: AudioError?
    let take = { (samples: Span<Float>) -> Bool in
      if cancellation?.isRequested == true { return false }
      meter.append(samples)
      do throws(AudioError) { try spool.append(samples) } catch {
        failure = error
        return false
      }
      progress?(
        ProgressReport(
          activity: "rendering", completed: Double(spool.frameCount) / rate, total: total, unit: "seconds"))
      return true
    }
    if let renderer = source as? ScoreRenderer {
      renderer.renderRest(take)
    } else {
      var isWanted = true
      source.forEachBlock(of: 4096, on: nil, readers: 1) {
        isWanted
      } _: {
        isWanted = take($1)
      }
    }
    if let failure { throw failure }
    return cancellation?.isRequested != true
  }

  /// Where the mix has become silent, in frames; a tenth of a second is kept.
  private static func soundingFrames(_ meter: MixMeter, gain: Double) -> Int {
    meter.end(below: silence / decibels(Float(gain))) + meter.sampleRate / 10
  }

  /// The gain for a level, in decibels.
  private static func gain(
    _ level: LevelTarget, of spool: SoundSpool, _ meter: MixMeter, _ threadCount: Int,
    _ cancellation: Cancellation?
  ) -> Double {
    guard level != .asMixed, let measured = meter.integratedLoudness else { return 0 }
    guard case .loudness(let target) = level else {
      let wanted = min(usualLoudness - measured, meter.gain(limitingFor: strongShare))
      return min(max(wanted, gains.lowerBound), gains.upperBound)
    }
    // What the limiter takes is given back, until nothing more comes of it.
    var gain = target - measured
    let team = threadCount > 1 ? ThreadTeam(threadCount: 2) : nil
    for _ in 0..<6 where decibels(Float(gain)) * meter.peak * 1.2 > decibels(Float(ceiling)) {
      if cancellation?.isRequested == true { break }
      guard let reached = loudness(of: spool, gain: gain, team), abs(reached - target) > 0.05 else { break }
      gain = min(gain + (target - reached) * 1.1, target - measured + 24)
    }
    return gain
  }

  /// The loudness behind the limiter, in LUFS.
  private static func loudness(of spool: SoundSpool, gain: Double, _ team: ThreadTeam?) -> Double? {
    var source = LimitedSource(spool, gain: gain, frameCount: spool.frameCount)
    let meter = LoudnessMeter(sampleRate: spool.sampleRate, channelCount: 2)
    source.forEachBlock(of: 8192, on: team, readers: 1) {
      true
    } _: {
      meter.append($1)
    }
    return meter.integratedLoudness
  }
}

extension MasteredSound {
  init(sound: WrittenSound, gain: Double, statistics: Limiter.Statistics) {
    self.init(
      sound: sound, gain: gain,
      greatestReduction: 0 - Double(level(ofAmplitude: statistics.leastGain)),
      strongReductionShare: Double(statistics.strongFrames) / Double(max(1, statistics.frames)))
  }
}

/// A spooled mix with a gain, behind a limiter.
struct LimitedSource: SampleSource {
  let sampleRate: Int
  let channelCount = 2
  let frameCount: Int?

  private let spool: SoundSpool
  private let arena = Arena()
  private var limiter: Limiter
  private let gain: Float
  private let length: Int
  private var readFrame = 0
  private var given = 0
  private let input: UnsafeMutablePointer<Float>
  private let left: UnsafeMutablePointer<Float>
  private let right: UnsafeMutablePointer<Float>
  /// The frames of the last portion, and how many of them have been given out.
  private var portion = 0
  private var offset = 0
  private var framesToSkip: Int

  private static let portionFrames = 1024

  /// - Parameters:
  ///   - gain: In decibels.
  ///   - frameCount: How much of the spool is heard.
  init(_ spool: SoundSpool, gain: Double, frameCount: Int) {
    self.spool = spool
    self.gain = decibels(Float(gain))
    sampleRate = spool.sampleRate
    length = frameCount
    self.frameCount = frameCount
    // The gain moves between samples: 0.05 dB are kept for that.
    limiter = Limiter(
      ceiling: decibels(Float(Mastering.ceiling) - 0.05), findsTruePeaks: true,
      sampleRate: Float(spool.sampleRate), arena: arena)
    input = arena.allocate(2 * Self.portionFrames, of: 0)
    left = arena.allocate(Self.portionFrames, of: 0)
    right = arena.allocate(Self.portionFrames, of: 0)
    framesToSkip = limiter.delay
  }

  /// What the limiter has done so far.
  var statistics: Limiter.Statistics { limiter.statistics }

  mutating func render(into block: inout MutableSpan<Float>) -> Int {
    block.withUnsafeMutableBufferPointer { output in
      let wanted = min(output.count / 2, length - given)
      var written = 0
      while written < wanted {
        if offset == portion { readPortion() }
        let count = min(wanted - written, portion - offset)
        for index in 0..<count {
          output[2 * (written + index)] = left[offset + index]
          output[2 * (written + index) + 1] = right[offset + index]
        }
        written += count
        offset += count
      }
      given += written
      return written
    }
  }

  private mutating func readPortion() {
    portion = Self.portionFrames
    let room = UnsafeMutableBufferPointer(start: input, count: 2 * portion)
    let frames = spool.read(from: readFrame, into: room)
    readFrame += frames
    for index in 0..<frames {
      left[index] = input[2 * index] * gain
      right[index] = input[2 * index + 1] * gain
    }
    // Behind the end the limiter is emptied with silence.
    for index in frames..<portion {
      left[index] = 0
      right[index] = 0
    }
    limiter.process(left: left, right: right, portion)
    offset = min(framesToSkip, portion)
    framesToSkip -= offset
  }
}
