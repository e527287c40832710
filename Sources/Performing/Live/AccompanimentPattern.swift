public import Music

/// What bass, chords and drums do in a bar of a time signature, in eighth notes from the bar line.
public struct AccompanimentPattern: Sendable, Hashable {
  /// A stroke of a drum.
  public struct Stroke: Sendable, Hashable {
    /// The General MIDI drum key.
    public var key: Int
    /// 1...127.
    public var velocity: Int
  }

  /// How many eighth notes a bar has.
  public let length: Int
  /// Eighth notes in a felt beat: 2, or 3 where beats are felt in threes.
  public let beat: Int
  /// Where the bass plays the root, and where the fifth.
  public let roots: Set<Int>
  /// Where it plays the fifth.
  public let fifths: Set<Int>
  /// Where chords are struck.
  public let chords: Set<Int>
  /// The strokes at each eighth note.
  public let drums: [[Stroke]]

  private static let (kick, sideStick, snare, closedHat) = (36, 37, 38, 42)

  /// The pattern of a time signature: the bass on the bar line and where the bar is halved, chords between them, the snare where the bar
  /// is halved or on every second beat.
  public init(_ timeSignature: TimeSignature) {
    let length = max(1, timeSignature.numerator * 8 / timeSignature.denominator)
    let beat = timeSignature.isCompound ? 3 : 2
    self.length = length
    self.beat = beat
    let beats = Array(stride(from: 0, to: length, by: beat))
    let isEven = beats.count % 2 == 0
    // Beats that a bass marks: the first and the middle one, of odd bars the first alone.
    let strong = beats.enumerated().filter { isEven ? $0.offset % 2 == 0 : $0.offset == 0 }.map(\.element)
    if timeSignature.isCompound {
      roots = [0]
      fifths = Set(beats.dropFirst())
      chords = Set(beats.map { $0 + 2 }.filter { $0 < length })
    } else {
      roots = [0]
      fifths = Set(strong.dropFirst())
      chords = Set(beats.filter { !strong.contains($0) })
    }
    let backbeats = Set(
      timeSignature.isCompound && isEven
        ? beats.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        : beats.filter { !strong.contains($0) })
    drums = (0..<length).map { place in
      var strokes: [Stroke] = []
      if strong.contains(place) || place == 0 { strokes.append(Stroke(key: Self.kick, velocity: 88)) }
      if backbeats.contains(place) {
        strokes.append(Stroke(key: isEven ? Self.snare : Self.sideStick, velocity: isEven ? 76 : 60))
      }
      strokes.append(Stroke(key: Self.closedHat, velocity: place % beat == 0 ? 58 : 42))
      return strokes
    }
  }
}
