import Groundwork
import Music
import Notation
import TestSupport
import Testing

/// Twenty thousand damaged tunes: whatever the bytes, an answer comes, soon, and within bounds.
@Suite struct ABCFuzzTests {
  static let seeds = [
    """
    X:1
    T:Caf\\'e "Reel"
    M:6/8
    L:1/8
    Q:3/8=120
    P:A(AB)2
    K:Edor
    P:A
    |:B|"Em"EFE {g}!trill!E2 B|[1"D/f+"d>c B<A (3GFE :|[2 [EGB]2-[EGB] z3 ||
    P:B
    [M:9/8]^f/=e/_d/ c'2 C,,3 & G9|[V:2]Z2|w:la le-la
    """,
    """
    X:2
    M:C|
    K:D exp _b ^f clef=bass
    V:1 name="One" octave=-1
    A-|A4 (5:4:6ABcdef|:: a8 ::: b8 :|]
    U:T=!trill!
    %%MIDI program 40
    V:2
    Z4|x2 y3 z/4 B//-B|1,3 c8:|2 d8|]
    """,
    "X:3\nK:C\n|:|:|:[1[2[3:|:|:|1-9|Z99999999 C99999999/99999999|(9:9:9(8(7(6(5ABC>>>>D<<<<E[A[B[C]]]",
  ]
  static let fragments = [
    "Z99999999", "C99999999", "/9999999", "////////////////", "|:", ":|", "::::::", "|1", "[2", "(9:9:9",
    "(((",
    "[[[", "\"", "\"Cmaj7", "{", "!", "&", "&&", "P:(((A)9)9)9\n", "V:99\n", "K:\n", "M:0/0\n", "M:255/256\n",
    "L:1/0\n",
    "L:1/99999\n", "Q:0\n", "Q:1/0=0\n", "\n\n", "X:1\n", "%", "\\", "^^^^^", "''''''''''''''''''",
    ",,,,,,,,,,,,,,,,,,,",
    "K:C#exp^^^^a\n", "w:- - - _ * ~\n", ">>>>>>>>", "<<<", "---", "[K:", "[V:", "\u{0}", "\u{FF}", "[1-63",
    "I:", "\r", "TA4", "~A3", "HB", "HZ9", ".C-", "TC9999", "H[CE]", "Q:1/4=1\n", "U:C=!trill!\n",
    "~C,,,,,,3", "~c3", "K:C transpose=-48\n", "K:C octave=-4\n", "M:1/256\n", "HC256", "[CC]-[CC]",
    "&&&C", "V:2 octave=4 transpose=48\n", "P:B\n", "w:a-b\n", "%%MIDI transpose -48\n",
  ].map { Array($0.utf8) }

  @Test("Damaged tunes are answered within bounds") func damagedTunesAreAnsweredWithinBounds() {
    var random = RepeatableGenerator(seed: 0x6772_7570)
    var read = 0
    for round in 0..<20_000 {
      var bytes = Array(Self.seeds[round % Self.seeds.count].utf8)
      for _ in 0..<(1 + random.next(6)) { damage(&bytes, &random) }
      guard let book = try? ABCBook(bytes: bytes) else { continue }
      read += 1
      for tune in book.tunes {
        #expect(isSane(tune.score), "round \(round)")
        #expect(tune.warnings.count <= 200, "round \(round)")
      }
    }
    #expect(read > 10_000)
  }

  @Test("Nested parts and repeats stay bounded") func nestedPartsAndRepeatsStayBounded() throws {
    let parts = "X:1\nP:((((((((A)9)9)9)9)9)9)9)9\nK:C\nP:A\n" + String(repeating: "|:CDEF:|", count: 2_000)
    let repeats =
      "X:1\nK:C\n" + String(repeating: "|::::::::::::::::::: Z9999 ", count: 5_000) + ":::::::::::::::::|"
    let endings = "X:1\nK:C\n|:C" + String(repeating: "|1-63 DEFG", count: 2_000) + ":|"
    let trills = "X:1\nQ:1/4=1\nK:C\n" + String(repeating: "TC2048& ~D3& HE2048&", count: 2_000)
    for text in [parts, repeats, endings, trills] {
      let tune = try #require(try? ABCBook(text: "\(text)\nC|").tunes.first)
      #expect(isSane(tune.score))
      #expect(tune.score.noteCount < 1_000_000)
    }
  }

  private func damage(_ bytes: inout [UInt8], _ random: inout RepeatableGenerator) {
    let place = random.next(bytes.count + 1)
    switch random.next(5) {
    case 0: bytes.insert(UInt8(random.next(256)), at: place)
    case 1: if place < bytes.count { bytes[place] = UInt8(32 + random.next(95)) }
    case 2: bytes.removeSubrange(place..<min(bytes.count, place + random.next(12)))
    case 3: bytes.insert(contentsOf: Self.fragments[random.next(Self.fragments.count)], at: place)
    default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + random.next(40))], at: place)
    }
  }

  /// Whether every note is one that MIDI can play and lies within the score, in order.
  private func isSane(_ score: Score) -> Bool {
    guard (1...32_767).contains(score.ticksPerQuarter), score.length >= score.lastNoteEnd else {
      return false
    }
    return score.tracks.allSatisfy { track in
      track.notes == track.notes.sorted()
        && track.notes.allSatisfy {
          $0.onset >= 0 && $0.duration > 0 && (0...127).contains($0.pitch) && (1...127).contains($0.velocity)
        }
    }
  }
}
