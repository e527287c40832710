public import Groundwork
internal import Recurrent
internal import Tokenization

/// Ids that a network has been fed, and where it stands after them.
struct ReadIDs {
  /// The ids.
  var ids: [Int32] = []
  /// The network's state.
  var state: [Float] = []
  /// What tells it of the next place.
  var context: (any TokenContext)?
}

/// Reads a primer while it is still growing, so that little of it is left to be read when its continuation is wanted.
///
///     let reader = try PrimerReader(composer: composer)
///     reader.target(options)                 // whenever the primer has changed
///     while reader.readNext() {}             // in spare time, id by id
///     let session = try reader.session()     // reads what is left
///
/// It keeps the network's state at each bar line and goes back to the last one before which nothing has changed. A session gives the
/// same music as one that reads its primer itself. A reader is used by one thread at a time.
public final class PrimerReader {
  private let composer: Composer
  private let sampler: LanguageModelSampler
  private var options: CompositionOptions?
  /// All ids that are to be read.
  private var wanted: [Int32] = []
  private var read = ReadIDs()
  private var features: [Int32]
  /// Where the network stood after bar lines, and in front of the first id.
  private var places: [ReadIDs]

  /// At most so many bar lines are kept.
  private static let placeLimit = 256

  /// A reader that shares a composer's weights.
  public init(composer: Composer) {
    self.composer = composer
    sampler = LanguageModelSampler(weights: composer.weights)
    features = Array(repeating: -1, count: composer.model.tokenizer.contextFeatures.count)
    read.context = composer.model.tokenizer.makeContext()
    sampler.reset()
    read.state = sampler.state(ofStream: 0)
    places = [read]
  }

  /// How many of the given ids are left to be read before a session can choose its first.
  public var remainingCount: Int { max(0, wanted.count - 1 - read.ids.count) }

  /// Sets what is to be read: the beginning of a piece by these options.
  /// - Throws: `ComposingError` as `CompositionSession.init`.
  public func target(_ options: CompositionOptions) throws(ComposingError) {
    let beginning = try PieceBeginning(options, tokenizer: composer.model.tokenizer)
    self.options = options
    wanted = beginning.ids
    let common = zip(wanted, read.ids).prefix { $0 == $1 }.count
    // The last id is fed by the session, which chooses by what the network gives for it.
    guard read.ids.count > min(common, wanted.count - 1) else { return }
    places.removeAll { $0.ids.count > min(common, wanted.count - 1) }
    read = places[places.count - 1]
    sampler.setState(read.state, ofStream: 0)
  }

  /// Feeds the network one id.
  /// - Returns: false if there was none left.
  @discardableResult
  public func readNext() -> Bool {
    guard remainingCount > 0 else { return false }
    let id = wanted[read.ids.count]
    if read.ids.count > (places.last?.ids.count ?? 0),
      composer.model.tokenizer.vocabulary.roles.barLines.contains(id)
    {
      read.state = sampler.state(ofStream: 0)
      places.append(read)
      if places.count > Self.placeLimit { places.remove(at: 1) }
    }
    read.context?.advance(id)
    read.context?.write(into: &features)
    sampler.advance(id, context: features)
    read.ids.append(id)
    return true
  }

  /// The session of the piece, which goes on from what was read; what is left is read first.
  /// - Throws: `ComposingError.invalidOption` where no target was set; as `CompositionSession.init`.
  public func session(
    savedBarLimit: Int = 0, cancellation: Cancellation? = nil
  ) throws(ComposingError) -> CompositionSession {
    guard let options else {
      throw .invalidOption(name: "the primer", value: "none", expected: "a target that was set before")
    }
    while readNext() {
      if cancellation?.isRequested == true { throw .interrupted }
    }
    let session = try composer.session(options, savedBarLimit: savedBarLimit)
    read.state = sampler.state(ofStream: 0)
    session.skip(read)
    return session
  }
}
