internal import CALSA

/// ALSA's library as ports use it.
enum ALSAPorts {
  private static let silenced: Void = { _ = gruppetto_alsa_silence() }()

  /// Keeps ALSA from printing; errors come back as numbers.
  static func silence() { silenced }

  /// ALSA's description of one of its negative error numbers.
  static func words(_ code: Int32) -> String {
    guard let text = snd_strerror(code) else { return "error \(code)" }
    return String(cString: text).lowercased()
  }
}
