internal import Foundation
import Groundwork
import Music
import Notation
import Testing

/// The tunes that ship with the project.
@Suite struct ABCCorporaTests {
  static let files: [String] = {
    let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folder = checkout.appending(path: "corpora").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".abc") }.sorted().map { folder + "/" + $0 }
  }()

  @Test("Every tune reads without a warning and its bars add up", arguments: files)
  func everyTuneReadsWithoutAWarningAndItsBarsAddUp(path: String) throws {
    let book = try ABCBook(bytes: [UInt8](try Data(contentsOf: URL(filePath: path))), file: path)
    #expect(book.warnings.isEmpty)
    for tune in book.tunes {
      let name = "\(tune.title ?? "?") (\(path):\(tune.line))"
      #expect(tune.warnings.isEmpty, "\(name): \(tune.warnings)")
      #expect(tune.misplacedBarLines == 0, "\(name)")
      #expect(tune.score.noteCount > 20, "\(name)")
      #expect(tune.score.tracks.last?.name == ABCTune.accompanimentName, "\(name)")
      #expect(endsOnABarLine(tune.score), "\(name): ends at \(tune.score.length)")
    }
  }

  /// Whether the music ends where a bar does, or so far before it as the pickup takes.
  private func endsOnABarLine(_ score: Score) -> Bool {
    let last = score.timeSignatures.last ?? .standard
    let bar = score.ticksPerQuarter * 4 * last.timeSignature.numerator / last.timeSignature.denominator
    let rest = (score.length - last.tick) % bar
    return rest == 0 || rest == bar - score.pickup
  }
}
