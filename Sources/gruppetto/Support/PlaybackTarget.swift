internal import Audio
internal import Foundation
internal import Groundwork
internal import Performing
internal import Synchronization

/// What the sound of files goes to: a device, or a file or pipe that takes it without a header.
protocol PlaybackTarget: AnyObject, Sendable {
  /// Frames a second.
  var sampleRate: Int { get }
  /// How many frames have been heard since `start`, or dropped.
  var heardFrames: Int { get }
  /// When what is written is heard.
  var playingClock: PlayingClock { get }
  /// How many gaps there were.
  var gapCount: Int { get }
  var isPaused: Bool { get }
  func pause()
  func resume()
  /// Counts frames from 0 again.
  func start() throws
  /// Waits until there is room.
  /// - Returns: Whether there is; false after the time, or where it was stopped.
  func waitForRoom(_ frames: Int, seconds: Double) throws -> Bool
  func write(_ samples: Span<Float>) throws -> Int
  /// Drops what is not heard yet, as far as it can be.
  func flush()
  /// Marks that nothing more will be written.
  func end()
  /// Whether something is yet to be heard.
  func isPlaying() throws -> Bool
  /// Ends at once.
  func stop()
  /// Waits for the end.
  func finishPlaying() throws -> (seconds: Double, gaps: Int)
  /// The largest amplitude since this was last asked for.
  func takePeak() -> Float
}

extension PlaybackSession: PlaybackTarget {
  var playingClock: PlayingClock { PlayingClock(session: self) }
  var gapCount: Int { counts.gaps }

  func finishPlaying() throws -> (seconds: Double, gaps: Int) {
    let result = try finish()
    return (result.seconds, result.counts.gaps)
  }
}

/// Samples without a header instead of a device: as fast as they are taken, or as they would be heard.
///
/// One thread writes; any may ask where it is, and pause it.
final class RawTarget: PlaybackTarget, @unchecked Sendable {
  let sampleRate: Int
  private let output: RawOutput
  private let channelCount: Int
  private let isPaced: Bool
  let playingClock = PlayingClock(session: nil)
  private let written = Atomic<Int>(0)
  private var peak: Float = 0
  private var isStopped = false
  private var stereo: [Float] = []

  /// How far ahead of its time sound may be, in seconds, as before a device.
  private static let lead = 0.25

  /// A target.
  /// - Parameters:
  ///   - output: Where the samples go; always as stereo.
  ///   - sampleRate: Frames a second.
  ///   - channelCount: Samples in a frame as they are written to the target.
  ///   - isPaced: Whether they are written no faster than they would be heard.
  init(_ output: RawOutput, sampleRate: Int, channelCount: Int, isPaced: Bool) {
    self.output = output
    self.sampleRate = sampleRate
    self.channelCount = channelCount
    self.isPaced = isPaced
  }

  var gapCount: Int { 0 }
  var isPaused: Bool { playingClock.isPaused }
  func pause() { playingClock.pause() }
  func resume() { playingClock.resume() }

  private var frames: Int { written.load(ordering: .acquiring) }
  /// How many frames are yet to be heard.
  private var framesAhead: Int {
    isPaced ? max(0, frames - Int(playingClock.seconds * Double(sampleRate))) : 0
  }
  /// Before the first frame is heard it is still the first.
  var heardFrames: Int { max(0, frames - framesAhead) }

  func start() {
    written.store(0, ordering: .releasing)
    isStopped = false
    playingClock.begin()
  }

  func waitForRoom(_ count: Int, seconds: Double) -> Bool {
    guard !isStopped else { return false }
    let early = Double(framesAhead) / Double(sampleRate) - Self.lead
    if isPaused || early > 0 {
      usleep(UInt32(1e6 * min(isPaused ? seconds : early, seconds)))
      return false
    }
    return output.isReady(within: seconds)
  }

  func write(_ samples: Span<Float>) throws -> Int {
    let count = samples.count / channelCount
    guard count > 0 else { return 0 }
    stereo.removeAll(keepingCapacity: true)
    stereo.append(contentsOf: repeatElement(0, count: 2 * count))
    samples.withUnsafeBufferPointer { samples in
      stereo.withUnsafeMutableBufferPointer { stereo in
        guard let from = samples.baseAddress, let to = stereo.baseAddress else { return }
        ChannelMapping.map(count, from, from: channelCount, to: to, to: 2)
      }
    }
    for sample in stereo { peak = max(peak, abs(sample)) }
    let block = stereo
    guard try output.write(block.span) else {
      isStopped = true
      return 0
    }
    written.add(count, ordering: .acquiringAndReleasing)
    return count
  }

  /// What was written cannot be taken back.
  func flush() {}
  func end() {}
  func isPlaying() -> Bool { !isStopped && framesAhead > 0 }
  func stop() { isStopped = true }
  func finishPlaying() -> (seconds: Double, gaps: Int) { (Double(frames) / Double(sampleRate), 0) }

  func takePeak() -> Float {
    defer { peak = 0 }
    return peak
  }
}
