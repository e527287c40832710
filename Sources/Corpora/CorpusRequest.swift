public import Analysis
internal import Groundwork
internal import Music
internal import Tokenization

/// The settings with which a corpus is built, as far as they were given: a model's folder stores them, so that its training can be resumed
/// without saying it again.
public struct CorpusRequest: Codable, Sendable, Hashable {
  /// The share of the pieces that is set aside for validation; nil for a tenth.
  public var valid: Double?
  /// The share of the pieces that is set aside for the test; nil for what suits the use.
  public var test: Double?
  /// General MIDI programs for tracks by name.
  public var programs: [String: Int]?
  /// What to do with pieces that occur twice, by its name; nil for leaving copies out.
  public var deduplicate: String?
  /// The time signature to read by, such as `3/4`; nil for the files' own.
  public var metre: String?
  /// Whether damaged files are left out; nil for no.
  public var strict: Bool?
  /// The most bytes of a file that is read; nil for `SizeLimit.music`.
  public var sizeLimit: Int?
  /// The name of the tokenizer; nil for the default.
  public var tokenizer: String?
  /// Whether pieces whose beats have no phase are moved to where their beats are; nil for yes.
  public var align: Bool?
  /// What pieces say of themselves, by the names of `PieceAttribute.Kind`; nil for nothing.
  public var attributes: [String]?
  /// Where their styles come from; nil for their folders, where `attributes` has `style`.
  public var styles: PieceStyles?

  /// A request.
  public init(
    valid: Double? = nil, test: Double? = nil, programs: [String: Int]? = nil, deduplicate: String? = nil,
    metre: String? = nil, strict: Bool? = nil, sizeLimit: Int? = nil, tokenizer: String? = nil,
    align: Bool? = nil, attributes: [String]? = nil, styles: PieceStyles? = nil
  ) {
    self.attributes = attributes
    self.styles = styles
    self.valid = valid
    self.test = test
    self.programs = programs
    self.deduplicate = deduplicate
    self.metre = metre
    self.strict = strict
    self.sizeLimit = sizeLimit
    self.tokenizer = tokenizer
    self.align = align
  }

  /// Reads a request that `write(to:)` wrote; nil if there is no such file.
  /// - Throws: `FileError`; `CorpusError.invalidRequest`, which names the file.
  public init?(path: String) throws {
    do throws(JSONFile.Failure) {
      self = try JSONFile.read(Self.self, path: path)
    } catch .file(.notFound) {
      return nil
    } catch .file(let error) {
      throw error
    } catch .malformed(let path, let reason) {
      throw CorpusError.invalidRequest(path: path, reason: reason)
    }
    if let fault { throw CorpusError.invalidRequest(path: path, reason: fault) }
  }

  /// Writes the request to a file.
  /// - Throws: `FileError.unwritable`; `CorpusError.invalidRequest` where it is invalid.
  public func write(to path: String) throws {
    if let fault { throw CorpusError.invalidRequest(path: nil, reason: fault) }
    do throws(JSONFile.Failure) {
      try JSONFile.write(self, path: path)
    } catch .file(let error) {
      throw error
    } catch .malformed(let path, let reason) {
      throw CorpusError.invalidRequest(path: path, reason: reason)
    }
  }

  /// What builds the corpus that is requested.
  /// - Parameters:
  ///   - testShare: The test fraction if none was given.
  ///   - threadCount: How many threads read files.
  /// - Throws: `CorpusError.invalidRequest`.
  public func builder(testShare: Double, threadCount: Int) throws(CorpusError) -> CorpusBuilder {
    if let fault { throw .invalidRequest(path: nil, reason: fault) }
    let timeSignature = metre.flatMap { TimeSignature($0) }
    let configuration: any TokenizerConfiguration
    do {
      configuration = try TokenizerRegistry.standard.configuration(
        named: tokenizer ?? TokenizerRegistry.defaultName, timeSignature: timeSignature)
    } catch {
      throw .invalidRequest(path: nil, reason: error.message)
    }
    var builder = CorpusBuilder(
      tokenizer: configuration,
      fractions: SplitFractions(valid: valid ?? 0.1, test: test ?? testShare),
      deduplication: deduplicate.flatMap(CorpusBuilder.Deduplication.init) ?? .exact,
      programs: programs ?? [:],
      threadCount: threadCount)
    builder.leavesOutDamaged = strict ?? false
    builder.preparation = preparation
    builder.sizeLimit = sizeLimit ?? SizeLimit.music
    let kinds = (attributes ?? []).compactMap(PieceAttribute.Kind.init)
    builder.attributes = PieceAttributes(
      density: kinds.contains(.density), register: kinds.contains(.register))
    builder.styles = kinds.contains(.style) ? styles ?? .folders : nil
    return builder
  }

  /// What is done to each piece before it is tokenized.
  public var preparation: ScorePreparation {
    ScorePreparation(aligns: align ?? true, timeSignature: metre.flatMap { TimeSignature($0) })
  }

  /// What is invalid, in words, or nil.
  private var fault: String? {
    for (name, share) in [("valid", valid), ("test", test)] {
      if let share, !(share >= 0 && share < 1) {
        return "\(name) is \(share); expected a part from 0 to below 1"
      }
    }
    if let program = programs?.values.first(where: { !(0...127).contains($0) }) {
      return "a program is \(program); expected 0 to 127"
    }
    if let deduplicate, CorpusBuilder.Deduplication(rawValue: deduplicate) == nil {
      return "deduplicate is '\(deduplicate)'; expected exact or none"
    }
    if let metre, TimeSignature(metre) == nil { return "metre is '\(metre)'; expected a metre such as 3/4" }
    if let tokenizer, !TokenizerRegistry.standard.names.contains(tokenizer) {
      return "tokenizer is '\(tokenizer)'; expected "
        + TokenizerRegistry.standard.names.joined(separator: " or ")
    }
    if let unknown = attributes?.first(where: { PieceAttribute.Kind(rawValue: $0) == nil }) {
      return "attributes has '\(unknown)'; expected "
        + PieceAttribute.Kind.allCases.map(\.rawValue).joined(separator: ", ")
    }
    if let sizeLimit, sizeLimit < 1 { return "sizeLimit is \(sizeLimit); expected at least one byte" }
    return nil
  }
}
