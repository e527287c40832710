internal import Groundwork

extension SoundFont {
  /// Where systems keep a bank of the General MIDI instruments, the administrator's choice first.
  public static let systemPaths = [
    "/usr/share/sounds/sf2/default-GM.sf2", "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/sounds/sf2/TimGM6mb.sf2", "/usr/share/sounds/sf3/default-GM.sf3",
    "/usr/share/soundfonts/default.sf2", "/usr/share/soundfonts/default.sf3",
    "/usr/share/soundfonts/FluidR3_GM.sf2", "/usr/share/soundfonts/FluidR3_GM2-2.sf2",
    "/usr/share/soundfonts/GeneralUser-GS.sf2", "/usr/local/share/soundfonts/default.sf2",
  ]

  /// The system's banks of General MIDI instruments: those of `systemPaths` that are there.
  public static var systemBanks: [String] { systemPaths.filter(fileExists) }
}
