public import Groundwork

/// Why a SoundFont bank could not be used at all.
public enum SoundFontError: DiagnosableError, Equatable {
  /// The file could not be opened or read.
  case file(FileError)
  /// It does not begin as a SoundFont bank does.
  case notSoundFont(path: String)
  /// It is a bank of a version that is not known.
  case unsupportedVersion(path: String, offset: Int, major: Int, minor: Int)
  /// It is damaged at the byte `offset`.
  case damaged(path: String, offset: Int, fault: SoundFontFault)
  /// All of its samples are in the memory of a sound card.
  case samplesInROM(path: String, rom: String)
  /// In memory it would take `need` bytes: more than `limit`, eight times its size and 256 MB (128 times for compressed samples). Many
  /// zones read the same samples at different places, or presets have very many zones.
  case tooLarge(path: String, need: Int, limit: Int)

  /// A file that is missing, or bad input.
  public var kind: FailureKind {
    if case .file(let error) = self { error.kind } else { .badInput }
  }

  /// What is wrong, where, and what to do.
  public var message: String {
    switch self {
    case .file(let error): error.message
    case .notSoundFont(let path):
      "\(path): is not a SoundFont bank (it does not begin with RIFF and sfbk or DLS); give a file that ends in .sf2, .sf3 or .dls"
    case .unsupportedVersion(let path, let offset, let major, let minor):
      "\(path): is a SoundFont bank of version \(major).\(minor) (byte \(offset)); versions 2 and 3 can be read"
    case .damaged(let path, let offset, let fault):
      "\(path): is damaged at byte \(offset): \(fault.words); download or copy it again"
    case .samplesInROM(let path, let rom):
      "\(path): has no samples of its own, only those in the memory of a sound card (\(rom)); choose another bank"
    case .tooLarge(let path, let need, let limit):
      "\(path): would take \((need >> 20).grouped) MB of memory, over the \((limit >> 20).grouped) MB that a bank of this size may take: "
        + "its zones read the same samples at very many places; choose another bank, or remove zones in an editor of SoundFonts"
    }
  }

  /// The file.
  public var file: String? {
    switch self {
    case .file(let error): error.file
    case .notSoundFont(let path), .unsupportedVersion(let path, _, _, _), .damaged(let path, _, _),
      .samplesInROM(let path, _), .tooLarge(let path, _, _):
      path
    }
  }

  /// The byte in the file, where known.
  public var offset: Int? {
    switch self {
    case .unsupportedVersion(_, let offset, _, _), .damaged(_, let offset, _): offset
    case .notSoundFont: 0
    case .file, .samplesInROM, .tooLarge: nil
    }
  }
}

/// What is wrong with a damaged bank. Chunks are named by their four letters, tables by the chunks that hold them.
public enum SoundFontFault: Sendable, Equatable {
  /// A chunk claims more bytes than there are.
  case chunkTooLong(chunk: String, size: Int, available: Int)
  /// A chunk that a bank must have is missing; at the offset is another one or the end.
  case missingChunk(chunk: String)
  /// The size of a table is no multiple of its records'.
  case unevenTable(table: String, size: Int, recordSize: Int)
  /// A table has fewer records than a bank needs: its last one only says where the others end.
  case tableTooShort(table: String, records: Int, needed: Int)
  /// An index into another table is less than the one before it.
  case indexFalls(table: String, record: Int, index: Int, previous: Int)
  /// An index into another table is beyond its end.
  case indexOutOfRange(table: String, record: Int, index: Int, count: Int)
  /// A preset needs so many zones or modulators that no synthesizer could hold them.
  case tooComplex(preset: String, count: Int, limit: Int, what: String)
  /// There is no preset, or none that could sound.
  case noPresets

  /// It in words.
  public var words: String {
    switch self {
    case .chunkTooLong(let chunk, let size, let available):
      "the chunk “\(chunk)” claims \(size.grouped) bytes where \(available.grouped) are left"
    case .missingChunk(let chunk): "the chunk “\(chunk)” is missing here"
    case .unevenTable(let table, let size, let recordSize):
      "the table “\(table)” has \(size.grouped) bytes, no multiple of \(recordSize)"
    case .tableTooShort(let table, let records, let needed):
      "the table “\(table)” has \(records) records where at least \(needed) are needed"
    case .indexFalls(let table, let record, let index, let previous):
      "record \(record) of “\(table)” begins at \(index), before the one above it (\(previous))"
    case .indexOutOfRange(let table, let record, let index, let count):
      "record \(record) of “\(table)” refers to number \(index) of \(count)"
    case .tooComplex(let preset, let count, let limit, let what):
      "the preset “\(preset)” has \(count.grouped) \(what), over the limit of \(limit.grouped)"
    case .noPresets: "it has no preset"
    }
  }
}
