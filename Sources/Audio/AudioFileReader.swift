internal import CSndfile
internal import Groundwork

/// What a sound file that was cut short, or is still being written, does not have.
public enum MissingSound: Sendable, Hashable {
  /// So many frames, which its header promises.
  case frames(Int)
  /// Its end, before which any number of frames may have stood.
  case end
}

/// A sound file that is read a block at a time: WAV, AIFF, FLAC, Ogg Vorbis, Opus, MP3, AU, CAF and whatever else the
/// installed libsndfile knows.
///
/// Memory is bounded by the blocks that the caller asks for, whatever the file's header claims.
public struct AudioFileReader: ~Copyable {
  /// The file's path.
  public let path: String
  /// Frames per second, in Hz.
  public let sampleRate: Int
  /// Samples in a frame.
  public let channelCount: Int
  /// How many frames the header promises; what can be read may be less. Nil if the header does not tell.
  public let declaredFrameCount: Int?
  /// How many frames have been read.
  public private(set) var position = 0
  /// What the file does not have because it was cut short or is still being written; nil where nothing is missing, or where nobody can tell.
  ///
  /// It is known at once for WAV, RF64, Wave64, AIFF and AU files without compression, whose headers say how many frames there are, and for
  /// Ogg files, whose end is marked; for FLAC and MP3 files after they have been read to their end. Others do not say how long they are,
  /// and headers that were written before anybody knew do not count.
  public private(set) var missingSound: MissingSound?

  private var handle: SoundFileHandle
  private let container: Int
  /// How many frames fewer than its header says a whole file may give: an MP3 file says nothing of what its encoder put before and behind
  /// the sound, at most two of its frames of 1,152.
  private var tolerance: Int? {
    switch container {
    case SF_FORMAT_FLAC: 0
    case SF_FORMAT_MPEG: 2 * 1152
    default: nil
    }
  }
  /// Whether `path` is that of a file, and not a name for bytes.
  private let isFile: Bool

  /// Opens the file at `path`.
  /// - Throws: `AudioError.file` if it is missing or may not be read, `.notAudio` where it holds no sound.
  public init(path: String) throws(AudioError) {
    try self.init(path: path, handle: try SoundFileHandle.reading(path), isFile: true)
  }

  /// Reads a file's content that is in memory; `name` stands for its path in errors.
  /// - Throws: `AudioError.notAudio` if it holds no sound.
  public init(bytes: [UInt8], name: String) throws(AudioError) {
    let handle = try SoundFileHandle.reading(.reading(bytes), name: name)
    try self.init(path: name, handle: handle, isFile: false)
  }

  /// Reads a file's content at a place in memory that `owner` keeps; `name` stands for its path in errors.
  /// - Throws: `AudioError.notAudio` if it holds no sound.
  package init(
    memory: UnsafeRawBufferPointer, owner: AnyObject, name: String
  ) throws(AudioError) {
    let handle = try SoundFileHandle.reading(.reading(memory, owner: owner), name: name)
    try self.init(path: name, handle: handle, isFile: false)
  }

  /// Checks that a file which begins so may be sound, before the rest is read.
  /// - Throws: `AudioError.notAudio` where libsndfile knows no format that begins so.
  package static func check(firstBytes: [UInt8], name: String) throws(AudioError) {
    // Behind a tag, which may be longer than what is looked at, sound may follow.
    guard !firstBytes.starts(with: Array("ID3".utf8)) else { return }
    try SoundFileHandle.check(firstBytes: firstBytes, name: name)
  }

  private init(path: String, handle: consuming SoundFileHandle, isFile: Bool) throws(AudioError) {
    let info = handle.info
    guard info.samplerate > 0, info.channels > 0 else {
      throw .notAudio(path: path, reason: "\(info.channels) channels at \(info.samplerate) Hz")
    }
    self.handle = handle
    self.isFile = isFile
    self.path = path
    sampleRate = Int(info.samplerate)
    channelCount = Int(info.channels)
    // libsndfile's value for “unknown” is the largest value there is.
    declaredFrameCount = (0..<sf_count_t.max).contains(info.frames) ? Int(info.frames) : nil
    let stream = self.handle.stream
    let promised = PromisedLength(size: Int(stream.length)) { stream.bytes(at: $0, $1) }
    container = Int(info.format) & SF_FORMAT_TYPEMASK
    if let frames = promised?.missingFrames, frames > 0 {
      missingSound = .frames(frames)
    } else if container == SF_FORMAT_OGG,
      OggEnding.isMissing(size: Int(stream.length), read: { stream.bytes(at: $0, $1) })
    {
      missingSound = .end
    }
  }

  /// The comment that the file has; nil if it has none.
  public var comment: String? {
    text(SF_STR_COMMENT) ?? (isFile ? WAVComment.read(path) : nil)
  }

  /// What the file tells of itself.
  public var tags: SoundTags {
    SoundTags(
      title: text(SF_STR_TITLE), artist: text(SF_STR_ARTIST), software: text(SF_STR_SOFTWARE),
      comment: comment)
  }

  private func text(_ kind: Int) -> String? {
    sf_get_string(handle.raw, Int32(kind)).map { String(cString: $0) }
  }

  /// Reads the next frames as interleaved samples, full scale at ±1. Samples of a floating-point file are not clipped.
  /// - Parameter block: room for whole frames.
  /// - Returns: how many frames were read; 0 at the end.
  /// - Throws: `AudioError.damaged` or `.file`.
  public mutating func read(into block: inout MutableSpan<Float>) throws(AudioError) -> Int {
    let room = block.count / channelCount
    guard room > 0 else { return 0 }
    let raw = handle.raw
    let count = block.withUnsafeMutableBufferPointer {
      Int(sf_readf_float(raw, $0.baseAddress, sf_count_t(room)))
    }
    if count < room {
      if handle.stream.errorNumber != 0 {
        throw .file(.reading(path, errorNumber: handle.stream.errorNumber))
      }
      if let failure = handle.failure {
        guard isCutOff(at: position + max(0, count)) else {
          throw .damaged(path: path, frame: position + max(0, count), reason: failure)
        }
        // Written into a pipe, a FLAC file has a header that says nothing of its length.
        if declaredFrameCount == nil { missingSound = .end }
      }
    }
    position += max(0, count)
    if count < room, let tolerance, let declaredFrameCount, declaredFrameCount - position > tolerance {
      missingSound = .frames(declaredFrameCount - position)
    }
    return max(0, count)
  }

  /// Whether a FLAC decoder that failed behind some frames had come to the file's end: libFLAC reports a frame that is cut in two as it does
  /// a damaged one. Of damage within the last kilobytes, which it has read by then, the same can be said: the rest is missing.
  private func isCutOff(at frame: Int) -> Bool {
    container == SF_FORMAT_FLAC && frame > 0 && handle.stream.isAtEnd
  }

  /// Reads the next frames into an array of samples, as into a span.
  /// - Parameter block: room for whole frames.
  /// - Returns: how many frames were read; 0 at the end.
  /// - Throws: `AudioError.damaged` or `.file`.
  public mutating func read(into block: inout [Float]) throws(AudioError) -> Int {
    var room = block.mutableSpan
    return try read(into: &room)
  }
}
