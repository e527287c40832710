/// What a sound file tells of itself in the fields that players show.
///
/// WAV and RF64 files hold them in a list `INFO` (Microsoft and IBM 1991), FLAC and Ogg files as Vorbis comments, AIFF files in
/// chunks of their own, CAF files in the chunk `info`, MP3 files as ID3. Wave64 files hold none of them.
public struct SoundTags: Sendable, Hashable {
  /// The title of the piece.
  public var title: String?
  /// Who made it.
  public var artist: String?
  /// The program that wrote the file; libsndfile adds its own name.
  public var software: String?
  /// A text about the sound, however long.
  public var comment: String?

  /// Tags; nil for those that are not there.
  public init(
    title: String? = nil, artist: String? = nil, software: String? = nil, comment: String? = nil
  ) {
    self.title = title
    self.artist = artist
    self.software = software
    self.comment = comment
  }
}
