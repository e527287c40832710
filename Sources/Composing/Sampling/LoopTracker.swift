internal import Music
internal import Tokenization

/// Knows of a piece on its way whether it is in a loop, and which ids would go on with it. It is a value: a copy continues by itself.
struct LoopTracker: Sendable {
  /// By how many nats an id that goes on with a loop becomes less likely each time.
  var strength = 0.0

  /// What stays the same in all copies.
  private final class Fixed: Sendable {
    let roles: TokenRoles
    /// For each id how many bars ago the music is that it copies, 0 for none.
    let lags: [Int]
    /// The ids that copy music of one bar ago, of two, and so on.
    let idsByLag: [[Int32]]

    init(_ roles: TokenRoles) {
      self.roles = roles
      lags = (0..<Int32(roles.count)).map { id in
        guard case .copy(let lag, ofRhythm: false)? = roles.values(of: id).first else { return 0 }
        return lag
      }
      let longest = lags.max() ?? 0
      var ids = Array(repeating: [Int32](), count: longest + 1)
      for (id, lag) in lags.enumerated() where lag > 0 { ids[lag].append(Int32(id)) }
      idsByLag = ids
    }
  }

  private let fixed: Fixed
  private var decoder: any TokenDecoder
  private var music = DecodedMusic()
  /// What each complete bar has to be heard, in one number.
  private(set) var bars = Recurrence<UInt64>(longestPeriod: Self.longestPeriodOfBars)
  /// The ids within the bar, or within the piece where there are no bars.
  private(set) var ids = Recurrence<Int32>(longestPeriod: Self.longestPeriodOfIDs)
  /// The ids of the last bars, without bar lines, loudness and tempo, the last one being in progress.
  private var idsByBar: [[Int32]] = []
  private var barLoop: BarLoop?

  /// A loop of bars that the bar in progress may go on with.
  private struct BarLoop {
    /// How many times it has gone round beyond what is usual.
    var excess: Int
    /// The ids of the bar that comes next in it.
    var bar: [Int32]
    /// How many bars ago there is the same music.
    var lags: Set<Int>
    /// Whether that bar has no note.
    var isEmpty: Bool
    /// Whether the ids of this bar are so far the first of that one.
    var isSpelled = true
    /// Whether they are so far copies of bars with that music, and rests.
    var isCopied = true
    /// How many ids of the bar have come.
    var count = 0
  }

  private static let unheard: TokenRole = [.special, .loudness, .tempo, .timeSignature]
  static let longestPeriodOfBars = 8
  static let longestPeriodOfIDs = 32
  private static let emptyBar: UInt64 = 0

  /// How many bars may repeat those of a period before them: four times the same bars, or five times one bar. Of people's tunes and songs one
  /// in a hundred has as many (1,034 of Nottingham, 800 of POP909, 46 for bands).
  static func usualBars(_ period: Int) -> Int { max(4, 3 * period) }
  /// How many ids within a bar may, which is more than all but a few pieces for bands with their drums have.
  static func usualIDs(_ period: Int) -> Int { max(24, 5 * period) }

  /// What is known before the first id of a piece.
  init(_ tokenizer: any Tokenizer) {
    fixed = Fixed(tokenizer.vocabulary.roles)
    decoder = tokenizer.makeDecoder()
  }

  /// Takes note of the next id of the piece.
  mutating func advance(_ id: Int32) {
    // An id that cannot be read is refused by the composer's own decoder.
    guard (try? decoder.take(id, into: &music)) != nil else { return }
    let role = fixed.roles[id]
    music.tempos.removeAll(keepingCapacity: true)
    if role.contains(.barLine) {
      for bar in music.bars { complete(bar) }
      music.bars.removeAll(keepingCapacity: true)
      if idsByBar.count > Self.longestPeriodOfBars { idsByBar.removeFirst() }
      idsByBar.append([])
      ids.removeAll()
      barLoop = loopOfBars()
      return
    }
    if !fixed.roles.hasBars { music.removeAll() }
    // However loud and fast it is, a loop stays one.
    guard !role.isSubset(of: Self.unheard) else { return }
    if role.contains(.repetition) { ids.removeAll() } else { ids.append(id) }
    guard !idsByBar.isEmpty else { return }
    idsByBar[idsByBar.count - 1].append(id)
    goOn(with: id, role)
  }

  /// How many times a loop has gone round beyond what is usual; 0 outside of loops.
  var excess: Int { max(barLoop?.excess ?? 0, ids.loop(usual: Self.usualIDs)?.excess ?? 0) }

  /// Lowers the ids that would go on with a loop.
  func weaken(_ distribution: inout TokenDistribution) {
    if let loop = barLoop {
      let amount = -Float(strength) * Float(loop.excess)
      if loop.isSpelled, loop.count < loop.bar.count {
        let id = loop.bar[loop.count]
        if loop.isEmpty || !fixed.roles[id].isDisjoint(with: [.repetition, .notePart, .position]) {
          distribution.raise([id], by: amount)
        }
        if loop.isCopied { lowerCopies(loop.lags, except: id, &distribution, by: amount) }
      } else if loop.isCopied {
        lowerCopies(loop.lags, except: nil, &distribution, by: amount)
      }
    }
    if let loop = ids.loop(usual: Self.usualIDs) {
      distribution.raise(
        [ids.items[ids.items.count - loop.period]], by: -Float(strength) * Float(loop.excess))
    }
  }

  private func lowerCopies(
    _ lags: Set<Int>, except other: Int32?, _ distribution: inout TokenDistribution, by amount: Float
  ) {
    for lag in lags where lag < fixed.idsByLag.count {
      for id in fixed.idsByLag[lag] where id != other { distribution.raise([id], by: amount) }
    }
  }

  private mutating func goOn(with id: Int32, _ role: TokenRole) {
    guard var loop = barLoop else { return }
    loop.isSpelled = loop.isSpelled && loop.count < loop.bar.count && loop.bar[loop.count] == id
    loop.isCopied =
      loop.isCopied && (role.contains(.attribute) || loop.lags.contains(fixed.lags[Int(id)]))
    loop.count += 1
    barLoop = loop.isSpelled || loop.isCopied ? loop : nil
  }

  /// Takes a bar that is complete.
  private mutating func complete(_ bar: DecodedBar) {
    var sum = Self.emptyBar
    for note in music.notes where (bar.start..<bar.end).contains(note.note.onset) {
      // A sum, since notes that sound together may come in any order.
      sum &+= Self.number(of: note, in: bar)
    }
    music.notes.removeAll { $0.note.onset < bar.end }
    bars.append(sum)
  }

  private func loopOfBars() -> BarLoop? {
    guard let loop = bars.loop(usual: Self.usualBars) else { return nil }
    let next = bars.items[bars.items.count - loop.period]
    let lags = (1..<fixed.idsByLag.count).filter { lag in
      lag <= bars.items.count && bars.items[bars.items.count - lag] == next
    }
    return BarLoop(
      excess: loop.excess, bar: idsByBar[idsByBar.count - 1 - loop.period], lags: Set(lags),
      isEmpty: next == Self.emptyBar)
  }

  /// A number that two notes share only if they are heard alike at the same place of a bar, but for their loudness.
  private static func number(of decoded: DecodedNote, in bar: DecodedBar) -> UInt64 {
    let note = decoded.note
    var number: UInt64 = 0xcbf2_9ce4_8422_2325
    for value in [
      note.onset - bar.start, note.duration, note.pitch, decoded.program ?? -1, decoded.part, 1,
    ] {
      // FNV-1a over whole numbers, and then SplitMix64's last steps, so that sums do not cancel.
      number = (number ^ UInt64(bitPattern: Int64(value))) &* 0x100_0000_01b3
    }
    number = (number ^ (number >> 30)) &* 0xbf58_476d_1ce4_e5b9
    number = (number ^ (number >> 27)) &* 0x94d0_49bb_1331_11eb
    return number ^ (number >> 31)
  }
}
