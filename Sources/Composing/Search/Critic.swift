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
  /// What excerpts of one length are judged by.
  struct Judge: Sendable, Hashable, Codable {
    /// How many bars an excerpt has.
    var bars: Int
    /// The names of the descriptors that it sees, in the order of `regression`.
    var descriptors: [String]
    /// Scores above 0 are of the collection.
    var regression: LogisticRegression
  }

  /// The lengths of the excerpts, in bars, by which pieces are judged.
  public static let excerptLengths = [8, 16]

  /// From the shortest excerpts to the longest.
  let judges: [Judge]
  /// For each judge the descriptors that it sees, and which value of theirs is which of its features.
  private let views: [(set: DescriptorSet, places: [Int])]

  /// - Throws: `ComposingError.malformed` if a judge asks for a descriptor that is not known, or does not say what to make of one.
  init(judges: [Judge], path: String = "critic") throws(ComposingError) {
    self.judges = judges.sorted { $0.bars < $1.bars }
    var views: [(set: DescriptorSet, places: [Int])] = []
    for judge in self.judges {
      let wanted = Set(judge.descriptors)
      let set = DescriptorSet { wanted.contains($0.name) }
      let places = judge.descriptors.compactMap { set.names.firstIndex(of: $0) }
      guard judge.bars > 0, places.count == judge.descriptors.count, places.count == set.names.count else {
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
    guard let index = judges.lastIndex(where: { $0.bars <= end }) else { return nil }
    let judge = judges[index]
    let excerpt = score.slice(bars: end - judge.bars..<end).withoutTracks(where: \.notes.isEmpty)
    guard excerpt.noteCount > 0 else { return nil }
    let values = views[index].set.values(of: excerpt)
    return judge.regression.score(views[index].places.map { values[$0] })
  }

  /// Whether both judge alike.
  public static func == (a: Self, b: Self) -> Bool { a.judges == b.judges }

  /// Feeds what `==` compares.
  public func hash(into hasher: inout Hasher) { hasher.combine(judges) }
}

// MARK: - Its file

extension Critic {
  private struct File: Codable {
    var version = 1
    var judges: [Judge]
  }

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
    try self.init(judges: file.judges, path: folder.criticPath)
  }

  /// - Throws: `ComposingError.file`.
  func write(to folder: ModelFolder) throws(ComposingError) {
    do { try JSONFile.write(File(judges: judges), path: folder.criticPath) } catch {
      throw ComposingError(error)
    }
  }
}
