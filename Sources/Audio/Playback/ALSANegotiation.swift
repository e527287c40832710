internal import CALSA

/// Why a device could not be set up.
struct PCMSetupFailure: Error {
  var reason: String
}

extension PCMSettings {
  /// A device asks for more this often: four times for what it holds, but no less often than this, in microseconds.
  private static let longestPeriod = 25_000.0

  /// Negotiates with an open device, and sets it up.
  init(negotiatedWith handle: OpaquePointer, _ request: PCMRequest) throws(PCMSetupFailure) {
    var hardware: OpaquePointer?
    try Self.check(snd_pcm_hw_params_malloc(&hardware), "its parameters")
    defer { snd_pcm_hw_params_free(hardware) }
    try Self.check(snd_pcm_hw_params_any(handle, hardware), "its parameters")
    // ALSA's own converter of rates interpolates linearly; a source that knows the true rate sounds better.
    _ = snd_pcm_hw_params_set_rate_resample(handle, hardware, 0)
    try Self.check(
      snd_pcm_hw_params_set_access(handle, hardware, SND_PCM_ACCESS_RW_INTERLEAVED), "interleaved samples")
    guard
      let format = request.formats.first(where: {
        snd_pcm_hw_params_test_format(handle, hardware, $0.code) == 0
      })
    else {
      let names = request.formats.map(\.rawValue).joined(separator: ", ")
      throw PCMSetupFailure(reason: "it supports none of \(names)")
    }
    try Self.check(
      snd_pcm_hw_params_set_format(handle, hardware, format.code), "samples in \(format.rawValue)")
    var channels = UInt32(clamping: request.channelCount)
    try Self.check(
      snd_pcm_hw_params_set_channels_near(handle, hardware, &channels), "\(request.channelCount) channels")
    var rate = UInt32(clamping: request.sampleRate)
    try Self.check(
      snd_pcm_hw_params_set_rate_near(handle, hardware, &rate, nil), "\(request.sampleRate) Hz")
    let latency = request.latencySeconds * 1e6
    var bufferTime = UInt32(latency)
    try Self.check(snd_pcm_hw_params_set_buffer_time_near(handle, hardware, &bufferTime, nil), "a buffer")
    var periodTime = UInt32(min(Self.longestPeriod, latency / 4))
    try Self.check(snd_pcm_hw_params_set_period_time_near(handle, hardware, &periodTime, nil), "a period")
    try Self.check(snd_pcm_hw_params(handle, hardware), "its parameters")
    var buffer: snd_pcm_uframes_t = 0
    try Self.check(snd_pcm_hw_params_get_buffer_size(hardware, &buffer), "its buffer's size")
    var period: snd_pcm_uframes_t = 0
    try Self.check(snd_pcm_hw_params_get_period_size(hardware, &period, nil), "its period's size")
    self.init(
      format: format, sampleRate: Int(rate), channelCount: Int(channels), bufferFrames: Int(buffer),
      periodFrames: max(1, min(Int(period), Int(buffer))))
    try startWhenFull(handle)
  }

  /// The device starts when its buffer is full, so that the first frames are not followed by an underrun.
  private func startWhenFull(_ handle: OpaquePointer) throws(PCMSetupFailure) {
    var software: OpaquePointer?
    try Self.check(snd_pcm_sw_params_malloc(&software), "its parameters")
    defer { snd_pcm_sw_params_free(software) }
    try Self.check(snd_pcm_sw_params_current(handle, software), "its parameters")
    let threshold = snd_pcm_uframes_t(max(1, bufferFrames / periodFrames * periodFrames))
    try Self.check(snd_pcm_sw_params_set_start_threshold(handle, software, threshold), "its start")
    try Self.check(
      snd_pcm_sw_params_set_avail_min(handle, software, snd_pcm_uframes_t(periodFrames)), "its period")
    try Self.check(snd_pcm_sw_params(handle, software), "its parameters")
  }

  private static func check(_ status: Int32, _ what: String) throws(PCMSetupFailure) {
    guard status < 0 else { return }
    throw PCMSetupFailure(reason: "\(what): \(ALSALibrary.words(Int(status)))")
  }
}
