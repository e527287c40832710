import Foundation
import Groundwork
import TestSupport
import Testing

@testable import Corpora

@Suite struct CatalogTests {
  private static let shipped = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "corpora/catalogue.json").path

  private static let entry = """
    {"id": "one", "name": "One", "description": "Some music", "licence": "CC0", "format": "MIDI",
     "homePage": "https://example.org", "afterDownload": "Unpack it."}
    """

  @Test("The shipped catalog names the public collections") func theShippedCatalogNamesThePublicCollections()
    throws
  {
    let collections = try Catalog(path: Self.shipped).collections
    let expected = ["nottingham", "pop909", "jsb-chorales", "maestro", "lakh", "giantmidi-piano", "groove"]
    #expect(Set(collections.map(\.id)).isSuperset(of: expected))
    #expect(collections.allSatisfy { $0.pieces != nil && $0.downloadSize != nil })
  }

  @Test(
    "A faulty catalog is refused with its fault",
    arguments: [
      ("{}", "not a list"), ("[", "not JSON"), ("[{}]", "entry 1: the setting"),
      ("[ENTRY, ENTRY]", "occurs twice"),
      ("[ENTRY, {\"id\": \"two\"}]", "entry 2: the setting 'name' is missing"), ("[UPPER]", "lower-case"),
      ("[[]]", "entry 1 has a value of the wrong type"), ("[PAGE]", "web address"),
      ("[EMPTY]", "empty"), ("[NEGATIVE]", "negative"),
    ])
  func aFaultyCatalogIsRefusedWithItsFault(_ template: String, _ fault: String) throws {
    let entry = Self.entry
    let text = template.replacing("ENTRY", with: entry)
      .replacing("UPPER", with: entry.replacing("\"one\"", with: "\"One two\""))
      .replacing("PAGE", with: entry.replacing("https:", with: "ftp:"))
      .replacing("EMPTY", with: entry.replacing("CC0", with: ""))
      .replacing("NEGATIVE", with: entry.replacing("\"id\"", with: "\"pieces\": -1, \"id\""))
    let folder = try TemporaryFolder()
    try replaceFile(at: folder.file("catalogue.json"), with: text)
    let error = #expect(throws: CorpusError.self) { try Catalog(path: folder.file("catalogue.json")) }
    #expect(error?.message.contains(fault) == true, "\(error?.message ?? "")")
  }
}
