internal import Arithmetic
package import Music
internal import Recurrent
internal import Tokenization

/// Expects, bar by bar, what a model would let other parts play to a tune that somebody plays, of which the future is not known.
///
/// It supposes several ways in which the parts may have gone on so far (lines), each with its probability together with the tune: the key is
/// a supposition too. For the next bar each line draws what comes before the tune's cell; when the tune's bar is known, the lines that it
/// suits go on (a beam over what the model knows exactly, where a particle filter would count). Parts that come after the tune's cell, such as
/// drums, are drawn once, after a tune that is drawn too, and hold for all lines then, since they were heard.
///
/// The same tune and seed give the same forecasts. One thread uses it.
package final class BarForecaster {
  /// What the model writes of what was asked for. Chords stand for any harmony.
  package let roles: Set<PartRole>

  private let tokenizer: CellsTokenizer
  private let parts: [CellsConfiguration.Part]
  /// The part that is played to it; nil where the model has none.
  private let tunePart: Int?
  private let timeSignature: TimeSignature
  private let microsecondsPerQuarter: Int
  private let vocabulary: ForecastVocabulary
  private let bench: ForecastBench
  private let lineCount: Int
  private let keys: [Int32: KeyChange]
  private let headers: [[Int32]]
  private let barID: Int32
  private let seed: UInt64

  private var random: RandomStream
  /// The bar that is the first of the lines, and the one that they stand in.
  private var (origin, bar) = (-1, -1)
  /// The lines in front of the tune's cell.
  private(set) var lines: [ForecastLine] = []
  /// How the first of them goes on to the end of the bar.
  private(set) var whole: ForecastLine?

  /// Ticks in a quarter note of a tune.
  package static let ticksPerQuarter = 12
  /// A role that fewer pieces of the collection have is not taken to be the model's.
  private static let leastShare = 0.1
  /// After so many bars the lines begin anew with the last of them.
  private static let (mostBars, keptBars) = (48, 16)
  /// So many products of weights and states may a step of all lines take: some milliseconds.
  private static let budget = 64_000_000
  /// How many lines are drawn side by side, and of how many one is kept.
  private static let streamCounts = 8...64
  private static let linesPerKept = 4

  /// A forecaster; nil where the model writes none of the parts beside a tune of this time signature.
  /// - Parameters:
  ///   - composer: The model.
  ///   - wanted: What is to be played: chords, bass, drums.
  ///   - timeSignature: The bars.
  ///   - quartersPerMinute: The tempo, for a model that knows tempos.
  ///   - seed: The seed of all that is drawn.
  package init?(
    composer: Composer, roles wanted: Set<PartRole>, timeSignature: TimeSignature, quartersPerMinute: Double,
    seed: UInt64
  ) {
    guard let tokenizer = composer.model.tokenizer as? CellsTokenizer,
      let parts = Self.parts(of: composer.model, tokenizer, wanted), let first = ForecastLine(tokenizer)
    else { return nil }
    self.tokenizer = tokenizer
    self.parts = parts
    self.timeSignature = timeSignature
    self.seed = seed
    microsecondsPerQuarter = Int((60_000_000 / max(quartersPerMinute, 1)).rounded())
    tunePart = parts.firstIndex { $0.role == .melody }
    var roles = wanted.intersection(parts.map(\.role))
    let beneath = parts[..<(tunePart ?? 0)].count
    if wanted.contains(.chords), beneath > 1 || beneath == 1 && parts[0].role == .chords {
      roles.insert(.chords)
    } else {
      roles.remove(.chords)
      roles.remove(.bass)
    }
    guard !roles.isEmpty else { return nil }
    self.roles = roles
    vocabulary = ForecastVocabulary(tokenizer, first.view)
    random = RandomStream(seed: seed, name: "forecast")
    let shape = composer.weights.configuration.shape
    let cost = shape.layerCount * 6 * shape.hiddenSize * shape.hiddenSize
    let streams = min(
      max(Self.budget / max(1, cost), Self.streamCounts.lowerBound), Self.streamCounts.upperBound)
    bench = ForecastBench(
      weights: composer.weights, streamCount: tunePart == nil ? 1 : streams, vocabulary: vocabulary)
    lineCount = tunePart == nil ? 1 : max(2, streams / Self.linesPerKept)
    var (keys, headers): ([Int32: KeyChange], [[Int32]]) = ([:], [])
    for isMinor in tunePart == nil ? [false] : [false, true] {
      for fifths in tunePart == nil ? 0...0 : -5...6 {
        let key = KeyChange(tick: 0, fifths: fifths, isMinor: isMinor)
        guard
          let header = Self.header(
            tokenizer, parts, key, timeSignature, microsecondsPerQuarter, vocabulary)
        else { continue }
        keys[header[1]] = key
        headers.append(header)
      }
    }
    guard let bar = headers.first?.first(where: vocabulary.endsBar) else { return nil }
    (self.keys, self.headers, barID) = (keys, headers, bar)
  }

  /// The parts of a piece in which the model plays what is wanted to a tune; nil where it cannot.
  private static func parts(
    of model: MusicModel, _ tokenizer: CellsTokenizer, _ wanted: Set<PartRole>
  ) -> [CellsConfiguration.Part]? {
    if let fixed = tokenizer.configuration.parts {
      guard fixed.count(where: { $0.role == .melody }) <= 1 else { return nil }
      return fixed
    }
    let ensembles = EnsembleList(of: model, tokenizer)
    let roles = wanted.union([.melody]).filter { ensembles.share(of: $0) >= leastShare }
    guard roles.contains(.melody), roles.count > 1 else { return nil }
    return roles.map { CellsConfiguration.Part(role: $0, program: ensembles.program(of: $0)) }
      .sorted { CellsView.order(of: $0.role) < CellsView.order(of: $1.role) }
  }

  /// The ids of a piece up to its first cell; nil where it cannot have these bars.
  private static func header(
    _ tokenizer: CellsTokenizer, _ parts: [CellsConfiguration.Part], _ key: KeyChange,
    _ timeSignature: TimeSignature, _ tempo: Int, _ vocabulary: ForecastVocabulary
  ) -> [Int32]? {
    var score = Score(ticksPerQuarter: ticksPerQuarter)
    score.keys = [key]
    score.tempos = [TempoChange(tick: 0, microsecondsPerQuarter: tempo)]
    score.timeSignatures = [TimeSignatureChange(tick: 0, timeSignature: timeSignature)]
    let range = tokenizer.configuration.pitchRange
    score.tracks = parts.enumerated().map { index, part in
      let isDrum = part.role == .drums
      // One note, so that there is a piece; its bar is not used.
      let pitch = isDrum ? 36 : (range.lowerBound + range.upperBound) / 2
      return Track(
        program: isDrum ? nil : part.program, isDrum: isDrum, role: part.role,
        notes: index == parts.count - 1 ? [Note(onset: 0, duration: 6, pitch: pitch, velocity: 80)] : [])
    }
    guard let ids = try? tokenizer.read(score).ids, var view = CellsView(tokenizer) else { return nil }
    var header: [Int32] = []
    let kinds = view.kinds()
    for id in tokenizer.beginning(of: ids, barCount: nil) {
      guard view.barCount == 0 || kinds[Int(id)] == .timeSignature else { break }
      view.advance(id)
      header.append(id)
    }
    guard view.barCount == 1, view.timeSignatures[view.timeSignature] == timeSignature, view.parts == parts
    else { return nil }
    return header
  }

  // MARK: Bars

  /// Forgets the tune.
  package func reset() {
    (origin, bar) = (-1, -1)
    (lines, whole) = ([], nil)
    random = RandomStream(seed: seed, name: "forecast")
  }

  /// What is expected in a bar, after all bars of the tune before it.
  /// - Parameters:
  ///   - number: The number of the bar, from 0; later than the last one that was asked for.
  ///   - tune: One note after another, in `ticksPerQuarter` from bar 0; at least those of the last 48 bars.
  /// - Returns: nil where there is no tune before the bar.
  package func forecast(bar number: Int, tune: [Note]) -> BarForecast? {
    let barLength = barLength
    if origin < 0 || number - origin > Self.mostBars {
      guard let first = tune.first.map({ $0.onset / barLength }), first < number else { return nil }
      begin(at: max(first, number - Self.keptBars))
    }
    while bar < number {
      finishBar(tune)
      beginBar()
    }
    return bar == number ? currentForecast : nil
  }

  private var barLength: Int {
    4 * Self.ticksPerQuarter * timeSignature.numerator / timeSignature.denominator
  }

  private func begin(at first: Int) {
    guard let line = ForecastLine(tokenizer) else { return }
    (origin, bar) = (first, first)
    lines = headers.map { header in
      var line = line
      line.give(header)
      return line
    }
    bench.advance(&lines, &random)
    draw(lines + lines)
  }

  /// Draws what comes before the tune's cell in the bar.
  private func draw(_ copies: [ForecastLine]) {
    var drawn = copies
    bench.advance(&drawn, until: tunePart ?? parts.count, &random)
    lines = Self.distinct(drawn)
    whole = nil
    guard roles != [.chords], var best = lines.first.map({ [$0] }) else { return }
    bench.advance(&best, until: parts.count, &random)
    whole = best.first
  }

  /// The most probable first, each once.
  private static func distinct(_ lines: [ForecastLine]) -> [ForecastLine] {
    var known: Set<[Int32]> = []
    return lines.sorted { $0.surprisal < $1.surprisal }.filter { known.insert($0.ids).inserted }
  }

  /// Reads the tune's cell of the bar, and what was heard of the parts after it.
  private func finishBar(_ tune: [Note]) {
    guard let tunePart else {
      if let whole { lines = [whole] }
      return
    }
    let after = heardAfterTune
    var cells: [Int32: [Int32]] = [:]
    for index in lines.indices {
      let key = lines[index].ids[1]
      let cell = cells[key] ?? cellOfTune(tune, key: keys[key], part: tunePart)
      cells[key] = cell
      lines[index].give(cell + after)
    }
    bench.advance(&lines, &random)
    lines = Array(Self.distinct(lines).prefix(lineCount))
  }

  /// Lets the next bar begin.
  private func beginBar() {
    bar += 1
    for index in lines.indices { lines[index].give([barID]) }
    bench.advance(&lines, &random)
    let shares = Self.shares(lines)
    let spare = max(0, bench.streamCount - lines.count)
    draw(
      zip(lines, shares).flatMap { line, share in
        Array(repeating: line, count: 1 + Int((share * Double(spare)).rounded()))
      })
  }

  private static func shares(_ lines: [ForecastLine]) -> [Double] {
    let least = lines.map(\.surprisal).min() ?? 0
    let odds = lines.map { exponential(least - $0.surprisal) }
    let sum = odds.reduce(0, +)
    return odds.map { $0 / sum }
  }

  /// The ids of the tune's cell in the bar, as they are written in a key.
  private func cellOfTune(_ tune: [Note], key: KeyChange?, part: Int) -> [Int32] {
    let rest = vocabulary.rest.map { [$0] } ?? []
    var score = Score(ticksPerQuarter: Self.ticksPerQuarter)
    score.keys = key.map { [$0] } ?? []
    score.tempos = [TempoChange(tick: 0, microsecondsPerQuarter: microsecondsPerQuarter)]
    score.timeSignatures = [TimeSignatureChange(tick: 0, timeSignature: timeSignature)]
    let start = origin * barLength, end = (bar + 1) * barLength
    let notes = tune.filter { (start..<end).contains($0.onset) }.map { note in
      var moved = note
      moved.onset -= start
      moved.duration = min(note.duration, end - note.onset)
      return moved
    }
    score.tracks = [Track(program: parts[part].program, role: .melody, notes: notes)]
    guard notes.contains(where: { $0.onset >= end - start - barLength }),
      let ids = try? tokenizer.encode(score).ids, let view = CellsView(tokenizer)
    else { return rest }
    let own = tokenizer.configuration.parts == nil ? 0 : part
    let cell = Self.cell(ofPart: own, bar: bar - origin, in: ids, view)
    return cell.isEmpty ? rest : cell
  }

  /// The ids of the parts after the tune's, as they were heard.
  private var heardAfterTune: [Int32] {
    guard let tunePart, tunePart + 1 < parts.count else { return [] }
    let rests = vocabulary.rest.map { Array(repeating: $0, count: parts.count - tunePart - 1) } ?? []
    guard let whole, let view = CellsView(tokenizer) else { return rests }
    return (tunePart + 1..<parts.count).flatMap {
      Self.cell(ofPart: $0, bar: bar - origin, in: whole.ids, view)
    }
  }

  /// The ids of one cell.
  private static func cell(ofPart part: Int, bar: Int, in ids: [Int32], _ beginning: CellsView) -> [Int32] {
    var view = beginning
    return ids.filter { id in
      let before = view.part
      view.advance(id)
      guard view.barCount == bar + 1 else { return false }
      return switch view.situation {
      case .level, .notes, .position, .value, .note, .rhythm: view.part == part
      case .betweenCells: view.part == part + 1 && (before == part || before + 1 == part)
      default: false
      }
    }
  }

  // MARK: The forecast

  private var currentForecast: BarForecast {
    let number = bar - origin, harmonies = tunePart ?? 0
    var candidates: [BarForecast.Candidate] = []
    for (line, share) in zip(lines, Self.shares(lines)) where roles.contains(.chords) {
      let length = line.view.barLength
      let held = (0..<harmonies).flatMap { line.notes(ofPart: $0, bar: number - 1) }.map { note in
        var note = note
        note.onset -= length
        return note
      }.filter { $0.onset + $0.duration > 0 }
      let notes = (0..<harmonies).flatMap { line.notes(ofPart: $0, bar: number) }
      candidates.append(BarForecast.Candidate(probability: share, notes: held + notes))
    }
    let (written, ticksPerQuarter) = writtenParts
    return BarForecast(
      bar: bar, stepsPerQuarter: tokenizer.configuration.stepsPerQuarter, candidates: candidates,
      parts: written, ticksPerQuarter: ticksPerQuarter)
  }

  /// Bass and drums of the bar.
  private var writtenParts: ([PartRole: [Note]], Int) {
    guard let whole, let score = try? tokenizer.decode(whole.ids) else { return ([:], Self.ticksPerQuarter) }
    let length = barLength * score.ticksPerQuarter / Self.ticksPerQuarter
    let start = (bar - origin) * length
    var written: [PartRole: [Note]] = [:]
    for role in roles where role != .chords {
      let tracks = score.tracks.filter { role == .drums ? $0.isDrum : $0.role == role && !$0.isDrum }
      written[role] = tracks.flatMap(\.notes).filter { (start..<start + length).contains($0.onset) }.map {
        var note = $0
        note.onset -= start
        return note
      }.sorted()
    }
    return (written, score.ticksPerQuarter)
  }
}
