internal import Groundwork
internal import Synchronization

/// What a bank holds, shared by the bank and its presets.
final class SoundFontContents: Sendable {
  let bytes: BankBytes
  private let presets: [ZoneList]
  private let resolution: ZoneResolution
  private let samples: SampleStore
  private let resolved: Mutex<[Int: [SoundFontZone]]>
  private let found: [Diagnostic]

  init(
    bytes: BankBytes, presets: [ZoneList], resolution: ZoneResolution, samples: SampleStore,
    diagnostics: [Diagnostic]
  ) {
    self.bytes = bytes
    self.presets = presets
    self.resolution = resolution
    self.samples = samples
    found = diagnostics
    resolved = Mutex([:])
  }

  /// What was found in reading the bank, and in decoding samples so far.
  var diagnostics: [Diagnostic] { found + samples.diagnostics }

  /// The zones of a preset, which are resolved once.
  func zones(ofPreset index: Int) -> [SoundFontZone] {
    if let zones = resolved.withLock({ $0[index] }) { return zones }
    let preset = presets[index]
    let zones = resolution.zones(of: preset, samples: samples.samples(resolution.sampleIndices(of: preset)))
    return resolved.withLock { known in
      if let zones = known[index] { return zones }
      known[index] = zones
      return zones
    }
  }
}
