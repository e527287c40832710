internal import Music

/// A place between left and right for each part of a score that says nothing about it, as players sit in a band or an
/// orchestra, seen from the audience.
///
/// Drums, basses and timpani are in the middle, and so is a part that is alone. The other instruments are put in the order in
/// which they usually sit and spread evenly, the further the more there are, but never beyond half of the way to one side: so a
/// mix stays balanced whatever it consists of. Several parts of one keyboard share its place, as two hands do; several players of another instrument
/// sit beside each other. A score in which any part has a pan controller is left as it is.
enum StereoPlacement {
  /// The controller of pan: 0 left, 64 middle, 127 right.
  private static let pan = 10
  /// How far the outermost sit, by their number, as a share of the way to one side.
  private static let widths: [Double] = [0, 0, 0.25, 0.34, 0.4, 0.45]
  private static let greatestWidth = 0.5

  /// The score with a pan controller at the beginning of each part that is not in the middle.
  static func placed(_ score: Score) -> Score {
    let tracks = score.tracks
    let hasPan = tracks.contains { $0.controlChanges.contains { $0.controller == pan } }
    guard !hasPan else { return score }
    let seats = tracks.map { $0.notes.isEmpty ? nil : seat(of: $0) }
    // Parts of the same seat and channel sound through one set of controllers.
    var chairs: [Chair] = []
    for (track, seat) in zip(tracks, seats) {
      guard let seat else { continue }
      let chair = Chair(seat: seat, player: isShared(track) ? 0 : track.channel ?? -1)
      if !chairs.contains(chair) { chairs.append(chair) }
    }
    chairs.sort { ($0.seat, $0.player) < ($1.seat, $1.player) }
    guard chairs.count > 1 else { return score }
    let width = chairs.count < widths.count ? widths[chairs.count] : greatestWidth
    var result = score
    for (index, track) in tracks.enumerated() {
      guard let seat = seats[index] else { continue }
      let chair = Chair(seat: seat, player: isShared(track) ? 0 : track.channel ?? -1)
      guard let place = chairs.firstIndex(of: chair) else { continue }
      let position = width * (2 * Double(place) / Double(chairs.count - 1) - 1)
      result.tracks[index].controlChanges.insert(
        ControlChange(tick: 0, controller: pan, value: 64 + Int((63 * position).rounded())), at: 0)
    }
    return result
  }

  private struct Chair: Hashable {
    var seat: Int
    var player: Int
  }

  /// Whether all parts of its instrument are one player's.
  private static func isShared(_ track: Track) -> Bool { (track.program ?? 0) < 24 }

  /// Where an instrument sits, from left to right; nil in the middle, whatever the others are.
  private static func seat(of track: Track) -> Int? {
    guard !track.isDrum else { return nil }
    let program = min(max(track.program ?? 0, 0), 127)
    switch program {
    case 0...7: return 50  // Pianos: their own stereo is wide enough.
    case 8...15: return 75  // Mallets.
    case 16...23: return 30  // Organs, accordions.
    case 24...31: return 65  // Guitars.
    case 32...39, 43, 47: return nil  // Basses, contrabass, timpani.
    case 40, 110: return 10  // Violin, fiddle.
    case 41: return 60
    case 42: return 80
    case 44, 45, 48...51: return 20  // String sections.
    case 46: return 5  // Harp.
    case 52...54: return 45  // Choirs.
    case 55: return nil
    case 56, 59: return 70  // Trumpets.
    case 57: return 78
    case 58: return 85
    case 60: return 25  // Horn.
    case 61...63: return 72
    case 64...67: return 62  // Saxophones.
    case 68, 69: return 55  // Oboe, English horn.
    case 70: return 58
    case 71: return 42
    case 72...79: return 40  // Flutes.
    case 80...87: return 48  // Leads.
    case 88...95: return 35  // Pads.
    case 96...103: return 66
    case 104...111: return 68
    case 112...119: return 76
    default: return nil
    }
  }
}
