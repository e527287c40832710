internal import Groundwork

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What was measured at one validation: a line of `history.jsonl`.
public struct HistoryEntry: Codable, Hashable, Sendable {
  /// Updates of the weights so far.
  public var step: Int
  /// Ids predicted in training so far.
  public var tokens: Int
  /// Seconds of training time so far.
  public var seconds: Double
  /// The mean training loss since the line before, in nats per id.
  public var trainingLoss: Double
  /// The validation loss, in nats per id.
  public var validationLoss: Double
  /// How many ids the validation loss is the mean over; nil in a history that was written before that was noted.
  public var validationTokens: Int?
  /// Whether the weights were kept, in place of earlier ones, though the loss may have been lower before; nil where those of the
  /// lowest loss are.
  public var isKept: Bool?
  /// The learning rate of the last update.
  public var learningRate: Double
  /// The mean global norm of the gradients since the line before, as they were before clipping.
  public var gradientNorm: Double
  /// The measurements inside the network; nil if there are none.
  public var inside: Inspection?

  /// An entry.
  public init(
    step: Int, tokens: Int, seconds: Double, trainingLoss: Double, validationLoss: Double,
    validationTokens: Int? = nil, isKept: Bool? = nil, learningRate: Double, gradientNorm: Double,
    inside: Inspection? = nil
  ) {
    self.step = step
    self.tokens = tokens
    self.seconds = seconds
    self.trainingLoss = trainingLoss
    self.validationLoss = validationLoss
    self.validationTokens = validationTokens
    self.isKept = isKept
    self.learningRate = learningRate
    self.gradientNorm = gradientNorm
    self.inside = inside
  }
}

/// The lines of `history.jsonl`: read as a whole, written line by line.
public struct TrainingHistory: Hashable, Sendable {
  /// The lines in order.
  public var entries: [HistoryEntry]

  /// The line of the weights that were kept; nil if there are no lines.
  public var kept: HistoryEntry? {
    entries.last { $0.isKept == true } ?? entries.min { $0.validationLoss < $1.validationLoss }
  }

  /// A history of these lines.
  public init(entries: [HistoryEntry]) {
    self.entries = entries
  }

  /// Reads the file at `path`. A last line that was cut off or damaged is left out.
  /// - Throws: `TrainingError.file`, or `.damagedHistory` for another line that is no entry.
  public init(path: String) throws(TrainingError) {
    let bytes: [UInt8]
    do { bytes = try readFile(path) } catch { throw .file(error) }
    entries = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
    for (index, line) in lines.enumerated() {
      do {
        entries.append(try JSONFormat.decode(HistoryEntry.self, from: Array(line)))
      } catch {
        if index + 1 == lines.count { break }
        throw .damagedHistory(path: path, line: index + 1)
      }
    }
  }
}

/// `history.jsonl` while a run appends to it.
struct HistoryLog: ~Copyable {
  /// How many lines the file has: what a checkpoint remembers of it.
  private(set) var length: Int

  private let path: String
  private let descriptor: Int32

  /// Opens the file, cut to `length` lines: what was appended after the checkpoint is measured again. Where it has
  /// become shorter than that, its whole lines are kept.
  init(path: String, length: Int) throws(TrainingError) {
    let descriptor = withSystemPath(path) { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o666) }
    guard descriptor >= 0 else { throw .file(.writing(path)) }
    do throws(TrainingError) {
      self.length = try Self.cut(descriptor, to: length, path: path)
    } catch {
      close(descriptor)
      throw error
    }
    self.path = path
    self.descriptor = descriptor
  }

  /// Cuts the file to its first `length` lines and goes to its end.
  /// - Returns: How many lines there are.
  private static func cut(_ descriptor: Int32, to length: Int, path: String) throws(TrainingError) -> Int {
    let bytes: [UInt8]
    do { bytes = try readFile(path) } catch { throw .file(error) }
    var end = 0
    var lines = 0
    while lines < length, let lineEnd = bytes[end...].firstIndex(of: UInt8(ascii: "\n")) {
      end = lineEnd + 1
      lines += 1
    }
    guard ftruncate(descriptor, off_t(end)) == 0, lseek(descriptor, off_t(end), SEEK_SET) >= 0 else {
      throw .file(.writing(path))
    }
    return lines
  }

  /// Appends a line and waits until it is on the disk, so that no checkpoint remembers a line that is not there.
  mutating func append(_ entry: HistoryEntry) throws(TrainingError) {
    let line: [UInt8]
    do {
      line = try JSONFormat.encodeLine(entry) + [UInt8(ascii: "\n")]
    } catch {
      preconditionFailure("an entry of a history has numbers that JSON cannot represent: \(entry)")
    }
    var written = 0
    while written < line.count {
      let count = line.withUnsafeBytes {
        write(descriptor, $0.baseAddress?.advanced(by: written), line.count - written)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .file(.writing(path))
      }
      written += count
    }
    guard fsync(descriptor) == 0 else { throw .file(.writing(path)) }
    length += 1
  }

  deinit { close(descriptor) }
}
