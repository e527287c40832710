/// What a device is asked for before it is opened.
public struct PCMRequest: Sendable, Equatable {
  /// Frames per second in Hz; the device may settle on another rate.
  public var sampleRate: Int
  /// Samples in a frame; the device may settle on another number.
  public var channelCount: Int
  /// How samples can be given, the most wanted first.
  public var formats: [PCMFormat]
  /// How much sound the device is to hold, in seconds; it settles on what it can.
  public var latencySeconds: Double

  /// By default 44,100 Hz, stereo, in any format, 20 ms.
  public init(
    sampleRate: Int = 44_100, channelCount: Int = 2, formats: [PCMFormat] = PCMFormat.preferred,
    latencySeconds: Double = 0.02
  ) {
    self.sampleRate = sampleRate
    self.channelCount = channelCount
    self.formats = formats
    self.latencySeconds = latencySeconds
  }
}

/// What was negotiated with a device.
public struct PCMSettings: Sendable, Equatable {
  /// How it takes its samples.
  public var format: PCMFormat
  /// Frames per second, in Hz.
  public var sampleRate: Int
  /// Samples in a frame.
  public var channelCount: Int
  /// How many frames it holds before it has played them.
  public var bufferFrames: Int
  /// After how many frames it asks for more.
  public var periodFrames: Int

  /// Settings as given.
  public init(
    format: PCMFormat, sampleRate: Int, channelCount: Int, bufferFrames: Int, periodFrames: Int
  ) {
    self.format = format
    self.sampleRate = sampleRate
    self.channelCount = channelCount
    self.bufferFrames = bufferFrames
    self.periodFrames = periodFrames
  }

  /// Bytes of one frame.
  public var frameByteCount: Int { channelCount * format.byteCount }
  /// How much sound the device holds, in seconds.
  public var latencySeconds: Double { Double(bufferFrames) / Double(sampleRate) }
}

/// What a device is doing.
public enum PCMState: Sendable {
  /// It takes frames and has not started to play them.
  case ready
  /// It plays.
  case running
  /// It plays what it holds, and takes nothing more.
  case draining
  /// It has run out of frames and stopped.
  case underrun
  /// The system has suspended it.
  case suspended
  /// It was unplugged.
  case disconnected
  /// It is none of these, as before it is prepared.
  case idle
}

/// A device that takes frames at the pace at which they sound: what a `PlaybackSession` needs to know of one.
///
/// The functions are those of ALSA's PCM interface, with its way to report failures: a negative number of the system, such as
/// `-EPIPE`. One thread at a time calls them: whoever has opened the device, then the audio thread. Apart from `wait`,
/// `rest` and `reopen` they do not wait.
public protocol PCMDevice: AnyObject, Sendable {
  /// The name that the device was opened by, for messages.
  var name: String { get }
  /// What was negotiated. It stays the same when the device is opened again.
  var settings: PCMSettings { get }
  /// What the device is doing.
  var state: PCMState { get }
  /// How many frames were written that have not been heard yet; 0 if that is not known.
  var delay: Int { get }

  /// Makes the device ready to take frames, at the beginning and after an underrun.
  /// - Returns: 0 or a negative number of the system.
  func prepare() -> Int32
  /// Starts to play what was written, if it is less than what starts the device by itself.
  /// - Returns: 0 or a negative number of the system.
  func start() -> Int32
  /// Writes frames.
  /// - Parameter frames: Whole frames in the negotiated format, interleaved.
  /// - Returns: How many frames were taken; `-EAGAIN` where there is no room, `-EPIPE` after an underrun, `-ESTRPIPE` while
  ///   it is suspended, `-ENODEV` where it was unplugged; 0 is the same as `-EAGAIN`.
  func write(_ frames: RawSpan) -> Int
  /// Waits until there is room for a period.
  /// - Parameter milliseconds: How long at most.
  func wait(milliseconds: Int)
  /// Lets time pass.
  /// - Parameter microseconds: How long, at most a second.
  func rest(microseconds: Int)
  /// Ends a suspension, without losing what the device holds.
  /// - Returns: 0, `-EAGAIN` where the device is still suspended, or a negative number where it needs `prepare`.
  func resume() -> Int32
  /// Asks that what was written be played to the end.
  /// - Returns: 0 once it was heard, `-EAGAIN` until then, or a negative number of the system.
  func drain() -> Int32
  /// Stops at once and forgets what was written.
  func drop()
  /// Opens a device anew that was lost, with the settings that it had.
  /// - Returns: 0 or a negative number of the system.
  func reopen() -> Int32
}

extension PCMFormat {
  /// All formats, the most exact first.
  public static let preferred: [PCMFormat] = [.float32, .int32, .int24, .int16]
}
