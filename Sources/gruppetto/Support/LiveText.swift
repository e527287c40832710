internal import Foundation
internal import Music
internal import Performing

/// What a live performance came to, as `--json` prints it. Times are in milliseconds.
struct LiveSummary: Encodable {
  struct Times: Encodable {
    var count: Int
    var mean: Double
    var largest: Double
    var percentile99: Double

    init?(_ timeliness: Timeliness) {
      guard timeliness.count > 0 else { return nil }
      count = timeliness.count
      mean = Self.milliseconds(timeliness.meanSeconds)
      largest = Self.milliseconds(timeliness.largestSeconds)
      percentile99 = Self.milliseconds(timeliness.percentileSeconds(0.99))
    }

    private static func milliseconds(_ seconds: Double) -> Double { (1e5 * seconds).rounded() / 100 }
  }

  var mode: String
  var seed: UInt64
  var seconds: Double
  var heardNotes: Int
  var answers: Int
  var playedNotes: Int
  /// The parts of an accompaniment that the model wrote, in how many bars it was asked, and in how many it had answered in time.
  var modelParts: [String]?
  var askedBars: Int?
  var answeredBars: Int?
  var failures: Int
  var missedNotes: Int
  var faults: Int
  var tempo: Double?
  var key: String?
  var noteLatency: Times?
  var answerLatency: Times?
  var eventLateness: Times?
  var underruns: Int?
  var learnedPhrases: Int?
  var style: String?
  var recording: String?
  /// The recording that was asked for, where nothing was played that could be kept.
  var missingRecording: String?

  init(_ result: LiveStage.Result, mode: LiveMode, seed: UInt64) {
    self.mode = mode == .continuation ? "continue" : mode.rawValue
    self.seed = seed
    seconds = (1000 * result.seconds).rounded() / 1000
    let report = result.report
    heardNotes = report.heardNotes
    answers = report.answers
    playedNotes = report.playedNotes
    if mode == .accompany {
      modelParts = report.modelRoles.map(\.rawValue).sorted()
      (askedBars, answeredBars) = (report.askedBars, report.answeredBars)
    }
    failures = report.failures
    missedNotes = report.missedNotes
    faults = result.faultCount
    tempo = report.quartersPerMinute.map { (10 * $0).rounded() / 10 }
    key = report.key
    noteLatency = Times(result.soundLatency)
    answerLatency = Times(result.answerTimeliness)
    eventLateness = Times(result.timeliness)
    learnedPhrases = result.learnedPhrases > 0 ? result.learnedPhrases : nil
  }

  /// Which parts of an accompaniment a model writes, and which go by the rule, in a line; nil where nothing is accompanied.
  static func sources(_ roles: Set<PartRole>, _ settings: LiveSettings) -> String? {
    guard settings.mode == .accompany else { return nil }
    let names: [(PartRole, String)] = [(.chords, "harmony"), (.bass, "bass"), (.drums, "drums")]
    let asked = names.filter { settings.accompaniment.parts.contains($0.0) }
    func list(_ isModels: Bool) -> String {
      asked.filter { roles.contains($0.0) == isModels }.map(\.1).joined(separator: ", ")
    }
    let (model, rule) = (list(true), list(false))
    if model.isEmpty { return "The model knows no such parts with a melody: \(rule) by rule." }
    return "By the model: \(model)" + (rule.isEmpty ? "." : "; by rule: \(rule).")
  }

  /// What a terminal shows.
  var text: String {
    var lines: [String] = []
    var first = "heard \(Readable.plural(heardNotes, "note")) in \(Readable.clock(seconds))"
    if mode == "accompany" {
      first += ", accompanied with \(Readable.plural(playedNotes, "note"))"
    } else {
      first += ", \(mode == "continue" ? "continued" : "answered") \(Readable.plural(answers, "phrase"))"
      first += " with \(Readable.plural(playedNotes, "note"))"
    }
    lines.append(first + "; seed \(seed)")
    if let tempo {
      lines.append("  tempo \(Readable.decimal(tempo, 1))" + (key.map { ", \($0)" } ?? ""))
    }
    func add(_ name: String, _ times: Times?) {
      guard let times else { return }
      lines.append(
        "  \(name): \(Readable.decimal(times.mean, 1)) ms on average, \(Readable.decimal(times.percentile99, 1)) ms in 99 % of \(Readable.count(times.count)), \(Readable.decimal(times.largest, 1)) ms at most"
      )
    }
    add("from a note's arrival to its sound", noteLatency)
    add("from the moment of an answer to its first note", answerLatency)
    add("all that was sent, after it was due", eventLateness)
    if let underruns, underruns > 0 { lines.append("  the sound had \(Readable.plural(underruns, "gap"))") }
    if failures > 0 { lines.append("  \(Readable.plural(failures, "phrase")) could not be answered") }
    if missedNotes > 0 {
      lines.append("  \(Readable.plural(missedNotes, "note")) came too late to be played")
    }
    if faults > 0 { lines.append("  \(Readable.plural(faults, "message")) could not be read") }
    if let learnedPhrases {
      lines.append(
        "  learned from \(Readable.plural(learnedPhrases, "phrase"))"
          + (style.map { ", kept in \($0)" } ?? ", forgotten now"))
    }
    if let recording { lines.append("  recorded in \(recording)") }
    if let missingRecording { lines.append("  nothing was played, so \(missingRecording) was not written") }
    return lines.joined(separator: "\n")
  }
}
