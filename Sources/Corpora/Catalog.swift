internal import Groundwork

/// The public collections that we know: `corpora/catalogue.json`, an array of objects.
public struct Catalog: Sendable, Hashable {
  /// A public collection.
  public struct Collection: Sendable, Hashable, Codable {
    /// A short name for the command line, without spaces.
    public var id: String
    /// The full name.
    public var name: String
    /// What is in it.
    public var description: String
    /// Its license, as its publisher names it.
    public var licence: String
    /// What the license means here, or what is unclear of it.
    public var licenceNote: String?
    /// How many pieces it has.
    public var pieces: Int?
    /// How long they sound, in hours.
    public var hours: Double?
    /// The size of the download, in words.
    public var downloadSize: String?
    /// What its files are, in words.
    public var format: String
    /// Where to get it.
    public var homePage: String
    /// What to do with the download, in words.
    public var afterDownload: String
  }

  /// The collections, in the order of the file.
  public let collections: [Collection]

  /// Reads and checks the catalog at `path`.
  /// - Throws: `FileError`; `CorpusError.invalidCatalog` where an entry lacks a field, an id occurs twice or has other characters than
  ///   lower-case letters, digits and hyphens, or a home page is no web address.
  public init(path: String) throws {
    do throws(JSONFile.Failure) {
      collections = try JSONFile.read([Collection].self, path: path)
    } catch .file(let error) {
      throw error
    } catch .malformed(let path, let reason) {
      throw CorpusError.invalidCatalog(path: path, reason: reason)
    }
    var seen: Set<String> = []
    for collection in collections {
      func require(_ condition: Bool, _ reason: String) throws {
        guard condition else {
          throw CorpusError.invalidCatalog(path: path, reason: "'\(collection.id)' \(reason)")
        }
      }
      let isPlain = collection.id.utf8.allSatisfy {
        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
      }
      try require(
        !collection.id.isEmpty && isPlain, "must be an id of lower-case letters, digits and hyphens")
      try require(seen.insert(collection.id).inserted, "occurs twice")
      try require(
        !collection.name.isEmpty && !collection.description.isEmpty && !collection.licence.isEmpty
          && !collection.afterDownload.isEmpty, "has an empty name, description, licence or instruction")
      try require(
        collection.homePage.hasPrefix("https://") || collection.homePage.hasPrefix("http://"),
        "has a home page that is not a web address")
      try require((collection.pieces ?? 0) >= 0 && (collection.hours ?? 0) >= 0, "has a negative size")
    }
  }
}
