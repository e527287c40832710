internal import Music

/// A part of a score as a renderer takes it: the tracks that sound through one set of controllers.
public struct RenderedPart: Sendable, Hashable {
  /// The names of its tracks, or its instrument's where they have none.
  public var name: String
  /// The General MIDI program that it begins with, 0...127.
  public var program: Int
  /// Whether its keys are drums.
  public var isDrum: Bool
  /// How many notes it has.
  public var noteCount: Int
}

extension Timeline {
  /// The parts, in the order of the channels.
  /// - Parameter score: What the timeline was made of, or the same score before it was given expression.
  func parts(of score: Score) -> [RenderedPart] {
    var parts = channels.map { channel in
      let instrument = channel.isDrum ? "Drums" : GeneralMIDI.programName(channel.program)
      return RenderedPart(
        name: instrument ?? "Part", program: channel.program, isDrum: channel.isDrum, noteCount: 0)
    }
    var names = [[String]](repeating: [], count: parts.count)
    for (track, channel) in zip(score.tracks, channelOfTrack) {
      parts[channel].noteCount += track.notes.count
      if !track.name.isEmpty, !track.notes.isEmpty, !names[channel].contains(track.name) {
        names[channel].append(track.name)
      }
    }
    for index in parts.indices where !names[index].isEmpty {
      parts[index].name = names[index].joined(separator: ", ")
    }
    return parts
  }
}
