internal import Analysis
internal import Arithmetic
internal import Groundwork
public import Music

/// Tells music of the collection that a model learned from from the model's own, by the descriptors of excerpts.
///
/// What a model composes differs from what it has read, a little in each bar and more in what the bars add up to: it repeats too
/// often, wanders too high, ends off the tonic. A linear discriminator finds such differences. Where one of several
/// continuations is chosen with a probability proportional to the odds that it gives to the collection, they grow smaller
/// (discriminator rejection sampling, Azadi et al. 2019; here by importance resampling).
///
/// It is in the model's folder, in `critic.json`.
public struct Critic: Sendable, Hashable {
  /// What is judged.
  enum Scope: String, Sendable, Hashable, Codable {
    /// Excerpts, wherever they begin.
    case excerpt
    /// How a piece begins and ends, and how long it is.
    case piece
  }

  /// What music of one scope is judged by.
  struct Judge: Sendable, Hashable, Codable {
    var scope: Scope
    /// How many bars are seen; 0 for a whole piece.
    var bars: Int
    /// The names of the descriptors that it sees, in the order of `regression`.
    var descriptors: [String]
    /// Scores above 0 are of the collection.
    var regression: LogisticRegression
  }

  /// What a critic learns to judge, with the number of bars: excerpts as short as the phrases that are searched, and longer ones.
  /// - Parameter phraseBars: How many bars a phrase has.
  static func scopes(phraseBars: Int) -> [(scope: Scope, bars: Int)] {
    [2, 4, 8, 16].filter { $0 >= min(phraseBars, PhraseSearch.usualBars) }.map { (.excerpt, $0) } + [
      (.piece, 0)
    ]
  }

  /// From those that see the fewest bars to those that see the most.
  let judges: [Judge]
  /// What the collection's pieces do as wholes; nil where nothing was learned of that.
  let habits: CollectionHabits?
  /// How many bars the phrases have that are chosen by it, the fewer the more the model's music differs from the collection's; nil where nothing
  /// was learned of that.
  let phraseBars: Int?
  /// For each judge the descriptors that it sees, and which value of theirs is which of its features.
  private let views: [(set: DescriptorSet, places: [Int])]

  /// - Throws: `ComposingError.malformed` if a judge asks for a descriptor that is not known, or does not say what to make of one; for phrases
  ///   of no length that can be searched.
  init(
    judges: [Judge], habits: CollectionHabits? = nil, phraseBars: Int? = nil, path: String = "critic"
  ) throws(ComposingError) {
    if let phraseBars, !PhraseSearch.barCounts.contains(phraseBars) {
      throw .malformed(path: path, reason: "its phrases have \(phraseBars) bars, and 1 to 64 are possible")
    }
    self.habits = habits
    self.phraseBars = phraseBars
    self.judges = judges.sorted { $0.bars < $1.bars }
    var views: [(set: DescriptorSet, places: [Int])] = []
    for judge in self.judges {
      let wanted = Set(judge.descriptors)
      let set = DescriptorSet { wanted.contains($0.name) }
      let places = judge.descriptors.compactMap { set.names.firstIndex(of: $0) }
      guard judge.bars > 0 || judge.scope == .piece, places.count == judge.descriptors.count,
        places.count == set.names.count
      else {
        throw .malformed(path: path, reason: "it judges by descriptors that this version does not know")
      }
      let counts = [judge.regression.weights, judge.regression.means, judge.regression.deviations].map(
        \.count)
      guard counts.allSatisfy({ $0 == places.count }) else {
        throw .malformed(
          path: path, reason: "it does not have a weight, a mean and a deviation for each descriptor")
      }
      views.append((set, places))
    }
    self.views = views
  }

  /// The logarithm of the odds that the bars before a bar line are of the collection, and not of the model: of the longest excerpt
  /// that fits; nil where there are fewer bars than any excerpt has, or no note in them.
  /// - Parameters:
  ///   - score: A piece, or the beginning of one.
  ///   - end: The number of bars before the bar line.
  public func logOdds(of score: Score, endingAtBar end: Int) -> Double? {
    guard let index = judges.lastIndex(where: { $0.scope == .excerpt && $0.bars <= end }) else { return nil }
    let excerpt = score.slice(bars: end - judges[index].bars..<end)
    return logOdds(of: excerpt.withoutTracks(where: \.notes.isEmpty), index)
  }

  /// The logarithm of the odds that a whole piece is of the collection, by its beginning, its length and its end; nil where nothing
  /// was learned of them, or the piece has no note.
  public func logOdds(ofPiece score: Score) -> Double? {
    judges.lastIndex { $0.scope == .piece }.flatMap { logOdds(of: score, $0) }
  }

  /// Whether bars in which nothing sounds are exceptions in the music that it learned from: fewer than one in twenty. One that is drawn
  /// now and then invites others, since after a rest a rest is probable; and they are too few for a descriptor to tell.
  var silentBarsAreExceptions: Bool {
    guard let judge = judges.first(where: { $0.scope == .excerpt }),
      let place = judge.descriptors.firstIndex(of: "empty_measure_rate")
    else { return false }
    return judge.regression.means[place] < 0.05
  }

  /// Whether it is known how often the collection's pieces end in which way.
  var knowsEndings: Bool { habits?.endings.isEmpty == false }

  private func logOdds(of score: Score, _ index: Int) -> Double? {
    guard score.noteCount > 0 else { return nil }
    let values = views[index].set.values(of: score)
    return judges[index].regression.score(views[index].places.map { values[$0] })
  }

  /// Whether both judge alike.
  public static func == (a: Self, b: Self) -> Bool {
    a.judges == b.judges && a.habits == b.habits && a.phraseBars == b.phraseBars
  }

  /// Feeds what `==` compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(judges)
    hasher.combine(habits)
    hasher.combine(phraseBars)
  }
}

// MARK: - Its file

extension Critic {
  private struct File: Codable {
    var version = 1
    var judges: [Judge]
    // What follows is missing in models of earlier versions.
    var habits: CollectionHabits?
    var phraseBars: Int?
  }

  private var file: File { File(judges: judges, habits: habits, phraseBars: phraseBars) }

  /// Reads a model's critic; nil where it has none.
  /// - Throws: `ComposingError.malformed`, `.file`.
  init?(of folder: ModelFolder) throws(ComposingError) {
    guard fileExists(folder.criticPath) else { return nil }
    let file: File
    do { file = try JSONFile.read(File.self, path: folder.criticPath, limit: SizeLimit.vocabulary) } catch {
      throw ComposingError(error)
    }
    guard file.version == 1 else {
      throw .malformed(path: folder.criticPath, reason: "it is of version \(file.version), and 1 is known")
    }
    try self.init(
      judges: file.judges, habits: file.habits, phraseBars: file.phraseBars, path: folder.criticPath)
  }

  /// All that it judges by, as one line of JSON.
  var text: [UInt8] {
    do { return try JSONFormat.encodeLine(file) } catch {
      preconditionFailure("finite numbers and strings can always be written as JSON: \(error)")
    }
  }

  /// - Throws: `ComposingError.file`.
  func write(to folder: ModelFolder) throws(ComposingError) {
    do { try JSONFile.write(file, path: folder.criticPath) } catch {
      throw ComposingError(error)
    }
  }
}
