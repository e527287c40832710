internal import CALSA

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A playback device that ALSA knows by name.
public struct PlaybackDevice: Sendable, Equatable {
  /// The name to open it by, such as `default` or `plughw:CARD=PCH,DEV=0`.
  public var name: String
  /// ALSA's description, in one line.
  public var summary: String

  /// A device of this name.
  public init(name: String, summary: String) {
    self.name = name
    self.summary = summary
  }

  /// All playback devices of ALSA's configuration, in its order. That one is listed does not mean that it works.
  public static func all() -> [PlaybackDevice] {
    ALSALibrary.silence()
    var hints: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    guard snd_device_name_hint(-1, "pcm", &hints) == 0, let hints else { return [] }
    defer { snd_device_name_free_hint(hints) }
    var devices: [PlaybackDevice] = []
    var index = 0
    while let hint = hints[index] {
      index += 1
      guard value("IOID", of: hint) != "Input", let name = value("NAME", of: hint) else { continue }
      let summary = value("DESC", of: hint) ?? name
      devices.append(
        PlaybackDevice(name: name, summary: summary.split(separator: "\n").joined(separator: ", ")))
    }
    return devices
  }

  /// The devices that lead to a sound card or a sound server, without ALSA's many converters between formats.
  public static func useful() -> [PlaybackDevice] {
    all().filter { device in
      ["default", "pulse", "pipewire"].contains(device.name) || device.name.hasPrefix("plughw:")
    }
  }

  /// Whether there are sound cards, for MIDI too, and this user may use none of them.
  package static var areForbidden: Bool {
    let controls: [String] = (0..<32).map { "/dev/snd/controlC\($0)" }.filter { access($0, F_OK) == 0 }
    return !controls.isEmpty && controls.allSatisfy { access($0, R_OK | W_OK) != 0 }
  }

  private static func value(_ key: String, of hint: UnsafeMutableRawPointer) -> String? {
    guard let text = snd_device_name_get_hint(hint, key) else { return nil }
    defer { free(text) }
    return String(cString: text)
  }
}

/// Functions of ALSA's library as a whole.
enum ALSALibrary {
  private static let silenced: Void = { _ = gruppetto_alsa_silence() }()

  /// Keeps ALSA from printing diagnostics; errors are reported by their numbers.
  static func silence() { silenced }

  /// ALSA's description of one of its negative error numbers.
  static func words(_ code: Int) -> String {
    guard let text = snd_strerror(Int32(clamping: code)) else { return "error \(code)" }
    return String(cString: text).lowercased()
  }
}
