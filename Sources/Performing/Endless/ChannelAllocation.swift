internal import Music

/// Which channel plays which part, piece after piece: a part goes on where its program is, so that instruments change seldom, and
/// otherwise takes the channel that has been silent for the longest time, so that nothing that dies away is disturbed.
struct ChannelAllocation {
  private struct Place {
    var program: Int?
    /// The number of the piece in which it was used last.
    var lastUse = -1
  }

  private var places = [Place](repeating: Place(), count: 16)

  /// Channels of parts with pitches.
  private static let pitched = (0..<16).filter { $0 != PerformedPart.drumChannel }

  /// Gives parts their channels.
  /// - Parameters:
  ///   - parts: The parts of a piece, whose programs are known.
  ///   - piece: The number of the piece.
  mutating func assign(_ parts: inout [PerformedPart], piece: Int) {
    var taken: Set<Int> = []
    var open: [Int] = []
    for index in parts.indices {
      if parts[index].isDrum {
        parts[index].channel = PerformedPart.drumChannel
        continue
      }
      let own = Self.pitched.first { places[$0].program == parts[index].program && !taken.contains($0) }
      guard let own else {
        open.append(index)
        continue
      }
      parts[index].channel = own
      taken.insert(own)
    }
    for index in open {
      let free = Self.pitched.filter { !taken.contains($0) }
      // Beyond fifteen parts some share a channel, those of the same program first.
      let shared = Self.pitched.first { places[$0].program == parts[index].program } ?? Self.pitched[0]
      let channel = free.min { (places[$0].lastUse, $0) < (places[$1].lastUse, $1) } ?? shared
      parts[index].channel = channel
      if free.isEmpty { parts[index].program = places[channel].program ?? parts[index].program }
      places[channel].program = parts[index].program
      taken.insert(channel)
    }
    for channel in taken { places[channel].lastUse = piece }
  }
}
