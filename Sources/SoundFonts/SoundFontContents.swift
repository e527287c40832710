internal import Groundwork
internal import Synchronization

/// What a bank holds, shared by the bank and its presets.
final class SoundFontContents: Sendable {
  let bytes: BankBytes
  private let presets: [ZoneList]
  private let resolution: ZoneResolution
  private let resolved: Mutex<[Int: [SoundFontZone]]>

  init(bytes: BankBytes, presets: [ZoneList], resolution: ZoneResolution) {
    self.bytes = bytes
    self.presets = presets
    self.resolution = resolution
    resolved = Mutex([:])
  }

  /// The zones of a preset, which are resolved once.
  func zones(ofPreset index: Int) -> [SoundFontZone] {
    if let zones = resolved.withLock({ $0[index] }) { return zones }
    let zones = resolution.zones(of: presets[index])
    return resolved.withLock { known in
      if let zones = known[index] { return zones }
      known[index] = zones
      return zones
    }
  }
}
