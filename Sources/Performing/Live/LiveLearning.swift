public import Composing

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Learns from a player in the background, on a thread of low priority, phrase by phrase.
///
/// What was learned is given out as a model in its style, to be taken up between phrases, and is forgotten with this object, unless
/// its style is written to a file. Where learning is slower than playing, the phrases that wait are all learned from; only the last
/// model is given out.
public final class LiveLearning: Sendable {
  private struct State {
    var waiting: [[Int32]] = []
    var isWorking = false
    var isClosed = false
    var model: Handover?
    var failure: StyleError?
    var thread: PortThread?
    var phraseCount = 0
  }

  /// A model on its way from one thread to another, which the first does not keep.
  private struct Handover: @unchecked Sendable {
    let model: MusicModel
  }

  private let state = Guarded(State())
  private let wake = AlarmSignal()
  private let work: Work

  /// What the thread alone uses, and others once it has ended.
  private final class Work: @unchecked Sendable {
    let learner: StyleLearner
    init(_ learner: StyleLearner) { self.learner = learner }
  }

  /// Starts the thread.
  /// - Parameters:
  ///   - model: What composes.
  ///   - settings: How it learns.
  /// - Throws: `StyleError`; `PortError.noResources`.
  public init(model: MusicModel, settings: StyleLearner.Settings = StyleLearner.Settings()) throws {
    work = Work(try StyleLearner(model: model, settings: settings))
    let thread = try PortThread { [weak self, wake] in
      // Of this thread alone, as Linux has it.
      setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
      while let self, self.learnNext() {}
      _ = wake
    }
    state.withLock { $0.thread = thread }
  }

  deinit { wake.raise() }

  /// Has a phrase learned from.
  public func learn(_ ids: [Int32]) {
    state.withLock { $0.waiting.append(ids) }
    wake.raise()
  }

  /// The model in the style of what was learned, once for each time that there is a new one.
  public func takeModel() -> MusicModel? {
    state.withLock { state in
      defer { state.model = nil }
      return state.model
    }?.model
  }

  /// How many phrases have been learned from.
  public var phraseCount: Int { state.withLock { $0.phraseCount } }
  /// Why learning has ended before its time; nil while it goes on.
  public var failure: StyleError? { state.withLock { $0.failure } }
  /// Whether nothing waits to be learned.
  public var isIdle: Bool { state.withLock { $0.waiting.isEmpty && !$0.isWorking } }

  private func learnNext() -> Bool {
    let (phrase, isClosed) = state.withLock { state -> ([Int32]?, Bool) in
      guard !state.isClosed else { return (nil, true) }
      state.isWorking = !state.waiting.isEmpty
      return (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), false)
    }
    if isClosed { return false }
    guard let phrase else {
      wake.sleep(until: .now.advanced(bySeconds: 0.2))
      return true
    }
    do throws(StyleError) {
      try work.learner.learn(phrase)
      let isLast = state.withLock { $0.waiting.isEmpty }
      let model = isLast ? Handover(model: try work.learner.styledModel()) : nil
      state.withLock { state in
        if let model { state.model = model }
        state.phraseCount += 1
        state.isWorking = false
      }
      return true
    } catch {
      state.withLock { state in
        state.failure = error
        state.isWorking = false
        state.isClosed = true
      }
      return false
    }
  }

  /// Ends the thread after what waits was learned.
  /// - Parameter name: What the style is called in messages.
  /// - Returns: the style; nil if nothing was learned.
  /// - Throws: `StyleError`.
  public func finish(name: String = "what was played") throws(StyleError) -> Style? {
    while !isIdle, failure == nil { usleep(5000) }
    let thread = state.withLock { state in
      state.isClosed = true
      defer { state.thread = nil }
      return state.thread
    }
    wake.raise()
    thread?.join()
    if let failure { throw failure }
    return work.learner.phraseCount > 0 ? try work.learner.style(name: name) : nil
  }
}
