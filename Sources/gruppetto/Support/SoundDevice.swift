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
      client = try JACKClient.sharedClient()
      client.watchServer { isBack in
        common.remark(
          isBack
            ? "the JACK server is back"
            : "the JACK server has ended; the music goes on if it is back within five seconds")
      }
    } catch {
      throw NoServer(cause: error)
    }
    return PlaybackSession(
      device: client.soundDevice(), channelCount: settings.channelCount, queueSeconds: settings.queueSeconds)
  }

  /// Says before ports are opened what device will play: JACK's ports and sound share a client.
  static func expect(_ name: String, latencySeconds: Double) {
    if name == jack { JACKClient.expectSound(queueSeconds: latencySeconds) }
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

  /// JACK was asked for, and there is none: what a missing device of ALSA's is.
  private struct NoServer: DiagnosableError {
    var cause: PortError
    var kind: FailureKind { .cannotWrite }
    var message: String { cause.message }
  }
}
