internal import CALSA

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// An open ALSA playback device, set up and ready to take frames.
///
/// One thread at a time may use it: the caller's until playing begins, then the audio thread.
final class PCMOutput: @unchecked Sendable {
  /// The settings that were negotiated with the device.
  struct Settings: Sendable, Equatable {
    var format = PCMFormat.int16
    var sampleRate = 0
    var channelCount = 0
    /// Frames that the device holds before it has played them.
    var bufferFrames = 0
    /// Frames after which the device asks for more.
    var periodFrames = 0
  }

  let name: String
  let settings: Settings
  /// How often the device ran out of frames.
  private(set) var underrunCount = 0

  private let handle: OpaquePointer

  /// How much sound the device is asked to hold, in microseconds: it covers pauses of this process, and it is how long
  /// sound continues after a request to stop.
  private static let bufferTime: UInt32 = 200_000
  private static let periodTime: UInt32 = 25_000

  /// Opens the device and negotiates: the first of `formats` that it takes, and the rate and channels nearest to those
  /// wanted.
  /// - Throws: `AudioError.noDevice` or `.unsuitableDevice`.
  init(name: String, formats: [PCMFormat], sampleRate: Int, channelCount: Int) throws(AudioError) {
    ALSALibrary.silence()
    var opened: OpaquePointer?
    // Opened without blocking, a device that another program holds is an error instead of a wait.
    let status = snd_pcm_open(&opened, name, SND_PCM_STREAM_PLAYBACK, Int32(SND_PCM_NONBLOCK))
    guard status == 0, let handle = opened else {
      let others = PlaybackDevice.useful().map(\.name).filter { $0 != name }
      throw .noDevice(name: name, reason: ALSALibrary.words(Int(status)), others: others)
    }
    do throws(SetupFailure) {
      settings = try Self.negotiate(handle, formats, sampleRate, channelCount)
    } catch {
      snd_pcm_close(handle)
      throw .unsuitableDevice(name: name, reason: error.reason)
    }
    self.name = name
    self.handle = handle
  }

  deinit { snd_pcm_close(handle) }

  /// Makes the device ready to start again.
  func prepare() -> Int32 {
    underrunCount = 0
    return snd_pcm_prepare(handle)
  }

  /// Frames that were written and have not been heard yet.
  var delay: Int {
    var frames: snd_pcm_sframes_t = 0
    return snd_pcm_delay(handle, &frames) == 0 ? max(0, Int(frames)) : 0
  }

  /// Writes frames, waiting for the device to take them, and recovers from underruns and suspensions.
  /// - Parameter isWaitedFor: called after every attempt with whether the device took anything; false gives the device up.
  /// - Returns: 0, or ALSA's negative number for why the device failed; `-ETIMEDOUT` when it was given up.
  func write(
    _ bytes: UnsafeRawPointer, frames: Int, isWaitedFor: (_ hasProgressed: Bool) -> Bool
  ) -> Int32 {
    let frameSize = settings.channelCount * settings.format.byteCount
    var done = 0
    while done < frames {
      let count = snd_pcm_writei(handle, bytes + done * frameSize, snd_pcm_uframes_t(frames - done))
      guard isWaitedFor(count > 0) else { return -ETIMEDOUT }
      if count > 0 {
        done += Int(count)
      } else if count == 0 || count == -Int(EAGAIN) {
        snd_pcm_wait(handle, 100)
      } else {
        if count == -Int(EPIPE) { underrunCount += 1 }
        let recovered = snd_pcm_recover(handle, Int32(clamping: count), 1)
        if recovered < 0 { return recovered }
      }
    }
    return 0
  }

  /// Waits until all that was written has been heard.
  /// - Parameter isWaitedFor: called after every attempt with whether the device played on; false gives the device up.
  /// - Returns: 0, `-ETIMEDOUT` when the device was given up, or ALSA's negative number for why it is lost.
  func drain(isWaitedFor: (_ hasProgressed: Bool) -> Bool) -> Int32 {
    // A piece shorter than the buffer has not started by itself.
    if snd_pcm_state(handle) == SND_PCM_STATE_PREPARED { snd_pcm_start(handle) }
    var rest = Int.max
    // The handle does not block, so that a drain that takes time says EAGAIN and continues by itself.
    while true {
      let status = snd_pcm_drain(handle)
      // A device that is gone has not played to the end; an underrun at the end has.
      if status != -EAGAIN { return status < 0 && status != -EPIPE ? status : 0 }
      let state = snd_pcm_state(handle)
      if state == SND_PCM_STATE_DISCONNECTED { return -ENODEV }
      guard state == SND_PCM_STATE_DRAINING || state == SND_PCM_STATE_RUNNING else { break }
      let delay = delay
      guard isWaitedFor(delay < rest) else {
        snd_pcm_drop(handle)
        return -ETIMEDOUT
      }
      rest = min(rest, delay)
      usleep(5000)
    }
    return 0
  }
}

/// Why a device could not be set up.
private struct SetupFailure: Error {
  var reason: String
}

extension PCMOutput {
  private static func negotiate(
    _ handle: OpaquePointer, _ formats: [PCMFormat], _ sampleRate: Int, _ channelCount: Int
  ) throws(SetupFailure) -> Settings {
    var hardware: OpaquePointer?
    try check(snd_pcm_hw_params_malloc(&hardware), "its parameters")
    defer { snd_pcm_hw_params_free(hardware) }
    try check(snd_pcm_hw_params_any(handle, hardware), "its parameters")
    try check(
      snd_pcm_hw_params_set_access(handle, hardware, SND_PCM_ACCESS_RW_INTERLEAVED), "interleaved samples")
    guard let format = formats.first(where: { snd_pcm_hw_params_test_format(handle, hardware, $0.code) == 0 })
    else {
      throw SetupFailure(reason: "it supports none of \(formats.map(\.rawValue).joined(separator: ", "))")
    }
    try check(snd_pcm_hw_params_set_format(handle, hardware, format.code), "samples in \(format.rawValue)")
    var channels = UInt32(clamping: channelCount)
    try check(snd_pcm_hw_params_set_channels_near(handle, hardware, &channels), "\(channelCount) channels")
    var rate = UInt32(clamping: sampleRate)
    try check(snd_pcm_hw_params_set_rate_near(handle, hardware, &rate, nil), "\(sampleRate) Hz")
    var bufferTime = bufferTime
    try check(snd_pcm_hw_params_set_buffer_time_near(handle, hardware, &bufferTime, nil), "a buffer")
    var periodTime = periodTime
    try check(snd_pcm_hw_params_set_period_time_near(handle, hardware, &periodTime, nil), "a period")
    try check(snd_pcm_hw_params(handle, hardware), "its parameters")
    var buffer: snd_pcm_uframes_t = 0
    try check(snd_pcm_hw_params_get_buffer_size(hardware, &buffer), "its buffer's size")
    var period: snd_pcm_uframes_t = 0
    try check(snd_pcm_hw_params_get_period_size(hardware, &period, nil), "its period's size")
    let settings = Settings(
      format: format, sampleRate: Int(rate), channelCount: Int(channels), bufferFrames: Int(buffer),
      periodFrames: max(1, Int(period)))
    try startWhenFull(handle, settings)
    return settings
  }

  /// The device starts when its buffer is full, so that the first frames are not followed by an underrun.
  private static func startWhenFull(_ handle: OpaquePointer, _ settings: Settings) throws(SetupFailure) {
    var software: OpaquePointer?
    try check(snd_pcm_sw_params_malloc(&software), "its parameters")
    defer { snd_pcm_sw_params_free(software) }
    try check(snd_pcm_sw_params_current(handle, software), "its parameters")
    let periods = settings.bufferFrames / settings.periodFrames
    let threshold = snd_pcm_uframes_t(max(1, periods * settings.periodFrames))
    try check(snd_pcm_sw_params_set_start_threshold(handle, software, threshold), "its start")
    let period = snd_pcm_uframes_t(settings.periodFrames)
    try check(snd_pcm_sw_params_set_avail_min(handle, software, period), "its period")
    try check(snd_pcm_sw_params(handle, software), "its parameters")
  }

  private static func check(_ status: Int32, _ what: String) throws(SetupFailure) {
    guard status < 0 else { return }
    throw SetupFailure(reason: "\(what): \(ALSALibrary.words(Int(status)))")
  }
}
