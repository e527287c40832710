public import Composing
internal import Groundwork
public import Music
internal import Tokenization

/// A note of an answer, in beats from the bar line at which the answer begins.
public struct AnswerNote: Sendable, Hashable {
  /// When it begins, in quarter notes.
  public var beat: Double
  /// How long it lasts, in quarter notes.
  public var length: Double
  /// MIDI key number, 0...127.
  public var pitch: Int
  /// 1...127.
  public var velocity: Int
  /// The General MIDI program of its part; nil for drums.
  public var program: Int?
  /// Which of the parts with this program it is of.
  public var part: Int
}

/// What is asked of answers.
public struct AnswerSettings: Sendable {
  /// The seed of every choice. The n-th answer has choices of its own.
  public var seed: UInt64
  /// How adventurous the choices are.
  public var sampling: SamplingPreset
  /// How many bars an answer has; nil for as many as its call.
  public var bars: Int?
  /// The bars.
  public var timeSignature: TimeSignature
  /// How many bars of what was played before are kept in mind, calls and answers.
  public var memory: Int
  /// Calls longer than this are answered in this many bars, where `bars` does not say it.
  public static let mostBars = 64

  /// Settings.
  public init(
    seed: UInt64, sampling: SamplingPreset = SamplingPreset(), bars: Int? = nil,
    timeSignature: TimeSignature = .common, memory: Int = 32
  ) {
    self.seed = seed
    self.sampling = sampling
    self.bars = bars
    self.timeSignature = timeSignature
    self.memory = memory
  }
}

/// Answers what a player plays with a model's continuation of it.
///
/// The call, after all that was played before, is the primer of a `CompositionSession`. It is read while it is played (`PrimerReader`), and
/// the answer is begun on trial whenever the player has done something, so that its first bar is there when it is wanted; if the
/// player goes on, it is thrown away. What is answered depends on the calls and the seed alone, and not on how much time there was.
/// One thread uses it, in small portions: `work()`.
public final class Answerer {
  /// What is asked of the answers that follow.
  public var settings: AnswerSettings {
    didSet {
      if !isRunning {
        isTargetSet = false
        forgetAnswer()
      }
    }
  }
  private var composer: Composer
  private var reader: PrimerReader
  private var conversation: Conversation
  private var call: PhraseReading?
  private var session: CompositionSession?
  private var notes: [AnswerNote] = []
  /// The places of notes that were given out by `takeNotes`, so that none is given twice where tokens were rewritten.
  private var known: Set<AnswerNote> = []
  private var takenCount = 0
  private var isTargetSet = false
  private var isRunning = false
  private var isFinished = false

  /// How many answers were begun.
  public private(set) var answerCount = 0
  /// Why the last call could not be answered; nil if it could.
  public private(set) var failure: ComposingError?
  /// How many notes that had been given out already the model took back later.
  public private(set) var takenBackCount = 0

  /// An answerer with a model.
  /// - Throws: `ComposingError` for a model that does not compose.
  public init(model: MusicModel, settings: AnswerSettings) throws(ComposingError) {
    self.settings = settings
    composer = try Composer(model: model)
    reader = PrimerReader(composer: composer)
    conversation = Conversation(timeSignature: settings.timeSignature, mostBars: max(0, settings.memory))
  }

  /// How many bars the answer to the call has.
  public var answerBars: Int { settings.bars ?? min(max(1, call?.barCount ?? 1), AnswerSettings.mostBars) }
  /// How many ids of the call are left to be read before the answer can begin.
  public var remainingCount: Int { isTargetSet ? reader.remainingCount : .max }
  /// How many bars of the answer are complete.
  public var readyBars: Int { isFinished ? answerBars : max(0, (session?.barCount ?? 0) - 1) }
  /// Whether the answer is complete.
  public var isComplete: Bool { isFinished }

  /// Lets a call be what is to be answered; nil where the piece is to be continued without one. The same call changes nothing.
  public func hear(_ call: PhraseReading?) {
    guard !isRunning, call != self.call || !isTargetSet else { return }
    self.call = call
    isTargetSet = false
    forgetAnswer()
  }

  private func forgetAnswer() {
    session = nil
    notes = []
    known = []
    takenCount = 0
    isFinished = false
    failure = nil
  }

  /// Does a small portion of what can be done now.
  /// - Returns: false if nothing is left to be done.
  public func work() -> Bool {
    guard failure == nil, !isFinished, call != nil || conversation.barCount > 0 else { return false }
    do {
      if !isTargetSet {
        try reader.target(options)
        isTargetSet = true
      } else if session == nil {
        if !reader.readNext() { session = try reader.session() }
      } else if isRunning || readyBars < Self.trialBars {
        try compose()
      } else {
        return false
      }
    } catch {
      failure = error
      return false
    }
    return true
  }

  /// How many bars are composed on trial.
  private static let trialBars = 1

  private var options: CompositionOptions {
    var options = CompositionOptions(
      seed: settings.seed &+ UInt64(answerCount), sampling: settings.sampling, bars: answerBars,
      primer: conversation.with(call))
    options.leavesLengthOpen = true
    return options
  }

  private func compose() throws(ComposingError) {
    guard let session, let step = try session.step() else {
      isFinished = true
      return
    }
    if step.takenBack > 0 { takenBackCount += takenCount > 0 ? 1 : 0 }
    let start = Double((conversation.barCount + (call?.barCount ?? 0))) * quartersPerBar
    let ticks = Double(session.ticksPerQuarter)
    let end = Double(answerBars) * quartersPerBar
    for decoded in step.music.notes {
      let beat = Double(decoded.note.onset) / ticks - start
      guard beat >= 0, beat < end else { continue }
      let note = AnswerNote(
        beat: beat, length: min(Double(decoded.note.duration) / ticks, end - beat), pitch: decoded.note.pitch,
        velocity: decoded.note.velocity, program: decoded.program, part: decoded.part)
      if known.insert(note).inserted { notes.append(note) }
    }
    isFinished = session.isFinished
  }

  private var quartersPerBar: Double {
    4 * Double(settings.timeSignature.numerator) / Double(settings.timeSignature.denominator)
  }

  /// The answer is wanted: from here on the call stays what it is.
  /// - Returns: false if there is nothing to answer, or the call cannot be answered; see `failure`.
  @discardableResult
  public func begin() -> Bool {
    guard !isRunning, failure == nil, call != nil || conversation.barCount > 0 else { return false }
    isRunning = true
    return true
  }

  /// The notes that are complete and were not given before.
  public func takeNotes() -> ArraySlice<AnswerNote> {
    defer { takenCount = notes.count }
    return notes[takenCount...]
  }

  /// The answer is over, or was broken off: call and answer become what was played before.
  /// - Parameter bars: How many bars of the answer were heard; 0 where the player went on at once.
  public func end(afterBars bars: Int) {
    guard isRunning else { return }
    conversation.add(call, answer: notes, bars: min(max(0, bars), answerBars))
    answerCount += 1
    isRunning = false
    call = nil
    isTargetSet = false
    forgetAnswer()
  }

  /// Forgets what was played before. An answer that is running is not changed by it.
  public func forget() {
    conversation = Conversation(timeSignature: settings.timeSignature, mostBars: max(0, settings.memory))
    guard !isRunning else { return }
    call = nil
    isTargetSet = false
    forgetAnswer()
  }

  /// The ids of the call alone, with the key of all that was played: what a style is learned from; nil where it cannot be expressed.
  public func idsOfCall() -> [Int32]? {
    guard let call else { return nil }
    var score = call.score
    score.keys = conversation.with(call).keys
    return try? composer.model.tokenizer.encode(score).ids
  }

  /// Goes on with another model of the same tokens, such as the model in a style. An answer that is running is not changed by it.
  /// - Throws: `ComposingError` for a model that does not compose.
  public func use(_ model: MusicModel) throws(ComposingError) {
    let other = try Composer(model: model)
    composer = other
    reader = PrimerReader(composer: other)
    guard !isRunning else { return }
    isTargetSet = false
    forgetAnswer()
  }
}
