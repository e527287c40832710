/// How a `PlaybackSession` plays.
public struct PlaybackSettings: Sendable, Equatable {
  /// ALSA's name of the device.
  public var device: String
  /// How much sound the device holds, in seconds, one of `latencies`; it settles on what it can. A command is heard after about
  /// as long, and the sound survives this process being held up for about as long.
  public var latencySeconds: Double
  /// How much sound the queue in front of the device holds, in seconds, from 0.001 to 60. Whoever plays what is known beforehand takes a
  /// long one, whoever answers to a player a short one.
  public var queueSeconds: Double
  /// The wanted rate in Hz; the device may settle on another.
  public var sampleRate: Int
  /// Samples in a frame as they are given to the session, from 1 to 64. The device may have another number: the session maps them.
  public var channelCount: Int
  /// How samples can be given to the device, the most wanted first.
  public var formats: [PCMFormat]

  /// The latencies that can be asked for, in seconds.
  public static let latencies = 0.005...1.0
  /// The latency that is taken where none is asked for, in seconds: short enough that keys answer at once, long enough for a sound server
  /// and a machine that has other work.
  public static let usualLatency = 0.02

  /// Settings; the device is ALSA's `default`, at 44,100 Hz in stereo.
  public init(
    device: String = "default", latencySeconds: Double = PlaybackSettings.usualLatency,
    queueSeconds: Double = 0.25,
    sampleRate: Int = 44_100, channelCount: Int = 2, formats: [PCMFormat] = PCMFormat.preferred
  ) {
    self.device = device
    self.latencySeconds = latencySeconds
    self.queueSeconds = queueSeconds
    self.sampleRate = sampleRate
    self.channelCount = channelCount
    self.formats = formats
  }

  /// What is asked of the device.
  var request: PCMRequest {
    let latency = min(max(latencySeconds, Self.latencies.lowerBound), Self.latencies.upperBound)
    return PCMRequest(
      sampleRate: sampleRate, channelCount: channelCount, formats: formats, latencySeconds: latency)
  }
}

/// What was played.
public struct PlaybackResult: Sendable, Equatable {
  /// How many frames the device was given, silence in gaps and pauses included.
  public var frameCount: Int
  /// At how many frames per second, in Hz.
  public var sampleRate: Int
  /// What went wrong on the way.
  public var counts: PlaybackCounts
  /// Whether it was stopped before its end.
  public var isCancelled: Bool

  /// How long it sounded, in seconds.
  public var seconds: Double { Double(frameCount) / Double(sampleRate) }
}
