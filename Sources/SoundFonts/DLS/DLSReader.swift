internal import Groundwork

/// Reads a bank of downloadable sounds (MMA: DLS Level 1, 1.1b, 2004; Level 2, 2.2, 2006): its regions become the zones of a SoundFont, and what
/// its articulators connect becomes generators and modulators. Conditional chunks (`cdl `) are not followed.
struct DLSReader {
  let bytes: BankBytes
  var diagnostics = DiagnosticSink()
  private var path: String { bytes.path }

  init(_ bytes: BankBytes) { self.bytes = bytes }

  /// Whether a file that begins with these bytes, 12 or more, may be such a bank.
  static func isRecognized(_ firstBytes: [UInt8]) -> Bool {
    firstBytes.count >= 12 && firstBytes.starts(with: Array("RIFF".utf8))
      && firstBytes[8..<12].elementsEqual(Array("DLS ".utf8))
  }

  /// Reads all but the samples.
  mutating func read() throws(SoundFontError) -> BankReader.Bank {
    var reader = ByteReader(bytes.bytes)
    try? reader.skip(12)
    var (name, instruments, cues, waves) = ("", ByteReader?.none, [Int](), [Int: DLSWave]())
    var tables = Fingerprint()
    while let chunk = try RIFFChunk.next(&reader, path: path) {
      var list = chunk
      switch (chunk.name, list.listKind()) {
      case ("ptbl", _): cues = poolTable(chunk.content)
      case (_, "lins"): instruments = list.content
      case (_, "wvpl"): waves = try wavePool(list.content)
      case (_, "INFO"): name = try Self.name(list.content, path: path)
      default: break
      }
      if chunk.name != "LIST" || list.content.remaining < 1 << 20 {
        var content = chunk.content
        if let bytes = try? content.readBytes(content.remaining) { tables.add(bytes) }
      }
    }
    guard let instruments else {
      throw .damaged(path: path, offset: reader.end, fault: .missingChunk(chunk: "lins"))
    }
    var collection = DLSCollection(path: path, cues: cues, waves: waves, bytes: bytes)
    try collection.read(instruments)
    diagnostics.merge(collection.diagnostics)
    let samples = collection.samples.map { BankSample.ready($0) }
    var need = MemoryNeed()
    need.add(
      zones: collection.lists.reduce(0) { $0 + $1.zones.count },
      modulators: collection.lists.reduce(0) { $0 + $1.zones.reduce(0) { $0 + $1.modulators.count } })
    need.add(collection.lists, samples: samples)
    let limit = MemoryNeed.limit(fileSize: bytes.bytes.count, samples: samples)
    guard need.bytes <= limit else { throw .tooLarge(path: path, need: need.bytes, limit: limit) }
    guard !collection.presets.isEmpty else {
      throw .damaged(path: path, offset: instruments.offset, fault: .noPresets)
    }
    let contents = SoundFontContents(
      bytes: bytes, presets: collection.lists.indices.map { ZoneList(zones: [ZoneList.Zone(target: $0)]) },
      resolution: ZoneResolution(instruments: collection.lists),
      samples: SampleStore(samples, pool: SamplePool(bytes: bytes, high: 0..<0, low: nil)),
      diagnostics: diagnostics.diagnostics)
    let fileName = path.split(separator: "/").last.map(String.init) ?? path
    return BankReader.Bank(
      name: name.isEmpty ? fileName : name, version: (collection.level, 0),
      presets: collection.presets.map {
        SoundFontPreset(
          bank: $0.bank, program: $0.program, name: $0.name, index: $0.index, bankContents: contents)
      },
      contents: contents, fingerprint: tables.text)
  }

  /// Where waves begin in their list, by the numbers that regions name them by.
  private func poolTable(_ content: ByteReader) -> [Int] {
    var content = content
    guard let size = try? content.readLittleEndian(UInt32.self),
      let count = try? content.readLittleEndian(UInt32.self), size >= 8,
      (try? content.skip(Int(size) - 8)) != nil
    else { return [] }
    var cues: [Int] = []
    while cues.count < count, let cue = try? content.readLittleEndian(UInt32.self) { cues.append(Int(cue)) }
    return cues
  }

  /// The waves of the pool, by where they begin in it.
  private mutating func wavePool(_ list: ByteReader) throws(SoundFontError) -> [Int: DLSWave] {
    var waves: [Int: DLSWave] = [:]
    var reader = list
    while let chunk = try RIFFChunk.next(&reader, path: path) {
      var wave = chunk
      guard wave.listKind() == "wave" else { continue }
      do throws(DLSWave.Fault) {
        waves[chunk.offset - list.offset] = try DLSWave(wave.content, bytes: bytes, path: path)
      } catch {
        diagnostics.report(
          Diagnostic(
            rule: "wave", severity: .damage, action: .skipped, offset: chunk.offset,
            message: "the wave at byte \(chunk.offset.grouped) \(error.words); it is silent"))
      }
    }
    return waves
  }

  /// The name in a list of information.
  static func name(_ list: ByteReader, path: String) throws(SoundFontError) -> String {
    var list = list
    while let chunk = try RIFFChunk.next(&list, path: path) {
      var content = chunk.content
      guard chunk.name == "INAM" else { continue }
      return bankText((try? content.readBytes(min(256, content.remaining))).map(Array.init) ?? [])
    }
    return ""
  }
}

/// How a region plays a wave (chunk `wsmp`).
struct DLSWaveSample {
  /// The key at which the wave has its own pitch.
  var unityKey = 60
  /// Cents that are added to the pitch.
  var fineTune = 0
  /// Centibels.
  var gain: Float = 0
  /// A loop in frames of the wave; nil for none.
  var loop: Range<Int>?
  /// Whether the loop ends with the key.
  var loopsUntilRelease = false

  init() {}

  init?(_ content: ByteReader) {
    var content = content
    guard let size = try? content.readLittleEndian(UInt32.self), size >= 20,
      let unity = try? content.readLittleEndian(UInt16.self),
      let tune = try? content.readLittleEndian(Int16.self),
      let gain = try? content.readLittleEndian(Int32.self), (try? content.skip(4)) != nil,
      let loops = try? content.readLittleEndian(UInt32.self), (try? content.skip(Int(size) - 20)) != nil
    else { return nil }
    unityKey = Int(min(unity, 127))
    fineTune = Int(tune)
    self.gain = Float(gain) / 65_536
    guard loops > 0, (try? content.skip(4)) != nil, let kind = try? content.readLittleEndian(UInt32.self),
      let start = try? content.readLittleEndian(UInt32.self),
      let length = try? content.readLittleEndian(UInt32.self), length > 0
    else { return }
    loop = Int(start)..<Int(start) + Int(length)
    loopsUntilRelease = kind == 1
  }
}

/// A wave of the pool: PCM of one channel, of 8 or 16 bits.
struct DLSWave {
  var name = ""
  var rate = 44_100
  var sample: DLSWaveSample?
  var memory: any AnyObject & Sendable
  var data: UnsafePointer<Int16>
  var frameCount = 0

  /// Why a wave cannot be played.
  struct Fault: Error {
    var words: String
  }

  init(_ list: ByteReader, bytes: BankBytes, path: String) throws(Fault) {
    var list = list
    var (format, content) = (ByteReader?.none, ByteReader?.none)
    do throws(SoundFontError) {
      while let chunk = try RIFFChunk.next(&list, path: path) {
        var inner = chunk
        switch chunk.name {
        case "fmt ": format = chunk.content
        case "data": content = chunk.content
        case "wsmp": sample = DLSWaveSample(chunk.content)
        default: if inner.listKind() == "INFO" { name = try DLSReader.name(inner.content, path: path) }
        }
      }
    } catch { throw Fault(words: "is cut off") }
    guard var format, let content, let kind = try? format.readLittleEndian(UInt16.self),
      let channels = try? format.readLittleEndian(UInt16.self),
      let rate = try? format.readLittleEndian(UInt32.self), (try? format.skip(6)) != nil,
      let bits = try? format.readLittleEndian(UInt16.self)
    else { throw Fault(words: "has no format or no data") }
    guard kind == 1, channels == 1, bits == 8 || bits == 16 else {
      throw Fault(
        words:
          "is of format \(kind) with \(channels) channels and \(bits) bits, not PCM of one channel and 8 or 16 bits"
      )
    }
    self.rate = min(max(Int(rate), 100), 1_000_000)
    let part = UnsafeRawBufferPointer(rebasing: bytes.bytes[content.offset..<content.end])
    if bits == 16, let base = part.baseAddress, content.offset.isMultiple(of: 2) {
      memory = bytes
      data = base.assumingMemoryBound(to: Int16.self)
      frameCount = part.count / 2
    } else if bits == 16 {
      let frames = DecodedFrames(
        (0..<part.count / 2).map { part.loadUnaligned(fromByteOffset: 2 * $0, as: Int16.self) })
      (memory, data, frameCount) = (frames, frames.data, frames.count)
    } else {
      let frames = DecodedFrames(part.map { (Int16($0) - 128) << 8 })
      (memory, data, frameCount) = (frames, frames.data, frames.count)
    }
  }
}
