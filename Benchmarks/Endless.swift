internal import Analysis
internal import Composing
internal import Foundation
internal import Groundwork
internal import MIDI
internal import Music
internal import Notation
internal import Performing

/// Whether music without an end stays what it is.
///
///     benchmarks endless MODEL [MINUTES [SEED [TRIES [FOLDER]]]]
///
/// It composes so many minutes of music (60), and measures the descriptors of each five minutes, in excerpts of eight bars of its pieces. A
/// line for each five minutes has the means of some descriptors, and how many of all lie outside the band of the first five: their means over
/// pieces, which are independent as excerpts of one piece are not, differ by more than three standard errors. By chance, about one of a hundred does, with
/// as few pieces. `drifting` counts descriptors that grow or fall from piece to piece over the whole time, by more than three standard errors of a straight
/// line: those of music that falls asleep would. The last line says how many pieces there were,
/// how many were replaced before they were heard, and how fast bars came. With TRIES, phrases are drawn among as many by the model's critic, and the last
/// line has the critic's mean logarithm of the odds too; with FOLDER, each piece is written there as a MIDI file, for `gruppetto evaluate --generated`.
func measureEndless(_ arguments: [String]) throws {
  guard let path = arguments.first else {
    return printUsage("benchmarks endless MODEL [MINUTES [SEED [TRIES [FOLDER]]]]")
  }
  let minutes = arguments.count > 1 ? Double(arguments[1]) ?? 60 : 60
  let seed = arguments.count > 2 ? UInt64(arguments[2]) ?? 1 : 1
  let began = ContinuousClock.now
  let model = try MusicModel(path: path)
  let tries = arguments.count > 3 ? Int(arguments[3]) ?? 0 : 0
  var settings = EndlessSettings()
  if tries > 1 {
    settings.composition.search = PhraseSearch(tries: tries)
    settings.composition.ending = EndingSearch.usual(for: model)
  }
  let composer = try EndlessComposer(model: model, settings: settings, seed: seed)
  var windows: [[PerformedBar]] = [[]]
  var (seconds, slowest) = (0.0, 0.0)
  while seconds < 60 * minutes {
    let start = ContinuousClock.now
    let bar = try composer.nextBar()
    slowest = max(slowest, (ContinuousClock.now - start) / .seconds(1))
    while try composer.workAhead() {}
    seconds += bar.seconds
    if seconds > 300 * Double(windows.count), seconds < 60 * minutes { windows.append([]) }
    windows[windows.count - 1].append(bar)
  }
  let spent = (ContinuousClock.now - began) / .seconds(1)
  let set = DescriptorSet.excerpts
  let values = windows.map { bars in
    pieces(of: bars).map { piece in
      mean(excerpts(of: piece, length: 8).map(set.values), set.descriptors.count)
    }
  }
  var outside = 0
  var compared = 0
  for (index, window) in windows.enumerated() {
    var fields: [(String, String)] = [
      ("minutes", "\"\(5 * index) to \(5 * index + 5)\""), ("bars", "\(window.count)"),
      ("pieces", "\(Set(window.map(\.piece)).count)"),
      (
        "notes_a_bar", number(Double(window.reduce(0) { $0 + $1.notes.count }) / Double(max(1, window.count)))
      ),
      ("empty_bars", number(Double(window.count { $0.notes.isEmpty }) / Double(max(1, window.count)))),
      ("bars_as_before", number(repeated(window))),
      ("pitch_classes_bits", number(entropy(window))),
    ]
    let rows = set.descriptors.indices.compactMap { isOutside(values[0], values[index], $0) }
    outside += index == 0 ? 0 : rows.count { $0 }
    compared += index == 0 ? 0 : rows.count
    let names = zip(set.descriptors, set.descriptors.indices).filter {
      isOutside(values[0], values[index], $1) == true
    }
    .map(\.0.name)
    fields.append(("outside", index == 0 ? "0" : "\(names.count)"))
    fields.append(("of", "\(rows.count)"))
    fields.append(("which", "\"\(names.prefix(6).joined(separator: ", "))\""))
    printJSONLine(fields)
  }
  let statistics = composer.statistics
  let heard = windows.flatMap(\.self)
  let odds = pieces(of: heard).flatMap { excerpts(of: $0, length: 8) }.compactMap {
    model.critic?.logOdds(of: $0, endingAtBar: 8)
  }
  if arguments.count > 4 {
    for piece in pieces(of: heard) {
      let number = String(format: "%04d", piece.first?.piece ?? 0)
      try replaceFile(
        at: "\(arguments[4])/p-\(number).mid", with: MIDIFile(score: Score(performed: Array(piece))).encoded()
      )
    }
  }
  // In order of time.
  let all = values.flatMap(\.self)
  let drifting = set.descriptors.indices.filter { index in
    drift(all.map { $0[index] }).map { abs($0) > 3 } ?? false
  }
  printJSONLine([
    ("minutes", number(seconds / 60)), ("pieces", "\(statistics.pieceCount)"),
    ("replaced", "\(statistics.replaced.values.reduce(0, +))"), ("outside", "\(outside)"),
    ("drifting", "\(drifting.count)"),
    ("of", "\(compared)"),
    ("seconds", number(spent)), ("times_real_time", number(seconds / spent)),
    ("slowest_bar_ms", number(1000 * slowest)), ("searched_phrases", "\(statistics.searchedPhrases)"),
    ("critic_log_odds", number(odds.reduce(0, +) / Double(max(1, odds.count)))),
  ])
}

/// The bars of each piece.
private func pieces(of bars: [PerformedBar]) -> [ArraySlice<PerformedBar>] {
  var all: [ArraySlice<PerformedBar>] = []
  var start = 0
  while start < bars.count {
    let piece = bars[start...].prefix { $0.piece == bars[start].piece }
    if piece.count >= 8 { all.append(piece) }
    start = piece.endIndex
  }
  return all
}

/// Excerpts of a piece, one after another.
private func excerpts(of piece: ArraySlice<PerformedBar>, length: Int) -> [Score] {
  stride(from: piece.startIndex, through: piece.endIndex - length, by: length).map {
    Score(performed: Array(piece[$0..<$0 + length]))
  }
}

/// The mean of each descriptor over those excerpts in which it has a meaning; NaN where it has none in any.
private func mean(_ values: [[Double]], _ count: Int) -> [Double] {
  (0..<count).map { index in
    let own = values.map { $0[index] }.filter(\.isFinite)
    return own.isEmpty ? .nan : own.reduce(0, +) / Double(own.count)
  }
}

/// Whether the mean of a descriptor is beyond what chance makes of as many pieces; nil where either has too few.
private func isOutside(_ first: [[Double]], _ other: [[Double]], _ descriptor: Int) -> Bool? {
  func sample(_ values: [[Double]]) -> (count: Double, mean: Double, variance: Double)? {
    let own = values.map { $0[descriptor] }.filter(\.isFinite)
    guard own.count >= 4 else { return nil }
    let mean = own.reduce(0, +) / Double(own.count)
    let variance = own.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(own.count - 1)
    return (Double(own.count), mean, variance)
  }
  guard let a = sample(first), let b = sample(other) else { return nil }
  let error = (a.variance / a.count + b.variance / b.count).squareRoot()
  return abs(a.mean - b.mean) > 3 * error + 1e-9
}

/// The slope of a straight line through values in order, in standard errors of itself; nil where there are too few.
private func drift(_ values: [Double]) -> Double? {
  let points = values.enumerated().filter { $0.element.isFinite }.map {
    (x: Double($0.offset), y: $0.element)
  }
  guard points.count >= 8 else { return nil }
  let count = Double(points.count)
  let x = points.reduce(0) { $0 + $1.x } / count, y = points.reduce(0) { $0 + $1.y } / count
  let xx = points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
  let xy = points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) }
  let yy = points.reduce(0) { $0 + ($1.y - y) * ($1.y - y) }
  let rest = max(0, yy - xy * xy / xx) / (count - 2)
  return rest > 0 ? xy / xx / (rest / xx).squareRoot() : nil
}

/// The share of bars that are the same as one of the eight before.
private func repeated(_ bars: [PerformedBar]) -> Double {
  func content(_ bar: PerformedBar) -> [[Int]] {
    bar.notes.map { [$0.part, $0.note.onset, $0.note.pitch, $0.note.duration] }
  }
  let contents = bars.map(content)
  let count = contents.indices.count { index in
    !contents[index].isEmpty && contents[max(0, index - 8)..<index].contains(contents[index])
  }
  return Double(count) / Double(max(1, bars.count))
}

/// The entropy of the pitch classes in bits.
private func entropy(_ bars: [PerformedBar]) -> Double {
  var counts = [Double](repeating: 0, count: 12)
  for bar in bars {
    for note in bar.notes where !bar.parts[note.part].isDrum { counts[note.note.pitch % 12] += 1 }
  }
  let total = max(1, counts.reduce(0, +))
  return counts.filter { $0 > 0 }.reduce(0) { $0 - $1 / total * log2($1 / total) }
}

private func number(_ value: Double) -> String { String(format: "%.3f", value) }
