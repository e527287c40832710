internal import CALSA

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A playback device of ALSA: a sound card, or a plugin that leads to a sound server or a file.
///
/// One thread at a time may use it: the caller's until playing begins, then the audio thread.
public final class ALSADevice: PCMDevice, @unchecked Sendable {
  /// ALSA's name of it.
  public let name: String
  /// What was negotiated.
  public let settings: PCMSettings

  private let request: PCMRequest
  /// Closed only where the device is given up or opened again; nil where that failed so far.
  private var handle: OpaquePointer?

  /// Opens a device and negotiates: the first of the formats that it takes, the rate and channels nearest to those wanted, and
  /// a buffer of about the latency.
  /// - Parameters:
  ///   - name: ALSA's name, such as `default` or `plughw:CARD=PCH,DEV=0`.
  ///   - request: What is wanted.
  /// - Throws: `AudioError.noDevice` or `.unsuitableDevice`.
  public init(name: String, request: PCMRequest = PCMRequest()) throws(AudioError) {
    ALSALibrary.silence()
    let handle: OpaquePointer
    do throws(SystemFailure) {
      handle = try Self.open(name)
    } catch {
      let others = PlaybackDevice.useful().map(\.name).filter { $0 != name }
      throw .noDevice(name: name, reason: error.words, others: others)
    }
    do throws(PCMSetupFailure) {
      settings = try PCMSettings(negotiatedWith: handle, request)
    } catch {
      snd_pcm_close(handle)
      throw .unsuitableDevice(name: name, reason: error.reason)
    }
    self.name = name
    self.request = request
    self.handle = handle
  }

  deinit { if let handle { snd_pcm_close(handle) } }

  /// Why a call failed.
  private struct SystemFailure: Error {
    var code: Int32
    var words: String {
      switch code {
      case -EBUSY: "another program is using it"
      case -EACCES, -EPERM: Self.forbidden
      // What ALSA reports of cards that it may not ask.
      case -ENOENT, -ENODEV: PlaybackDevice.areForbidden ? Self.forbidden : ALSALibrary.words(Int(code))
      default: ALSALibrary.words(Int(code))
      }
    }

    private static var forbidden: String {
      "this user may not use it; join the group audio by sudo usermod -aG audio USER, and log in again"
    }
  }

  /// Opened without blocking, a device that another program holds is an error instead of a wait.
  private static func open(_ name: String) throws(SystemFailure) -> OpaquePointer {
    var opened: OpaquePointer?
    let status = RealTimePriority.lend {
      snd_pcm_open(&opened, name, SND_PCM_STREAM_PLAYBACK, Int32(SND_PCM_NONBLOCK))
    }
    guard status == 0, let opened else { throw SystemFailure(code: status == 0 ? -ENODEV : status) }
    return opened
  }

  /// What the device is doing.
  public var state: PCMState {
    guard let handle else { return .disconnected }
    return switch snd_pcm_state(handle) {
    case SND_PCM_STATE_PREPARED: .ready
    case SND_PCM_STATE_RUNNING: .running
    case SND_PCM_STATE_DRAINING: .draining
    case SND_PCM_STATE_XRUN: .underrun
    case SND_PCM_STATE_SUSPENDED: .suspended
    case SND_PCM_STATE_DISCONNECTED: .disconnected
    default: .idle
    }
  }

  /// Frames that were written and have not been heard yet.
  public var delay: Int {
    guard let handle else { return 0 }
    var frames: snd_pcm_sframes_t = 0
    return snd_pcm_delay(handle, &frames) == 0 ? max(0, Int(frames)) : 0
  }

  /// Makes the device ready to take frames.
  public func prepare() -> Int32 { using { snd_pcm_prepare($0) } }

  /// Starts to play what was written.
  public func start() -> Int32 { using { snd_pcm_start($0) } }

  /// Writes frames, as many as there is room for.
  public func write(_ frames: RawSpan) -> Int {
    guard let handle else { return -Int(ENODEV) }
    return frames.withUnsafeBytes { bytes in
      let count = snd_pcm_uframes_t(bytes.count / settings.frameByteCount)
      return Int(snd_pcm_writei(handle, bytes.baseAddress, count))
    }
  }

  /// Waits for room.
  public func wait(milliseconds: Int) { _ = using { snd_pcm_wait($0, Int32(clamping: milliseconds)) } }

  /// Sleeps.
  public func rest(microseconds: Int) { usleep(UInt32(clamping: microseconds)) }

  /// Ends a suspension.
  public func resume() -> Int32 { using { snd_pcm_resume($0) } }

  /// Plays what was written to the end. The handle does not block: the drain continues by itself.
  public func drain() -> Int32 { using { snd_pcm_drain($0) } }

  /// Stops at once.
  public func drop() { _ = using { snd_pcm_drop($0) } }

  private func using(_ body: (OpaquePointer) -> Int32) -> Int32 { handle.map(body) ?? -ENODEV }

  /// Opens the device of this name again, as it was.
  /// - Returns: 0, or a negative number of the system; `-EINVAL` where there is now one of other settings.
  public func reopen() -> Int32 {
    // As long as it is held, a card that has one stream is busy, and one whose driver went cannot come back.
    if let handle { snd_pcm_close(handle) }
    handle = nil
    do throws(SystemFailure) {
      let opened = try Self.open(name)
      var same = request
      same.formats = [settings.format]
      same.sampleRate = settings.sampleRate
      same.channelCount = settings.channelCount
      let negotiated = try? PCMSettings(negotiatedWith: opened, same)
      guard let negotiated, negotiated.sampleRate == settings.sampleRate,
        negotiated.channelCount == settings.channelCount
      else {
        snd_pcm_close(opened)
        return -EINVAL
      }
      handle = opened
      return 0
    } catch {
      return error.code
    }
  }
}
