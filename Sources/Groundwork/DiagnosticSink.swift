/// Collects the diagnostics of one input: the first few of each rule, and how many there were.
///
/// What one reader reports is limited for each rule and severity, so that a file that breaks one rule everywhere is reported
/// so a few times; `capacity` bounds what is kept of all of them, so that no input makes a reader take much more memory
/// than it has bytes.
public struct DiagnosticSink: Sendable {
  /// How many diagnostics of one rule are kept, unless a sink is made with another limit.
  public static let standardLimit = 16
  /// How many diagnostics are kept at most, of all rules together.
  public static let capacity = 10_000

  private struct Kind: Hashable {
    var rule: String
    var severity: Diagnostic.Severity
  }

  /// How many of one rule and severity are kept.
  public let limit: Int
  /// What is kept, in the order in which it was reported.
  public private(set) var diagnostics: [Diagnostic] = []
  private var counts: [Kind: Int] = [:]

  /// An empty sink.
  /// - Parameter limit: how many diagnostics of one rule and severity are kept, 1 or more.
  public init(limit: Int = DiagnosticSink.standardLimit) {
    precondition(limit > 0, "a limit of \(limit) diagnostics keeps none")
    self.limit = limit
  }

  /// How many diagnostics were reported, kept or not.
  public var totalCount: Int { counts.values.reduce(0, +) }

  /// How many diagnostics of a rule were reported, kept or not.
  public func count(of rule: String) -> Int {
    counts.reduce(0) { $1.key.rule == rule ? $0 + $1.value : $0 }
  }

  /// Whether any damage was reported.
  public var hasDamage: Bool { counts.keys.contains { $0.severity == .damage } }

  /// The diagnostics that report damage.
  public var damage: [Diagnostic] { diagnostics.filter { $0.severity == .damage } }

  /// Reports a diagnostic. The last one of its rule that is kept mentions the limit.
  public mutating func report(_ diagnostic: Diagnostic) {
    report(rule: diagnostic.rule, severity: diagnostic.severity) { diagnostic }
  }

  /// Reports a diagnostic that is only made where it is kept.
  /// - Parameters:
  ///   - rule: The rule that it is about.
  ///   - severity: How bad it is.
  ///   - make: Makes it, of this rule and severity.
  public mutating func report(
    rule: String, severity: Diagnostic.Severity, _ make: () -> Diagnostic
  ) {
    let count = counts[Kind(rule: rule, severity: severity), default: 0] + 1
    counts[Kind(rule: rule, severity: severity)] = count
    guard count <= limit, diagnostics.count < Self.capacity else { return }
    var diagnostic = make()
    if count == limit { diagnostic.message += " (further ones of this kind are not listed)" }
    diagnostics.append(diagnostic)
  }

  /// Adds what another sink collected after what this one has.
  public mutating func merge(_ other: DiagnosticSink) {
    diagnostics += other.diagnostics.prefix(max(0, Self.capacity - diagnostics.count))
    counts.merge(other.counts, uniquingKeysWith: +)
  }
}
