internal import Groundwork

/// Reads the events of one track, one pass over its bytes; payloads stay where they are.
struct TrackReader {
  private let bytes: UnsafeRawBufferPointer
  private let end: Int
  /// The offset of the next byte.
  private(set) var position: Int
  private var events: [MIDIEvent] = []
  /// Bit n is set where messages of status nibble n have one data byte.
  private let oneByteMessages = MessageTable.oneByteMessages
  private var tick = 0
  /// The channel status that holds, 0 if none does.
  private var running: UInt8 = 0
  /// The status of a meta or system-exclusive event since running status was set, 0 if there was none.
  private var interruption: UInt8 = 0
  /// Whether the end of the track was met.
  private(set) var hasEnded = false
  /// Whether reading stopped because what follows is invalid; that was warned of.
  private(set) var isDamaged = false

  /// A reader of the bytes from `position` to `end`, which must lie within `bytes`.
  init(_ bytes: UnsafeRawBufferPointer, from position: Int, to end: Int) {
    precondition(
      position >= 0 && position <= end && end <= bytes.count,
      "\(position)..<\(end) is not within \(bytes.count) bytes")
    self.bytes = bytes
    self.position = position
    self.end = end
  }

  /// The track that was read.
  consuming func track(_ storage: [UInt8]) -> MIDITrack {
    // A chunk may claim the whole file and end soon, and so may the next one: room that was not needed goes back.
    let isRoomy = events.capacity > 2 * events.count + 16
    return MIDITrack(
      events: isRoomy ? events.withUnsafeBufferPointer { Array($0) } : events, length: tick, storage: storage)
  }

  /// Reads until the track ends, the bytes end, or what follows cannot be read.
  mutating func read(_ diagnostics: inout MIDIDiagnostics) throws(MIDIError) {
    // A note's on or off takes three to four bytes with running status, four to five without.
    events.reserveCapacity((end - position) / 4 + 4)
    while position < end, !hasEnded, !isDamaged {
      let start = position
      let first = bytes[position]
      if first < 0x80 {
        position += 1
        tick += Int(first)
      } else if let delta = try readQuantity(&diagnostics) {
        tick += delta
      } else {
        return
      }
      guard position < end else {
        return try stop(.truncated, at: start, "the track ends within an event", &diagnostics)
      }
      let status = bytes[position]
      if status >= 0xF0 {
        position += 1
        try readSystemEvent(status, at: start, &diagnostics)
      } else {
        try readChannelMessage(status, at: start, &diagnostics)
      }
    }
  }

  /// Reads a message to a channel, its delta time after it.
  /// - Parameter first: its status, or the first of its data where running status holds.
  @inline(__always)
  private mutating func readChannelMessage(
    _ first: UInt8, at start: Int, _ diagnostics: inout MIDIDiagnostics
  ) throws(MIDIError) {
    let hasRunningStatus = first < 0x80
    if !hasRunningStatus {
      position += 1
      running = first
      interruption = 0
    } else {
      guard running != 0 else { return try skipStrayBytes(&diagnostics) }
      if interruption != 0 { try noteInterruption(&diagnostics) }
    }
    let isShort = oneByteMessages >> UInt16(running >> 4) & 1 != 0
    guard position < end - (isShort ? 0 : 1) else {
      return try stop(.truncated, at: start, "the track ends within an event", &diagnostics)
    }
    var data1 = bytes[position]
    var data2 = isShort ? 0 : bytes[position + 1]
    position += isShort ? 1 : 2
    if (data1 | data2) >= 0x80 {
      try diagnostics.add(
        .dataByte, at: start, tick: tick, value: ("\(max(data1, data2))", "0...127"),
        "data byte \(max(data1, data2)) is above 127; it was read as 127")
      data1 = min(data1, 0x7F)
      data2 = min(data2, 0x7F)
    }
    events.append(
      MIDIEvent(
        tick: tick, offset: UInt32(truncatingIfNeeded: start), status: running, data1: data1, data2: data2,
        hadRunningStatus: hasRunningStatus))
  }

  // MARK: Events with a length, and messages without a place

  private mutating func readSystemEvent(
    _ status: UInt8, at start: Int, _ diagnostics: inout MIDIDiagnostics
  ) throws(MIDIError) {
    switch status {
    case 0xFF: try readMetaEvent(at: start, &diagnostics)
    case 0xF0, 0xF7:
      guard let payload = try readPayload(at: start, &diagnostics) else { return }
      interruption = 0xF0
      append(status, 0, payload, at: start)
    default:
      let count = Int(MessageTable.dataCounts[Int(status)])
      try diagnostics.add(
        .systemMessage, at: start, tick: tick,
        "\(MessageTable.name(status: status, type: 0)) is not allowed in a file; it was skipped")
      // What looks like a status byte is one: some writers leave out the data.
      for _ in 0..<count where position < end && bytes[position] < 0x80 { position += 1 }
    }
  }

  private mutating func readMetaEvent(at start: Int, _ diagnostics: inout MIDIDiagnostics) throws(MIDIError) {
    guard position < end else {
      return try stop(.truncated, at: start, "the track ends within an event", &diagnostics)
    }
    let type = bytes[position]
    position += 1
    guard let payload = try readPayload(at: start, &diagnostics) else { return }
    if running != 0 { interruption = 0xFF }
    if type > 0x7F {
      try diagnostics.add(.metaType, at: start, tick: tick, "a meta event of type \(type); types end at 127")
    }
    if let meta = MessageTable.metaEvent[Int(type)], let lengths = meta.lengths {
      if lengths.contains(payload.count) {
        try checkValues(of: type, payload, at: start, &diagnostics)
      } else {
        try diagnostics.add(
          .metaLength, at: start, tick: tick,
          value: ("\(payload.count) bytes", "\(lengths.upperBound) bytes"),
          "\(meta.name) with \(payload.count) bytes instead of \(lengths.upperBound)")
      }
    }
    if type == 0x2F {
      hasEnded = true
    } else {
      append(0xFF, type, payload, at: start)
    }
  }

  /// Values that the standard rules out; the event is kept as it is, and has to be checked before it is used.
  private func checkValues(
    of type: UInt8, _ payload: Range<Int>, at start: Int, _ diagnostics: inout MIDIDiagnostics
  ) throws(MIDIError) {
    switch MIDIMeta(type: type, payload: bytes[payload]) {
    case .tempo(0):
      try diagnostics.add(.tempo, at: start, tick: tick, "a tempo of zero microseconds per quarter note")
    case .timeSignature(let numerator, let power, _, _) where numerator == 0 || power > 6:
      try diagnostics.add(.timeSignature, at: start, tick: tick, "time signature \(numerator)/2^\(power)")
    case .keySignature(let fifths, _) where abs(fifths) > 7:
      try diagnostics.add(.keySignature, at: start, tick: tick, "a key signature of \(fifths) sharps")
    case .other(0x59, let bytes):
      try diagnostics.add(.keySignature, at: start, tick: tick, "a key signature of mode \(bytes.last ?? 0)")
    default: break
    }
  }

  private mutating func append(_ status: UInt8, _ data1: UInt8, _ payload: Range<Int>, at start: Int) {
    events.append(
      MIDIEvent(
        tick: tick, offset: UInt32(truncatingIfNeeded: start), status: status, data1: data1, data2: 0,
        payloadStart: UInt32(truncatingIfNeeded: payload.lowerBound),
        payloadLength: UInt32(truncatingIfNeeded: payload.count)))
  }

  /// Reads a length and passes as many bytes; nil if they are not there.
  private mutating func readPayload(
    at start: Int, _ diagnostics: inout MIDIDiagnostics
  ) throws(MIDIError) -> Range<Int>? {
    guard let length = try readQuantity(&diagnostics) else { return nil }
    let available = end - position
    guard length <= available else {
      try stop(
        .truncated, at: start, "an event of \(length) bytes, but only \(available) are left", &diagnostics)
      return nil
    }
    defer { position += length }
    return position..<position + length
  }

  // MARK: Quantities and damage

  /// Reads a variable-length quantity: seven bits a byte, all but the last with bit 7 set, four bytes at most.
  ///
  /// A longer one is accepted where leading zeros make it so; one that needs more than 28 bits ends the track.
  private mutating func readQuantity(_ diagnostics: inout MIDIDiagnostics) throws(MIDIError) -> Int? {
    let start = position
    var value = 0
    while position < end {
      let byte = bytes[position]
      position += 1
      value = value << 7 | Int(byte & 0x7F)
      guard value <= 0x0FFF_FFFF else {
        try stop(
          .variableLength, at: start, "a variable-length quantity above 28 bits; the track was read to here",
          &diagnostics)
        return nil
      }
      if byte < 0x80 {
        if position - start > 4 {
          try diagnostics.add(
            .variableLength, at: start, tick: tick,
            "a variable-length quantity of \(position - start) bytes; it was read as \(value)")
        }
        return value
      }
    }
    try stop(.truncated, at: start, "the track ends within an event", &diagnostics)
    return nil
  }

  private mutating func noteInterruption(_ diagnostics: inout MIDIDiagnostics) throws(MIDIError) {
    let isMeta = interruption == 0xFF
    interruption = 0
    try diagnostics.add(
      isMeta ? .runningStatusAfterMeta : .runningStatusAfterSysex, at: position, tick: tick,
      "running status across a \(isMeta ? "meta" : "system-exclusive") event, which cancels it; "
        + "the status before it was used")
  }

  /// Data without a status: passes to the next byte that can be one.
  private mutating func skipStrayBytes(_ diagnostics: inout MIDIDiagnostics) throws(MIDIError) {
    let start = position
    while position < end, bytes[position] < 0x80 { position += 1 }
    try diagnostics.add(
      .missingStatus, at: start, tick: tick, "\(position - start) data bytes without a status were skipped")
    // The bytes passed may have held a delta time; the next status follows without one.
    guard position < end else { return }
    try readStatusWithoutDelta(&diagnostics)
  }

  private mutating func readStatusWithoutDelta(_ diagnostics: inout MIDIDiagnostics) throws(MIDIError) {
    let status = bytes[position]
    guard status < 0xF0 else {
      let start = position
      position += 1
      return try readSystemEvent(status, at: start, &diagnostics)
    }
    running = status
    interruption = 0
    position += 1
    let count = Int(MessageTable.dataCounts[Int(status)])
    guard count <= end - position else {
      return try stop(.truncated, at: position - 1, "the track ends within an event", &diagnostics)
    }
    let data1 = min(bytes[position], 0x7F)
    let data2 = count == 2 ? min(bytes[position + 1], 0x7F) : 0
    events.append(
      MIDIEvent(
        tick: tick, offset: UInt32(truncatingIfNeeded: position - 1), status: status, data1: data1,
        data2: data2))
    position += count
  }

  private mutating func stop(
    _ rule: MIDIRule, at offset: Int, _ message: @autoclosure () -> String,
    _ diagnostics: inout MIDIDiagnostics
  ) throws(MIDIError) {
    isDamaged = true
    try diagnostics.add(
      rule, at: offset, tick: tick, severity: .damage, action: .stopped, message())
  }
}
