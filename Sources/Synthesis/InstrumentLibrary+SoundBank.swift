extension InstrumentLibrary: SoundBank {
  /// “Built-in instruments”.
  public var name: String { "built-in instruments" }

  /// An instrument for every program of bank 0, and one kit of drums, program 0.
  public func preset(at address: PresetAddress) -> SoundPreset? {
    guard address.bank == 0 else { return nil }
    if address.isDrum {
      guard address.program == 0 else { return nil }
      let kit = (0..<128).map { instrument(drumKey: $0) }
      return kit.allSatisfy { $0 == nil } ? nil : SoundPreset(name: "Standard Kit", content: .kit(kit))
    }
    return instrument(program: address.program).map { SoundPreset(name: $0.name, content: .instrument($0)) }
  }
}
