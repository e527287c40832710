internal import Audio
internal import Foundation
internal import Groundwork
internal import Performing

/// The sound devices that commands play through: those of ALSA, and JACK under the name `jack`.
enum SoundDevice {
  /// The name of JACK's server, or PipeWire's in its place.
  static let jack = "jack"
  /// What `--device` says of itself.
  static let help = "Sound device: a name of ALSA's, or jack for a JACK or PipeWire server."

  /// Opens a device.
  /// - Parameters:
  ///   - settings: Which, and how it is to play.
  ///   - common: Tells that a server has ended, and that it is back.
  /// - Throws: `AudioError.noDevice` or `.unsuitableDevice`.
  static func session(_ settings: PlaybackSettings, common: CommonOptions) throws -> PlaybackSession {
    guard settings.device == jack else { return try PlaybackSession(settings) }
    let client: JACKClient
    do throws(PortError) {
      client = try JACKClient(queueSeconds: settings.latencySeconds)
    } catch {
      throw NoServer(cause: error)
    }
    let session = PlaybackSession(
      device: client.soundDevice(), channelCount: settings.channelCount, queueSeconds: settings.queueSeconds)
    watch(client, session, common)
    return session
  }

  /// Why a device cannot be opened; nil if it can.
  static func problem(with name: String) -> String? {
    do {
      if name == jack {
        _ = try JACKClient(connectsSound: false)
      } else {
        _ = try ALSADevice(name: name)
      }
      return nil
    } catch let error as AudioError {
      switch error {
      case .noDevice(_, let reason, _), .unsuitableDevice(_, let reason): return reason
      default: return error.problem
      }
    } catch PortError.noJACKServer(let reason), PortError.noJACKLibrary(let reason) {
      return reason
    } catch {
      return "\(error)"
    }
  }

  /// Tells of the server's end and of its return, as long as somebody plays through the client.
  private static func watch(_ client: JACKClient, _ session: PlaybackSession, _ common: CommonOptions) {
    Thread.detachNewThread { [weak client, weak session] in
      var isGone = false
      var seen = 0
      while let isShutDown = client?.isShutDown, let reopenings = session?.counts.reopenings {
        // Counted anew with each file.
        seen = min(seen, reopenings)
        let isBack = reopenings > seen
        // It may have come back between two looks.
        if !isGone, isShutDown || isBack {
          common.remark("the JACK server has ended; the music goes on if it is back within five seconds")
          isGone = true
        }
        if isGone, isBack {
          common.remark("the JACK server is back")
          (isGone, seen) = (false, reopenings)
        }
        usleep(20_000)
      }
    }
  }

  /// JACK was asked for, and there is none: what a missing device of ALSA's is.
  private struct NoServer: DiagnosableError {
    var cause: PortError
    var kind: FailureKind { .cannotWrite }
    var message: String { cause.message }
  }
}
