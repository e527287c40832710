public import Groundwork

/// A bank of sampled instruments: a SoundFont file of version 2 (.sf2) or 3 (.sf3, its samples compressed as Ogg Vorbis), or a bank of
/// downloadable sounds of level 1 or 2 (.dls), which is played as a SoundFont is.
///
/// The file stays mapped while the bank or a preset of it is in use, and must not be shortened meanwhile. Whatever the
/// specification (SoundFont Technical Specification 2.04, 2006) says to ignore is ignored and told in `diagnostics`.
public final class SoundFont: Sendable {
  /// The file's path.
  public let path: String
  /// The bank's own name; the file's where it has none.
  public let name: String
  /// The version of the format, major and minor, as 2 and 4 of 2.04; of downloadable sounds their level, and 0.
  public let version: (major: Int, minor: Int)
  /// The name of the format with its version, such as `SoundFont 2.04` or `DLS level 2`.
  public let format: String
  /// The presets, by bank and program.
  public let presets: [SoundFontPreset]
  /// What is wrong with the bank, or was ignored in it; also with compressed samples that were needed so far.
  public var diagnostics: [Diagnostic] { contents.diagnostics }

  /// Sixteen hexadecimal digits that differ where two banks do: the `Fingerprint` of all that the file says of presets, instruments
  /// and samples, and of the samples' size and first megabyte.
  package let fingerprint: String

  let contents: SoundFontContents

  /// Opens the bank at `path`.
  ///
  /// A bank that would take more memory than eight times its size and 256 MB (128 times, for compressed samples) when all of it is used is
  /// refused: the tables of a small file can ask for any amount.
  /// - Throws: `SoundFontError`: `.file` where it cannot be read, otherwise what makes it no usable bank.
  public convenience init(path: String) throws(SoundFontError) {
    let bytes: BankBytes
    do throws(FileError) { bytes = try BankBytes(path: path) } catch { throw .file(error) }
    try self.init(bytes)
  }

  /// Reads a bank that is in memory; `name` stands for its path in errors.
  /// - Throws: `SoundFontError`.
  package convenience init(bytes: [UInt8], name: String) throws(SoundFontError) {
    try self.init(BankBytes(bytes, name: name))
  }

  private init(_ bytes: BankBytes) throws(SoundFontError) {
    let bank: BankReader.Bank
    let isDLS = DLSReader.isRecognized(Array(bytes.bytes.prefix(12)))
    if isDLS {
      var reader = DLSReader(bytes)
      bank = try reader.read()
    } else {
      var reader = BankReader(bytes)
      bank = try reader.read()
    }
    path = bytes.path
    name = bank.name
    version = bank.version
    let minor = version.minor < 10 ? "0\(version.minor)" : "\(version.minor)"
    format = isDLS ? "DLS level \(version.major)" : "SoundFont \(version.major).\(minor)"
    contents = bank.contents
    fingerprint = bank.fingerprint
    presets = bank.presets
  }

  /// The preset of a bank and program; nil where there is none.
  public func preset(bank: Int, program: Int) -> SoundFontPreset? {
    var low = 0
    var high = presets.count
    while low < high {
      let middle = (low + high) / 2
      if (presets[middle].bank, presets[middle].program) < (bank, program) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    guard low < presets.count, presets[low].bank == bank, presets[low].program == program else { return nil }
    return presets[low]
  }

  /// Whether a file that begins with these bytes, 12 or more, may be a SoundFont.
  package static func isRecognized(_ firstBytes: [UInt8]) -> Bool {
    firstBytes.count >= 12 && firstBytes.starts(with: Array("RIFF".utf8))
      && firstBytes[8..<12].elementsEqual(Array("sfbk".utf8))
  }
}
