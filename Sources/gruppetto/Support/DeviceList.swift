internal import Audio
internal import Groundwork

/// `gruppetto play --list`: the devices that lead to a sound card or a sound server, each tried, and the one that would be played
/// through.
struct DeviceList {
  /// The device that `play` would open.
  let chosen: String
  let common: CommonOptions

  private struct Entry: Encodable {
    var name: String
    var summary: String
    /// Whether it can be opened now.
    var opens: Bool
    /// Why not.
    var problem: String?
    /// Whether `play` would play through it.
    var isChosen: Bool
  }

  private struct Report: Encodable {
    var devices: [Entry]
  }

  func run() throws {
    var devices = PlaybackDevice.useful()
    // Not looked for by ALSA: named where a server runs, or was asked for.
    if chosen == SoundDevice.jack || SoundDevice.problem(with: SoundDevice.jack) == nil {
      devices.append(
        PlaybackDevice(name: SoundDevice.jack, summary: "JACK, or PipeWire in its place"))
    }
    if !devices.contains(where: { $0.name == chosen }) {
      let known = PlaybackDevice.all().first { $0.name == chosen }
      devices.insert(known ?? PlaybackDevice(name: chosen, summary: chosen), at: 0)
    }
    let entries = devices.map { device in
      let problem = SoundDevice.problem(with: device.name)
      return Entry(
        name: device.name, summary: device.summary, opens: problem == nil, problem: problem,
        isChosen: device.name == chosen)
    }
    guard entries.contains(where: \.opens) || PlaybackDevice.useful().contains(where: { $0.name != chosen })
    else { throw NoPlaybackDevice() }
    try common.report(Report(devices: entries)) {
      Readable.table(
        entries.map { entry in
          let mark = entry.isChosen && entry.opens ? "*" : ""
          let state =
            entry.opens
            ? (entry.isChosen ? "would sound" : "opens")
            : "does not open: \(entry.problem ?? "")"
          return [mark, entry.name, state, entry.summary]
        })
    }
  }
}

/// There is no playback device.
struct NoPlaybackDevice: DiagnosableError {
  var kind: FailureKind { .cannotWrite }
  var message: String {
    "no sound card or sound server is available; write a sound file instead: gruppetto render FILE -o tune.wav"
  }
}
