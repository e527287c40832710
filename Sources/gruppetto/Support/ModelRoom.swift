internal import Composing
internal import Corpora
internal import Foundation
internal import Groundwork

/// The folder of a model while its corpus is made in it.
struct ModelRoom {
  let folder: ModelFolder
  /// The files and folders that the corpus is made of.
  let music: [String]

  /// Whether there is anything at the folder's path.
  var exists: Bool { FileManager.default.fileExists(atPath: folder.path) }

  /// Takes back a folder that came to nothing.
  func remove() { try? FileManager.default.removeItem(atPath: folder.path) }

  /// The corpus that was made for the model, if there is one.
  /// - Throws: `ComposingError.corpusChanged` where the music is no longer what it was made of.
  func keptCorpus(cancellation: Cancellation, progress: ProgressHandler?) throws -> Corpus? {
    guard Corpus.exists(at: folder.corpusPath) else { return nil }
    let kept = try Corpus(path: folder.corpusPath, cancellation: cancellation, progress: progress)
    let before = try kept.report().sourceFingerprint
    let now = try CorpusBuilder.sourceFingerprint(of: music, cancellation: cancellation, progress: progress)
    guard before == now else {
      throw ComposingError.corpusChanged(path: folder.path, trainedOn: before, given: now)
    }
    return kept
  }

  /// What was asked of the corpus when the model was begun; nil where that is not known.
  func keptRequest() throws -> CorpusRequest? {
    guard let bytes = try? readFile(requestPath) else { return nil }
    return try JSONFormat.decode(CorpusRequest.self, from: bytes)
  }

  /// Notes what is asked of the corpus.
  func keep(_ request: CorpusRequest) throws {
    do {
      try FileManager.default.createDirectory(atPath: folder.corpusPath, withIntermediateDirectories: true)
    } catch {
      throw FileError.unwritable(path: folder.corpusPath, reason: "the folder cannot be made")
    }
    try replaceFile(at: requestPath, with: try JSONFormat.encode(request))
  }

  private var requestPath: String { folder.corpusPath + "/request.json" }
}
