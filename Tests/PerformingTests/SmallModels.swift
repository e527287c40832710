import Composing
import ModelSupport
import Music
import Recurrent
import Synthesis
import TestSupport
import Tokenization

@testable import Performing

/// Models and sounds for tests.
enum Small {
  /// A model of a tokenizer whose network is random.
  static func model(_ configuration: any TokenizerConfiguration = REMIConfiguration()) throws -> MusicModel {
    let tokenizer = try configuration.makeTokenizer()
    let shape = LanguageModelShape(embeddingSize: 8, hiddenSize: 16, layerCount: 2, dropout: 0)
    return MusicModel(
      tokenizer: tokenizer,
      network: Network(configuration: LanguageModelConfiguration(shape, for: tokenizer), seed: 1))
  }

  /// A model of cells: chords and a melody in 4/4.
  static func cells() throws -> MusicModel {
    try model(CellsConfiguration.small)
  }

  /// A bank in which everything is the same sound.
  struct Bank: SoundBank {
    var name: String { "small" }

    // A sound that takes little time to prepare and to render, however the tests are built.
    func preset(at address: PresetAddress) -> SoundPreset? {
      Self.library.preset(at: PresetAddress(program: 80))
    }

    private static let library: InstrumentLibrary = {
      do { return try InstrumentLibrary(folder: presetsFolder) } catch { fatalError("\(error)") }
    }()
  }

  private static let presetsFolder = {
    let parts = #filePath.split(separator: "/").dropLast(3)
    return "/" + parts.joined(separator: "/") + "/presets/instruments"
  }()

  /// Settings of pieces of this many bars.
  static func settings(bars: Int) -> EndlessSettings {
    var settings = EndlessSettings()
    settings.composition.bars = bars
    return settings
  }

  /// A bar of four quarter notes on one channel, at 240 quarter notes a minute.
  static func bar(_ number: Int, pitches: [Int] = [60, 64, 67, 72], program: Int = 0) -> PerformedBar {
    PerformedBar(
      number: number, numberInPiece: number, ticksPerQuarter: 480, length: 1920,
      tempos: [TempoChange(tick: 0, microsecondsPerQuarter: 250_000)],
      parts: [PerformedPart(name: "tune", channel: 0, program: program)],
      notes: pitches.enumerated().map {
        PerformedNote(
          part: 0, note: Note(onset: 480 * $0.offset, duration: 400, pitch: $0.element, velocity: 90))
      })
  }
}
