internal import Groundwork

/// Reads a file chunk by chunk. Every length is checked against the bytes that are there before it is used.
struct FileReader {
  private let bytes: UnsafeRawBufferPointer
  private let storage: [UInt8]
  private var diagnostics: MIDIDiagnostics
  private var position = 0
  private var end: Int

  /// A reader of `bytes`; `storage` holds the same bytes and becomes what the events' payloads point into.
  init(_ bytes: UnsafeRawBufferPointer, storage: [UInt8], options: MIDIReadingOptions) {
    self.bytes = bytes
    self.storage = storage
    diagnostics = MIDIDiagnostics(isStrict: options.policy == .strict)
    end = bytes.count
  }

  mutating func read() throws(MIDIError) -> MIDIFile {
    guard !bytes.isEmpty else { throw .emptyFile }
    guard bytes.count < Int(UInt32.max) else { throw .fileTooLarge(byteCount: bytes.count) }
    let contents = try FileWrapper.contents(of: bytes, &diagnostics)
    position = contents.lowerBound
    end = contents.upperBound
    let header = try readHeader()
    var tracks: [MIDITrack] = []
    tracks.reserveCapacity(min(header.trackCount, (end - position) / 8))
    while let track = try readTrack(after: tracks.count) { tracks.append(track) }
    diagnostics.track = nil
    if tracks.count != header.trackCount {
      try diagnostics.add(
        .trackCount, at: header.offset + 10, severity: tracks.count < header.trackCount ? .damage : .fault,
        value: ("\(tracks.count) tracks", "\(header.trackCount) tracks"),
        "the header promises \(header.trackCount) tracks; \(tracks.count) were found and read")
    } else if header.format == .singleTrack && tracks.count > 1 {
      try diagnostics.add(
        .trackCount, at: header.offset + 10,
        "format 0 with \(tracks.count) tracks; they were read as simultaneous")
    }
    return MIDIFile(
      format: header.format, division: header.division, tracks: tracks, diagnostics: diagnostics.sink)
  }

  // MARK: Header

  private struct Header {
    var offset: Int
    var format: MIDIFile.Format
    var trackCount: Int
    var division: MIDIDivision
  }

  /// More bytes than any header has that later versions of the standard may define.
  private static let longestHeader = 1_024

  private mutating func readHeader() throws(MIDIError) -> Header {
    let start = position
    while !isChunk("MThd", at: position) {
      guard startsChunk(at: position) else { throw .notMIDI(offset: start) }
      let length = bigEndian32(at: position + 4)
      guard length <= end - position - 8 else { throw .notMIDI(offset: start) }
      try diagnostics.add(.alienChunk, at: position, "an unknown chunk before the header was skipped")
      position += 8 + length
    }
    let offset = position
    let available = end - position - 8
    let length = available >= 0 ? bigEndian32(at: position + 4) : 0
    guard length >= 6, available >= 6 else {
      throw .headerTooShort(offset: offset, length: max(0, min(length, available)))
    }
    let word = bigEndian16(at: position + 8)
    // One of the two wrong is a slip that files are known to have. Both are no header that anyone wrote.
    guard MIDIFile.Format(rawValue: word) != nil || length <= min(available, Self.longestHeader) else {
      throw .headerIsNonsense(offset: offset, length: length, format: word)
    }
    let trackCount = bigEndian16(at: position + 10)
    let division = try division(of: bigEndian16(at: position + 12), at: position + 12)
    position += 14
    if length > available {
      try diagnostics.add(
        .chunkLength, at: offset + 4, value: ("\(length)", "6"),
        "the header's length \(length) was read as 6")
    } else if length > 6 {
      try diagnostics.add(.longHeader, at: offset + 4, "the header has \(length) bytes; six were read")
      position = offset + 8 + length
    }
    if MIDIFile.Format(rawValue: word) == nil {
      try diagnostics.add(
        .format, at: offset + 8, value: ("\(word)", "0, 1 or 2"),
        "format \(word) does not exist; it was read as format 1")
    }
    return Header(
      offset: offset, format: MIDIFile.Format(rawValue: word) ?? .simultaneous, trackCount: trackCount,
      division: division)
  }

  private func division(of word: Int, at offset: Int) throws(MIDIError) -> MIDIDivision {
    if word == 0 { throw .divisionIsZero(offset: offset) }
    if word < 0x8000 { return .ticksPerQuarter(word) }
    let framesPerSecond = 0x100 - (word >> 8)
    guard [24, 25, 29, 30].contains(framesPerSecond) else {
      throw .unknownFrameRate(offset: offset, framesPerSecond: framesPerSecond)
    }
    guard word & 0xFF != 0 else { throw .divisionIsZero(offset: offset) }
    return .smpte(framesPerSecond: framesPerSecond, ticksPerFrame: word & 0xFF)
  }

  // MARK: Tracks

  /// The next track; nil if there is none. What is before it is skipped.
  private mutating func readTrack(after count: Int) throws(MIDIError) -> MIDITrack? {
    while position < end {
      if isChunk("MTrk", at: position), end - position >= 8 {
        guard count < 65_535 else {
          try diagnostics.add(.trackCount, at: position, "tracks after the 65535th were not read")
          return nil
        }
        diagnostics.track = count
        defer { diagnostics.track = nil }
        return try readTrackChunk()
      }
      if isChunk("MThd", at: position) {
        try diagnostics.add(.secondHeader, at: position, "another MIDI file begins here; it was not read")
        return nil
      }
      if startsChunk(at: position), bigEndian32(at: position + 4) <= end - position - 8 {
        try diagnostics.add(.alienChunk, at: position, "an unknown chunk was skipped")
        position += 8 + bigEndian32(at: position + 4)
      } else if let next = findChunk(from: position) {
        try diagnostics.add(
          .chunkLength, at: position, "no chunk begins here; \(next - position) bytes were skipped")
        position = next
      } else {
        try diagnostics.add(
          .trailingBytes, at: position, "\(end - position) bytes after the last track were ignored")
        position = end
      }
    }
    return nil
  }

  private mutating func readTrackChunk() throws(MIDIError) -> MIDITrack {
    let chunk = position
    let body = position + 8
    let declaredEnd = body + bigEndian32(at: position + 4)
    let limit = min(declaredEnd, end)
    let before = diagnostics
    var reader = TrackReader(bytes, from: body, to: limit)
    try reader.read(&diagnostics)
    position = limit
    if reader.hasEnded && reader.position == declaredEnd { return reader.track(storage) }
    if reader.hasEnded, isChunk("MTrk", at: reader.position) || isChunk("MThd", at: reader.position) {
      if reader.position < limit {
        try diagnostics.add(.chunkLength, at: chunk + 4, "the track's length extends into the next track")
      }
      position = reader.position
      return reader.track(storage)
    }
    // What lies between would be passed over, and with it the beginning of another file.
    if let header = findHeader(from: body, to: limit) {
      diagnostics = before
      return try readTrack(from: body, upToHeader: header, lengthAt: chunk + 4)
    }
    if !reader.hasEnded, declaredEnd < end, !startsChunk(at: declaredEnd) {
      var attempt = before
      var longer = TrackReader(bytes, from: body, to: findChunk(from: declaredEnd) ?? end)
      try longer.read(&attempt)
      if longer.hasEnded {
        try attempt.add(
          .chunkLength, at: chunk + 4,
          value: ("\(declaredEnd - body) bytes", "\(longer.position - body) bytes"),
          "the track's length is \(declaredEnd - body); it was read to its end of track")
        diagnostics = attempt
        position = longer.position
        return longer.track(storage)
      }
    }
    if !reader.hasEnded {
      if !reader.isDamaged { try noteMissingEnd(of: reader, isCut: declaredEnd > end) }
    } else if reader.position < limit {
      try diagnostics.add(
        .eventsAfterEndOfTrack, at: reader.position,
        "\(limit - reader.position) bytes after the end of the track were ignored")
    } else if declaredEnd > end {
      try diagnostics.add(
        .chunkLength, at: chunk + 4,
        value: ("\(declaredEnd - body) bytes", "\(end - body) bytes"),
        "the track's length exceeds the file by \(declaredEnd - end) bytes")
    }
    return reader.track(storage)
  }

  /// Reads a track whose chunk is cut by the header of another file.
  private mutating func readTrack(
    from body: Int, upToHeader header: Int, lengthAt offset: Int
  ) throws(MIDIError) -> MIDITrack {
    var reader = TrackReader(bytes, from: body, to: header)
    try reader.read(&diagnostics)
    try diagnostics.add(
      .chunkLength, at: offset, "the track's length extends into the header of another file; it ends there")
    position = header
    return reader.track(storage)
  }

  private mutating func noteMissingEnd(of reader: TrackReader, isCut: Bool) throws(MIDIError) {
    if isCut {
      try diagnostics.add(
        .truncated, at: end, "the file ends within a track; the part before its end was read")
    } else {
      try diagnostics.add(
        .missingEndOfTrack, at: reader.position, "the track has no end; it ends with its last event")
    }
  }

  // MARK: Bytes

  /// Whether a chunk of this name begins here.
  private func isChunk(_ name: StaticString, at offset: Int) -> Bool {
    guard offset >= 0, offset <= end - 4 else { return false }
    return (0..<4).allSatisfy { bytes[offset + $0] == name.utf8Start[$0] }
  }

  /// Whether eight bytes are left that look like a chunk's head: letters, digits, spaces.
  private func startsChunk(at offset: Int) -> Bool {
    guard offset <= end - 8 else { return false }
    return (0..<4).allSatisfy { index in
      switch bytes[offset + index] {
      case 0x20, 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: true
      default: false
      }
    }
  }

  /// Where the next track or header begins.
  private func findChunk(from offset: Int) -> Int? {
    guard offset <= end - 8 else { return nil }
    for candidate in offset...end - 8
    where bytes[candidate] == 0x4D && (isChunk("MTrk", at: candidate) || isChunk("MThd", at: candidate)) {
      return candidate
    }
    return nil
  }

  /// Where a header of six bytes begins from one offset to before another: eight bytes that are very unlikely within an event.
  private func findHeader(from start: Int, to limit: Int) -> Int? {
    guard start < limit, start <= end - 8 else { return nil }
    for candidate in start...min(limit - 1, end - 8)
    where bytes[candidate] == 0x4D && isChunk("MThd", at: candidate) && bigEndian32(at: candidate + 4) == 6 {
      return candidate
    }
    return nil
  }

  private func bigEndian16(at offset: Int) -> Int { Int(bytes[offset]) << 8 | Int(bytes[offset + 1]) }

  private func bigEndian32(at offset: Int) -> Int {
    bigEndian16(at: offset) << 16 | bigEndian16(at: offset + 2)
  }
}
