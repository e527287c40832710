internal import Arithmetic
internal import Audio
internal import Corpora
internal import Foundation
internal import Groundwork
internal import Music
internal import Notation
internal import Synchronization
internal import Synthesis

/// Renders all pieces of files and folders into a folder, several at a time. Below a folder that was named, the new folder has the same
/// folders.
struct FolderRendering: Sendable {
  var files: [String]
  var folder: String
  var format: AudioFileFormat
  var ornaments: ABCOrnaments
  var sound: SoundOptions
  var input: InputOptions
  var common: CommonOptions
  var threadCount: Int

  /// A file and where its sound goes, without the ending.
  private struct Item: Sendable {
    var source: String
    var target: String
  }

  /// What became of a file.
  private enum Outcome: Sendable {
    case written([RenderedFile])
    /// Some pieces may have been written before.
    case failed([RenderedFile], FailedFile)
    case canceled
  }

  /// A file that could not be rendered.
  struct FailedFile: Encodable, Sendable {
    var file: String
    var code: Int32
    var message: String
    /// Whether nothing else can be written either.
    var isFatal: Bool

    private enum CodingKeys: String, CodingKey { case file, code, message }
  }

  private struct Report: Encodable {
    var files: [RenderedFile]
    var failed: [FailedFile]
    /// Seconds of sound, and seconds of sound for each second of work.
    var seconds: Double
    var realTimeFactor: Double
  }

  /// Renders them, and reports.
  /// - Throws: `FailedRenderings` after the others are written; `InterruptedError`.
  func run() throws {
    let (items, unreadable) = try items()
    guard !items.isEmpty else {
      throw SilentFolder(path: files.joined(separator: ", "))
    }
    try makeFolder(path)
    let library = try sound.instruments(common)
    let began = DispatchTime.now().uptimeNanoseconds
    let cancellation = Interruption.cancellation()
    let outcomes = render(items, library, cancellation)
    var written: [RenderedFile] = [], failed = unreadable
    for outcome in outcomes {
      switch outcome {
      case .written(let files): written += files
      case .failed(let files, let failure):
        written += files
        failed.append(failure)
      case .canceled, nil: break
      }
    }
    let spent = Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9
    let seconds = written.reduce(0) { $0 + $1.seconds }
    let report = Report(
      files: written, failed: failed, seconds: seconds, realTimeFactor: seconds / max(spent, 1e-9))
    try common.report(report) { text(report) }
    if let fatal = failed.first(where: \.isFatal) {
      throw FailedRenderings(failed: [fatal], count: items.count)
    }
    if cancellation.isRequested {
      throw InterruptedError(
        "interrupted; \(Readable.plural(written.count, "file")) of \(path) are written")
    }
    guard failed.isEmpty else {
      throw FailedRenderings(failed: failed, count: items.count + unreadable.count)
    }
  }

  /// The folder's path without a slash at its end.
  private var path: String {
    var path = folder
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }

  /// The files to read, and those that cannot be.
  private func items() throws -> ([Item], [FailedFile]) {
    var items: [Item] = [], failed: [FailedFile] = []
    var targets: Set<String> = []
    for root in files {
      let found = try MusicFiles(in: [root])
      failed += found.skipped.map { FailedFile(file: $0.file, code: 66, message: $0.reason, isFatal: false) }
      let prefix = isFolder(root) ? (root.hasSuffix("/") ? root : root + "/") : ""
      for file in found.paths {
        let name = prefix.isEmpty ? lastName(of: file) : String(file.dropFirst(prefix.count))
        let dot = name.lastIndex(of: ".") ?? name.endIndex
        // Files that differ in nothing but their ending keep it.
        let plain = String(name[..<dot])
        let target = [plain, name].first { !targets.contains($0) } ?? "\(name)-\(items.count)"
        targets.insert(target)
        items.append(Item(source: file, target: path + "/" + target))
      }
    }
    return (items, failed)
  }

  private func render(
    _ items: [Item], _ library: LoadedSound, _ cancellation: Cancellation
  ) -> [Outcome?] {
    let work = WorkQueue<Outcome>(count: items.count)
    let isStopped = Atomic<Bool>(false)
    let progress = common.progress
    ThreadTeam(threadCount: max(1, min(threadCount, items.count))).run { _ in
      while !cancellation.isRequested, !isStopped.load(ordering: .relaxed), let index = work.take() {
        let outcome = render(items[index], library, cancellation)
        if case .failed(_, let failure) = outcome, failure.isFatal {
          isStopped.store(true, ordering: .relaxed)
        }
        let count = work.finish(index, outcome)
        progress?(
          ProgressReport(
            activity: "rendering", completed: Double(count), total: Double(items.count), unit: "files"))
      }
    }
    return work.results
  }

  private func render(
    _ item: Item, _ library: LoadedSound, _ cancellation: Cancellation
  ) -> Outcome {
    var written: [RenderedFile] = []
    do {
      let bytes = try MusicFile.bytes(of: item.source, limit: input.music)
      let scores = try ScoreReader.read(bytes: bytes, name: item.source, ornaments: ornaments).scores
      try makeFolder(folderName(of: item.target))
      for (number, score) in scores.enumerated() {
        try MusicInput.requireAudible(score, path: item.source)
        let suffix = scores.count > 1 ? "-" + OutputFile.digits(number + 1, of: scores.count) : ""
        let rendering = try sound.rendering(
          of: score, to: "\(item.target)\(suffix).\(format.rawValue)",
          tags: MusicInput.tags(of: score, bytes: bytes, name: item.source))
        let began = DispatchTime.now().uptimeNanoseconds
        guard let sound = try rendering.run(library, cancellation: cancellation, progress: nil) else {
          return .canceled
        }
        let spent = Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9
        written.append(rendering.report(sound, library, seconds: spent))
      }
      return .written(written)
    } catch {
      let known = error as? any DiagnosableError
      let kind = known?.kind ?? .internalFault
      return .failed(
        written,
        FailedFile(
          file: item.source, code: kind.exitCode, message: known?.message ?? "\(error)",
          isFatal: kind == .cannotWrite || kind == .internalFault))
    }
  }

  private func text(_ report: Report) -> String {
    let loudness = report.files.compactMap(\.loudness)
    var text =
      "\(path): \(Readable.plural(report.files.count, "file")), \(Readable.clock(report.seconds)) of sound"
    if let softest = loudness.min(), let loudest = loudness.max() {
      text += ", \(Readable.decimal(softest, 1)) to \(Readable.decimal(loudest, 1)) LUFS"
    }
    text += ", rendered \(Readable.decimal(report.realTimeFactor, 0)) times faster than real time"
    let long = report.files.filter(\.isLong)
    if !long.isEmpty { text += "; \(Readable.plural(long.count, "file")) over 4 GiB, and so RF64" }
    return text
  }
}

/// Files that could not be rendered, among others that were.
struct FailedRenderings: DiagnosableError {
  var failed: [FolderRendering.FailedFile]
  var count: Int

  var kind: FailureKind {
    guard let fatal = failed.first(where: \.isFatal) else { return .badInput }
    return FailureKind.allCases.first { $0.exitCode == fatal.code } ?? .internalFault
  }

  var message: String {
    if let fatal = failed.first(where: \.isFatal) { return fatal.message }
    let reasons = failed.prefix(5).map { failure in
      failure.message.hasPrefix(failure.file) ? failure.message : "\(failure.file): \(failure.message)"
    }
    let more = failed.count > 5 ? "; and \(failed.count - 5) more" : ""
    return "\(failed.count) of \(Readable.plural(count, "file")) could not be rendered: "
      + reasons.joined(separator: "; ") + more
  }
}

/// Folders without any music.
struct SilentFolder: DiagnosableError {
  var path: String
  var kind: FailureKind { .badInput }
  var message: String { "\(path): no music in it (files ending in .mid, .midi, .kar, .rmi or .abc)" }
  var file: String? { path }
}
