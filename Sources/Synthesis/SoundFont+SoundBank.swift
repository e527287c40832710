public import SoundFonts

extension SoundFont: SoundBank {
  /// The preset of a bank and program. Percussion is in bank 128.
  public func preset(at address: PresetAddress) -> SoundPreset? {
    preset(bank: address.isDrum ? 128 : address.bank, program: address.program).map {
      SoundPreset(name: $0.name, content: .zones(of: $0))
    }
  }
}
