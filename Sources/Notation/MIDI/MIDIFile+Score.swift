public import Groundwork
public import MIDI
public import Music

extension MIDIFile {
  /// A file of format 1 with the content of the score: a first track with title, tempo, time signature, key and markers, then a
  /// track for each of the score's, all as long as the score; but a track that ends more than 2²⁸ ticks before the score
  /// ends with its last event, as the pause would have to be bridged by events.
  ///
  /// Tracks without a channel are given one: drums the tenth, the others what is free; where more parts than channels
  /// sound they share those of their own program, and `ScoreWriting` reports those that could not. What is read back is
  /// the same score, except for what MIDI has no place for: the pickup, release velocities, a note that both
  /// begins and ends within another of its pitch in the same part.
  /// - Throws: `ScoreError.unrepresentable` for values outside MIDI's ranges.
  public init(score: Score) throws(ScoreError) {
    self = try ScoreWriting(score).file
  }
}

/// A MIDI file made of a score, and what could not be kept.
public struct ScoreWriting: Sendable {
  /// The file.
  public private(set) var file: MIDIFile
  /// What could not be represented exactly.
  public private(set) var warnings: [Diagnostic]

  /// Makes a MIDI file of a score, as `MIDIFile.init(score:)` describes.
  /// - Throws: `ScoreError.unrepresentable` for values outside MIDI's ranges.
  public init(_ score: Score) throws(ScoreError) {
    let length = max(score.length, score.lastNoteEnd)
    let assignment = ChannelAssignment(score.tracks)
    var tracks = [try Self.conductorTrack(of: score, length: length)]
    tracks.reserveCapacity(score.tracks.count + 1)
    for (track, channel) in zip(score.tracks, assignment.channels) {
      tracks.append(try PartWriter(track, channel: channel).track(length: length))
    }
    guard tracks.count <= 65_535 else { throw .unrepresentable("\(score.tracks.count) tracks") }
    file = MIDIFile(
      format: .simultaneous, division: .ticksPerQuarter(score.ticksPerQuarter), tracks: tracks)
    warnings = assignment.diagnostics.diagnostics
  }

  private struct Event: TickOrdered {
    var tick: Int
    var message: MIDIMessage
  }

  /// The most bytes that a text or another payload may have, the limit of four bytes of length.
  static let payloadLimit = 0x0FFF_FFFF

  /// A meta event of text.
  static func text(_ kind: MIDITextKind, _ text: String) throws(ScoreError) -> MIDIMessage {
    guard text.utf8.count <= payloadLimit else {
      throw .unrepresentable("a text of \(text.utf8.count) bytes")
    }
    return .meta(.text(kind, Array(text.utf8)))
  }

  private static func conductorTrack(of score: Score, length: Int) throws(ScoreError) -> MIDITrack {
    var events: [Event] = []
    for event in score.otherEvents { events.append(Event(tick: event.tick, message: try event.message)) }
    for change in score.tempos {
      guard (1...0xFF_FFFF).contains(change.microsecondsPerQuarter) else {
        throw .unrepresentable("a tempo of \(change.microsecondsPerQuarter) µs per quarter note")
      }
      events.append(Event(tick: change.tick, message: .meta(.tempo(change.microsecondsPerQuarter))))
    }
    for change in score.timeSignatures {
      events.append(Event(tick: change.tick, message: .meta(try change.meta)))
    }
    for change in score.keys {
      guard (-7...7).contains(change.fifths) else {
        throw .unrepresentable("a key signature of \(change.fifths) sharps")
      }
      events.append(
        Event(
          tick: change.tick, message: .meta(.keySignature(fifths: change.fifths, isMinor: change.isMinor))))
    }
    for marker in score.markers {
      events.append(Event(tick: marker.tick, message: try text(.marker, marker.text)))
    }
    var track = MIDITrack()
    if let title = score.title { track.append(try text(.trackName, title), at: 0) }
    for event in events.stablySorted() {
      guard event.tick >= 0 else { throw .unrepresentable("an event at tick \(event.tick)") }
      track.append(event.message, at: event.tick)
    }
    track.end(at: max(length, track.length))
    return track
  }
}

extension TimeSignatureChange {
  /// The time signature, with a click for each beat: a dotted one where it is compound.
  var meta: MIDIMeta {
    get throws(ScoreError) {
      let denominator = timeSignature.denominator
      guard denominator <= 64 else { throw .unrepresentable("the time signature \(timeSignature)") }
      return .timeSignature(
        numerator: timeSignature.numerator, denominatorPower: denominator.trailingZeroBitCount,
        clocksPerClick: max(1, 96 / denominator * (timeSignature.isCompound ? 3 : 1)),
        thirtySecondsPerQuarter: 8)
    }
  }
}

extension OpaqueEvent {
  /// The message that it is.
  var message: MIDIMessage {
    get throws(ScoreError) {
      guard payload.count <= ScoreWriting.payloadLimit else {
        throw .unrepresentable("an event of \(payload.count) bytes")
      }
      return switch type {
      case 0xF0: .systemExclusive(payload)
      case 0xF7: .escape(payload)
      case 0x00..<0x2F, 0x30...0x7F: .meta(.other(type: type, payload))
      default: throw .unrepresentable("a meta event of type \(type)")
      }
    }
  }
}
