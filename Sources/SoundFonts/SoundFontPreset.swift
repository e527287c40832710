/// A sound of a bank, as a program change selects it.
public struct SoundFontPreset: Sendable {
  /// Its bank: 0–127, or 128 for percussion.
  public let bank: Int
  /// Its program, 0–127.
  public let program: Int
  /// Its name.
  public let name: String

  /// Its place among the bank's presets as the file has them.
  let index: Int
  let bankContents: SoundFontContents

  /// All zones of the preset's zones' instruments, each with its generators and modulators resolved (SoundFont 2.04, §9.4):
  /// the instrument's values with the preset's added, global zones applied. A note sounds on every zone whose ranges hold its
  /// key and velocity.
  ///
  /// The first reading decodes the samples that are compressed; any thread may ask, but not that of the sound.
  package var zones: [SoundFontZone] { bankContents.zones(ofPreset: index) }
}

/// A sample with all that is done to it for some keys and velocities.
package struct SoundFontZone: Sendable {
  /// The keys it is for.
  package let keys: ClosedRange<Int>
  /// The velocities it is for.
  package let velocities: ClosedRange<Int>
  /// The generators; offsets into the sample are not applied to `sample` (`SoundFontSample.addresses`).
  package let generators: GeneratorValues
  /// The modulators: the ten defaults (`Modulator.standard`) with the zone's own in the place of identical ones, then its others.
  /// A zone without modulators of its own shares `Modulator.standard`.
  package let modulators: [Modulator]
  /// The sample.
  package let sample: SoundFontSample
}
