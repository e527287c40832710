/// The tempos that there are tokens for: sixteen to a doubling, 120 among them, so that none is further off than 2.2 %.
struct TempoScale: Sendable {
  /// Hundredths of a quarter note a minute, from slow to fast.
  let hundredths: [Int]
  /// The same in microseconds a quarter.
  let microsecondsPerQuarter: [Int]
  /// The geometric means between neighbors, in microseconds a quarter.
  private let boundaries: [Double]

  init(slowest: Int, fastest: Int) {
    // Square roots are exact to the last bit on every machine, which powers are not.
    let sixteenthOfDoubling = 2.0.squareRoot().squareRoot().squareRoot().squareRoot()
    var factors = [1.0]
    for _ in 1..<16 { factors.append((factors.last ?? 1) * sixteenthOfDoubling) }
    var all: [Int] = []
    for octave in [15.0, 30, 60, 120, 240, 480] {
      for factor in factors { all.append(Int((octave * factor * 100).rounded())) }
    }
    hundredths = all.filter { (slowest * 100...fastest * 100).contains($0) }
    let microseconds = hundredths.map { Int((6e9 / Double($0)).rounded()) }
    microsecondsPerQuarter = microseconds
    boundaries = zip(microseconds, microseconds.dropFirst()).map { (Double($0) * Double($1)).squareRoot() }
  }

  var count: Int { hundredths.count }

  /// The index of the tempo nearest by ratio.
  func index(microsecondsPerQuarter: Int) -> Int {
    var (low, high) = (0, boundaries.count)
    while low < high {
      let middle = (low + high) / 2
      if boundaries[middle] > Double(microsecondsPerQuarter) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The tempo as MidiTok writes it: `120.0`, `93.6`, `100.91`.
  func name(of index: Int) -> String {
    let (whole, part) = hundredths[index].quotientAndRemainder(dividingBy: 100)
    let fraction = part % 10 == 0 ? "\(part / 10)" : part < 10 ? "0\(part)" : "\(part)"
    return "\(whole).\(fraction)"
  }
}
