internal import MIDI
public import Synthesis

/// Sounds messages as they come from a keyboard or another program, whatever instruments they ask for.
///
///     let performer = MessagePerformer(bank: library)
///     // One thread hands over what has come:
///     performer.take(messages)
///     // Another renders:
///     performer.engine.render(into: &block)
///
/// A sound that was not asked for before is prepared by the thread that hands over, which takes some milliseconds for an instrument and longer for a kit of
/// drums; what sounds goes on meanwhile. The level is the same for all that is played: nothing is made louder because it is soft.
public final class MessagePerformer {
  /// What renders.
  public let engine: PerformanceEngine
  /// How many notes were begun.
  public private(set) var noteCount = 0

  private var demand = SoundDemand()
  /// Those that were asked for last come last.
  private(set) var prepared: [PresetAddress] = []
  private var held = HeldKeys()
  /// How many frames were rendered when sounds were prepared last.
  private var framesAtPreparation = 0
  /// The last frame that a message was for.
  private var lastFrame = 0

  /// So many sounds are prepared at a time; more only where they are asked for at once.
  static let soundLimit = 32

  /// A performer with a piano; other sounds follow when they are asked for.
  /// - Parameters:
  ///   - bank: Where its sounds are.
  ///   - options: How they sound. Of no effect are `isLimited`, `start`, `expression`, `separatesParts` and `threadCount`.
  ///   - gain: Gain of the whole in decibels.
  /// - Precondition: `options.sampleRate` is 8,000...192,000 and `maximumVoices` 1...1,024.
  public init(bank: any SoundBank, options: RenderOptions = RenderOptions(), gain: Double = 0) {
    let usual = LiveSound.usualGain(bank, [0], options)
    engine = PerformanceEngine(
      bank: bank, settings: EngineSettings(render: options, level: .asMixed, gain: gain, initialGain: usual))
    prepare([PresetAddress(program: 0)])
  }

  /// Prepares sounds that are missing. Those that no channel has chosen any more are forgotten, the ones that were asked for longest ago first, where
  /// there are too many: each new synthesizer has all that are remembered.
  private func prepare(_ wanted: Set<PresetAddress>) {
    let isMissing = wanted.contains { !prepared.contains($0) }
    prepared.removeAll { wanted.contains($0) }
    prepared += wanted.sorted {
      ($0.bank, $0.program, $0.isDrum ? 1 : 0) < ($1.bank, $1.program, $1.isDrum ? 1 : 0)
    }
    guard isMissing else { return }
    let needed = wanted.union(demand.current)
    // Messages that wait until something is rendered may be for any sound before.
    let rendered = engine.renderedFrames
    var excess = rendered > framesAtPreparation ? prepared.count - Self.soundLimit : 0
    framesAtPreparation = rendered
    prepared.removeAll { address in
      guard excess > 0, !needed.contains(address) else { return false }
      excess -= 1
      return true
    }
    engine.prepare(only: Set(prepared))
  }

  /// How many messages can be handed over now without any being lost. Rendering makes room.
  public var room: Int { engine.messageRoom }

  /// Performs messages. All sounds that they ask for anew are prepared first, and together.
  /// - Parameters:
  ///   - messages: In the order of their coming. Of those that are for no channel, a reset silences all, and system-exclusive ones are performed that a
  ///     synthesizer understands (`PerformanceEngine.send(systemExclusive:atFrame:)`).
  ///   - frame: The frame of the sound at which a message takes effect, not before that of earlier ones; what is past is done at once.
  public func take(_ messages: [TimedMessage], atFrame frame: (PerformanceTime) -> Int = { _ in 0 }) {
    var wanted: Set<PresetAddress> = []
    for timed in messages {
      guard case .midi(let midi) = timed.message else { continue }
      if case .systemExclusive(let bytes) = midi {
        // Channels go back to the piano; drums take long, and are prepared when they are struck.
        if demand.take(systemExclusive: bytes) == .reset { wanted.insert(PresetAddress(program: 0)) }
      } else if let (channel, content) = midi.forChannel,
        let address = demand.take(content, channel: channel)
      {
        wanted.insert(address)
      }
    }
    if !wanted.isEmpty { prepare(wanted) }
    for timed in messages {
      held.follow(timed.message)
      let moment = frame(timed.time)
      lastFrame = max(lastFrame, moment)
      if timed.message == .reset { silence(atFrame: moment) }
      guard case .midi(let midi) = timed.message else { continue }
      if case .systemExclusive(let bytes) = midi, let effect = ExclusiveEffect(bytes) {
        if effect == .reset { held = HeldKeys() }
        engine.send(systemExclusive: bytes, atFrame: moment)
      }
      guard let (channel, content) = midi.forChannel else { continue }
      if case .noteOn(_, let velocity, _) = content, velocity > 0 { noteCount += 1 }
      engine.send(content, channel: channel, atFrame: moment)
    }
  }

  /// Releases the keys and pedals that are down: their sender has gone.
  /// - Parameter frame: The frame of the sound at which they come up; not before the last message.
  public func releaseAll(atFrame frame: Int = 0) {
    let moment = max(frame, lastFrame)
    for case .midi(let midi) in held.release() {
      guard let (channel, content) = midi.forChannel else { continue }
      engine.send(content, channel: channel, atFrame: moment)
    }
  }

  /// Silences all, and puts controllers back.
  private func silence(atFrame frame: Int) {
    for channel in 0..<16 {
      engine.send(.control(120, value: 0), channel: channel, atFrame: frame)
      engine.send(.control(121, value: 0), channel: channel, atFrame: frame)
    }
  }
}
