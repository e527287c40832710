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
  private var prepared: Set<PresetAddress> = []
  private var held = HeldKeys()

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

  private func prepare(_ wanted: Set<PresetAddress>) {
    let missing = wanted.subtracting(prepared)
    guard !missing.isEmpty else { return }
    prepared.formUnion(missing)
    engine.prepare(Array(missing))
  }

  /// Performs messages. All sounds that they ask for anew are prepared first, and together.
  /// - Parameters:
  ///   - messages: In the order of their coming. Those that are for no channel mean nothing, but for a reset, which silences all.
  ///   - frame: The frame of the sound at which a message takes effect, not before that of earlier ones; what is past is done at once.
  public func take(_ messages: [TimedMessage], atFrame frame: (PerformanceTime) -> Int = { _ in 0 }) {
    var wanted: Set<PresetAddress> = []
    for timed in messages {
      guard case .midi(let midi) = timed.message, let (channel, content) = midi.forChannel else { continue }
      if let address = demand.take(content, channel: channel) { wanted.insert(address) }
    }
    prepare(wanted)
    for timed in messages {
      held.follow(timed.message)
      if timed.message == .reset { silence(atFrame: frame(timed.time)) }
      guard case .midi(let midi) = timed.message, let (channel, content) = midi.forChannel else { continue }
      if case .noteOn(_, let velocity, _) = content, velocity > 0 { noteCount += 1 }
      engine.send(content, channel: channel, atFrame: frame(timed.time))
    }
  }

  /// Releases the keys and pedals that are down: their sender has gone.
  /// - Parameter frame: The frame of the sound at which they come up.
  public func releaseAll(atFrame frame: Int = 0) {
    for case .midi(let midi) in held.release() {
      guard let (channel, content) = midi.forChannel else { continue }
      engine.send(content, channel: channel, atFrame: frame)
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
