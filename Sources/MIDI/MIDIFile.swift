public import Groundwork

/// A Standard MIDI File (format 0, 1 or 2): tracks of timed events, and what a tick is.
///
/// Two files are equal when format, division and tracks are; diagnostics and places in the file are not compared.
public struct MIDIFile: Sendable, Equatable {
  /// 0: one track; 1: tracks that sound together; 2: tracks that are pieces of their own.
  public var format: Format
  /// What a tick is.
  public var division: MIDIDivision
  /// The tracks, in order.
  public var tracks: [MIDITrack]
  /// What the reader found to be wrong and how it went on, in the order of the bytes; the rules are those of `MIDIRule`.
  public var diagnostics: DiagnosticSink

  /// How the tracks belong together.
  public enum Format: Int, Sendable {
    /// Everything in one track.
    case singleTrack = 0
    /// Tracks that sound together; the first one holds the tempo map.
    case simultaneous = 1
    /// Each track is a sequence of its own.
    case independent = 2
  }

  /// A file of these tracks.
  public init(
    format: Format = .simultaneous, division: MIDIDivision = .ticksPerQuarter(480), tracks: [MIDITrack] = [],
    diagnostics: DiagnosticSink = DiagnosticSink()
  ) {
    self.format = format
    self.division = division
    self.tracks = tracks
    self.diagnostics = diagnostics
  }

  /// What the reader found to be wrong, a bounded number of each rule.
  public var warnings: [Diagnostic] { diagnostics.diagnostics }

  /// What of it tells that the file is damaged: content is missing or cannot be trusted.
  public var damage: [Diagnostic] { diagnostics.damage }

  /// The content of all text events (meta type 0x01), track by track, decoded.
  public var texts: [String] {
    tracks.flatMap { track in
      track.events.filter { $0.isMeta && $0.data1 == MIDITextKind.text.type }
        .map { MIDIText.decode(track.payload(of: $0)) }
    }
  }

  /// Adds a text event at the beginning of the first track, after all else at its tick.
  public mutating func addText(_ text: String) {
    if tracks.isEmpty { tracks = [MIDITrack()] }
    var addition = MIDITrack()
    addition.append(.meta(.text(.text, Array(text.utf8))), at: 0)
    tracks[0].merge(addition)
  }

  /// Whether format, division and tracks are the same.
  public static func == (a: MIDIFile, b: MIDIFile) -> Bool {
    a.format == b.format && a.division == b.division && a.tracks == b.tracks
  }

  /// Writes the file, atomically.
  /// - Throws: `FileError.unwritable`.
  public func write(to path: String, options: MIDIWritingOptions = MIDIWritingOptions()) throws(FileError) {
    try replaceFile(at: path, with: encoded(options: options))
  }
}

/// What a tick is: a part of a quarter note, or a part of a film frame.
public enum MIDIDivision: Sendable, Hashable {
  /// Ticks in a quarter note, 1...32,767; the tempo gives its duration.
  case ticksPerQuarter(Int)
  /// Ticks in real time: 24, 25, 29 (which stands for 29.97, drop frame) or 30 frames a second of 1...255 ticks each.
  case smpte(framesPerSecond: Int, ticksPerFrame: Int)

  /// The header's two bytes.
  var word: UInt16 {
    switch self {
    case .ticksPerQuarter(let ticks):
      precondition((1...32_767).contains(ticks), "\(ticks) ticks a quarter is outside 1...32767")
      return UInt16(ticks)
    case .smpte(let framesPerSecond, let ticksPerFrame):
      precondition([24, 25, 29, 30].contains(framesPerSecond), "\(framesPerSecond) frames is no SMPTE rate")
      precondition((1...255).contains(ticksPerFrame), "\(ticksPerFrame) ticks a frame is outside 1...255")
      return UInt16(UInt8(bitPattern: Int8(-framesPerSecond))) << 8 | UInt16(ticksPerFrame)
    }
  }
}
