internal import Groundwork

/// The instruments of a folder, each program and drum key with one.
public struct InstrumentLibrary: Sendable, Hashable {
  /// All instruments: by first program, drums last by key.
  public let instruments: [Instrument]
  /// Sixteen hexadecimal digits that differ where the files of the instruments do: the `Fingerprint` (XXH64, part by part) of their bytes, in the
  /// order of their names; that of nothing for instruments that came from no files.
  public let fingerprint: String
  private let instrumentOfProgram: [Int?]
  private let instrumentOfDrumKey: [Int?]

  /// Reads every `.json` file of `folder`, in the order of their names.
  /// - Throws: `.unreadable` for a folder or file that is not there, `.noInstruments` for a folder without any,
  ///   `.notJSON` and `.invalid` with file, instrument and key for what does not fit.
  public init(folder: String) throws(InstrumentError) {
    let names: [String]
    do { names = try Groundwork.names(inFolder: folder) } catch {
      throw .unreadable(.notFound(path: folder))
    }
    var instruments: [Instrument] = []
    var owners = Owners()
    var fingerprint = Fingerprint()
    for name in names.sorted() where name.hasSuffix(".json") {
      let path = folder + "/" + name
      let bytes: [UInt8]
      do { bytes = try JSONFile.content(of: path) } catch { throw InstrumentError(error) }
      instruments += try Self.instruments(in: bytes, file: path, owners: &owners)
      fingerprint.add(bytes)
    }
    guard !instruments.isEmpty else { throw .noInstruments(folder: folder) }
    self.init(instruments: instruments, fingerprint: fingerprint)
  }

  init(instruments: [Instrument], fingerprint: Fingerprint = Fingerprint()) {
    self.fingerprint = fingerprint.text
    self.instruments = instruments.sorted { a, b in
      (a.programs.min() ?? 128 + (a.drumKeys.min() ?? 0))
        < (b.programs.min() ?? 128 + (b.drumKeys.min() ?? 0))
    }
    var programs = [Int?](repeating: nil, count: 128)
    var keys = programs
    for (index, instrument) in self.instruments.enumerated() {
      for program in instrument.programs { programs[program] = index }
      for key in instrument.drumKeys { keys[key] = index }
    }
    instrumentOfProgram = programs
    instrumentOfDrumKey = keys
  }

  /// The instrument of a General MIDI program; where the folder has none for it, that of the nearest
  /// program of its family, else that of the nearest program.
  public func instrument(program: Int) -> Instrument? {
    let program = min(max(program, 0), 127)
    let family = program & ~7
    let kin = Self.nearest(to: program, in: instrumentOfProgram, among: family...(family + 7))
    return (kin ?? Self.nearest(to: program, in: instrumentOfProgram, among: 0...127)).map { instruments[$0] }
  }

  /// The sound of a drum key; for a key without one, that of the nearest key.
  public func instrument(drumKey: Int) -> Instrument? {
    Self.nearest(to: drumKey, in: instrumentOfDrumKey, among: 0...127).map { instruments[$0] }
  }

  private static func nearest(to number: Int, in table: [Int?], among range: ClosedRange<Int>) -> Int? {
    let number = min(max(number, 0), 127)
    return range.filter { table[$0] != nil }.min { abs($0 - number) < abs($1 - number) }.flatMap { table[$0] }
  }
}

extension InstrumentLibrary {
  /// The instruments of one file. One may be `like` another of the same file and say only what differs.
  static func instruments(
    in bytes: [UInt8], file: String
  ) throws(InstrumentError) -> [Instrument] {
    var owners = Owners()
    return try instruments(in: bytes, file: file, owners: &owners)
  }

  /// Which instruments there are already, by what two of them cannot share.
  private struct Owners {
    var names: Set<String> = []
    var programs: [Int: String] = [:]
    var drumKeys: [Int: String] = [:]
  }

  private static func instruments(
    in bytes: [UInt8], file: String, owners: inout Owners
  ) throws(InstrumentError) -> [Instrument] {
    let root = try parse(bytes, file: file)
    try root.allowOnly(["family", "instruments"])
    guard let family = InstrumentFamily(rawValue: try root.text("family")) else {
      let names = InstrumentFamily.allCases.map(\.rawValue).joined(separator: ", ")
      throw root.error("family", "is not one of \(names)")
    }
    var instruments: [Instrument] = []
    var described: [String: [String: JSONValue]] = [:]
    for object in try root.objects("instruments") {
      let name = try object.text("name")
      var named = JSONObject(file: file, instrument: name, path: "", members: object.members)
      guard owners.names.insert(name).inserted else {
        throw named.error("name", "there is another instrument of this name")
      }
      if named.has("like") {
        let model = try named.text("like")
        guard var members = described[model] else {
          throw named.error("like", "there is no instrument “\(model)” above it in this file")
        }
        members.merge(object.members) { $1 }
        named = JSONObject(file: file, instrument: name, path: "", members: members)
      }
      described[name] = named.members
      let instrument = try Instrument(reading: named, family: family)
      try claim(instrument, owners: &owners, object: named)
      instruments.append(instrument)
    }
    return instruments
  }

  private static func parse(_ bytes: [UInt8], file: String) throws(InstrumentError) -> JSONObject {
    let value: JSONValue
    do { value = try JSONFile.decode(JSONValue.self, from: bytes, path: file) } catch {
      throw InstrumentError(error)
    }
    guard case .object(let members) = value else {
      throw .notJSON(file: file, reason: "it does not hold an object")
    }
    return JSONObject(file: file, instrument: "", path: "", members: members)
  }

  /// With two sounds for one program it would not be defined which is heard.
  private static func claim(
    _ instrument: Instrument, owners: inout Owners, object: JSONObject
  ) throws(InstrumentError) {
    for program in instrument.programs {
      let owner = owners.programs.updateValue(instrument.name, forKey: program) ?? instrument.name
      guard owner == instrument.name else {
        throw object.error("programs", "program \(program) already belongs to “\(owner)”")
      }
    }
    for key in instrument.drumKeys {
      let owner = owners.drumKeys.updateValue(instrument.name, forKey: key) ?? instrument.name
      guard owner == instrument.name else {
        throw object.error("keys", "key \(key) already belongs to “\(owner)”")
      }
    }
  }
}
