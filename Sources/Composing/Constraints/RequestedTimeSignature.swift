public import Music
public import Tokenization

/// One time signature throughout.
public struct RequestedTimeSignature: TokenConstraint {
  /// The time signature.
  public let timeSignature: TimeSignature
  /// The ids that say another one.
  private let others: [Int32]
  /// The ids that say this one and nothing else.
  private let own: [Int32]
  private let roles: TokenRoles
  /// Whether it is in force.
  private var holds = false

  /// - Parameters:
  ///   - timeSignature: The time signature.
  ///   - tokenizer: What writes the piece.
  /// - Throws: `ComposingError.invalidOption`, with those that can be had, if the tokens cannot say it.
  public init(_ timeSignature: TimeSignature, tokenizer: some Tokenizer) throws(ComposingError) {
    let known = Self.known(to: tokenizer)
    try requireOption(
      known.contains(timeSignature), "timeSignature", timeSignature,
      known.isEmpty
        ? "none, because the model's tokens know no bars"
        : "one that the model knows: \(known.map(\.description).joined(separator: ", "))")
    self.timeSignature = timeSignature
    let roles = tokenizer.vocabulary.roles
    self.roles = roles
    others = roles.ids { $0.timeSignature.map { $0 != timeSignature } ?? false }
    own = roles.ids { $0.timeSignature == timeSignature }.filter { roles[$0] == .timeSignature }
  }

  /// The time signatures that a tokenizer can write, those of fewer beats first. Where none of its tokens says one, all pieces have the
  /// same.
  public static func known(to tokenizer: some Tokenizer) -> [TimeSignature] {
    let roles = tokenizer.vocabulary.roles
    guard roles.hasBars else { return [] }
    let said = Set(roles.ids(of: .timeSignature).flatMap { roles.values(of: $0).compactMap(\.timeSignature) })
    guard said.isEmpty else {
      return said.sorted { ($0.denominator, $0.numerator) < ($1.denominator, $1.numerator) }
    }
    // What the tokenizer makes of a note and a drum says which one it has.
    let probe = Score(
      ticksPerQuarter: 480,
      tracks: [
        Track(program: 0, notes: [Note(onset: 0, duration: 480, pitch: 60, velocity: 80)]),
        Track(isDrum: true, notes: [Note(onset: 0, duration: 480, pitch: 38, velocity: 80)]),
      ],
      length: 480)
    guard let score = try? tokenizer.normalized(probe).score else { return [] }
    return [score.bars.first?.timeSignature ?? .common]
  }

  /// What it asks for.
  public var summary: String { "a time signature of \(timeSignature)" }
  /// Remembers which time signature is in force.
  public mutating func advance(_ id: Int32) {
    guard let stated = roles.values(of: id).lazy.compactMap(\.timeSignature).last else { return }
    holds = stated == timeSignature
  }
  /// Masks out all other time signatures; and where another is in force, as after a primer, all else as soon as this one can be
  /// stated, for tokens need not state one in each bar.
  public func narrow(_ mask: inout [Bool]) {
    for id in others { mask[Int(id)] = false }
    guard !holds, own.contains(where: { mask[Int($0)] }) else { return }
    for index in mask.indices where mask[index] { mask[index] = own.contains(Int32(index)) }
  }
  /// The piece may end at any time.
  public func leastToFinish() -> Int? { 0 }
}

extension TokenValue {
  /// The time signature; nil for all else.
  fileprivate var timeSignature: TimeSignature? {
    if case .timeSignature(let value) = self { value } else { nil }
  }
}
