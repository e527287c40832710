internal import Groundwork
internal import Music

/// Which MIDI channel each track of a score plays on.
struct ChannelAssignment {
  /// A channel for each track, 0...15.
  private(set) var channels: [Int]
  /// Tracks that had to take the channel of another program.
  private(set) var diagnostics = DiagnosticSink()

  /// Drums play on channel 9 and nothing else does. A track keeps the channel that it names; the others get a channel
  /// of their own while there are any, then that of a track with the same program, then any in turn.
  init(_ tracks: [Track]) {
    channels = tracks.map { track in
      if track.isDrum { return 9 }
      return track.channel.flatMap { (0...15).contains($0) && $0 != 9 ? $0 : nil } ?? -1
    }
    var free = (0..<16).filter { $0 != 9 && !channels.contains($0) }[...]
    var homes: [Int: Int] = [:]
    for (track, channel) in zip(tracks, channels) where channel >= 0 && !track.isDrum {
      homes[track.program ?? 0] = homes[track.program ?? 0] ?? channel
    }
    var turn = 0
    for index in tracks.indices where channels[index] < 0 {
      let program = tracks[index].program ?? 0
      if let channel = free.popFirst() {
        channels[index] = channel
        homes[program] = homes[program] ?? channel
      } else if let channel = homes[program] {
        channels[index] = channel
      } else {
        channels[index] = turn + (turn < 9 ? 0 : 1)
        turn = (turn + 1) % 15
        diagnostics.report(
          Diagnostic(
            rule: "shared-channel", action: .replaced, track: index,
            message: "track \(index + 1) shares channel \(channels[index] + 1) with another program: "
              + "a MIDI file has 15 channels for \(tracks.count) tracks"))
      }
    }
  }
}
