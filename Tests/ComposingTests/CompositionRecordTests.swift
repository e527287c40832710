internal import Arithmetic
internal import Composing
internal import Groundwork
internal import Testing

@Suite struct CompositionRecordTests {
  private static let model = CompositionRecord.Model(path: "runs/folk", fingerprint: "00112233445566ff")

  private static var settings: CompositionSettings {
    var settings = CompositionSettings(
      sampling: SamplingPreset(summary: "bold", temperature: 1.1, minP: 0.05, byRole: true), weights: .int8)
    settings.bars = 16
    settings.form = "AA'BA"
    settings.variation = 0.5
    settings.ending = EndingSearch(bars: 3, tries: 12, tonicBonus: 2)
    settings.tempo = 96.5
    settings.timeSignature = "3/4"
    settings.primer = CompositionSettings.Primer(
      path: "Grüße <a> & \"b\".mid", fingerprint: "0123456789abcdef", piece: 2, isKept: true)
    settings.avoidCopying = CompositionSettings.PassageLimit(
      notes: 16, corpus: "fedcba9876543210", path: "tunes.corpus")
    return settings
  }

  private static func record(seed: UInt64 = 7) -> CompositionRecord {
    CompositionRecord(
      program: "gruppetto 0.1.0", model: model, seed: seed, title: "A piece by folk", settings: settings,
      sound: CompositionRecord.Sound(
        rate: 48_000, bits: "24", gain: -3.5, isPlain: true, startsAtBeginning: false, instruments: "abc"))
  }

  @Test("A record is one line of JSON that is read back", arguments: [0, 7, UInt64.max])
  func aRecordIsOneLineThatIsReadBack(seed: UInt64) throws {
    let record = Self.record(seed: seed)
    #expect(!record.text.contains("\n") && record.text.hasPrefix("{\"gruppetto\":1,"))
    #expect(record.settings.sampling.summary == nil, "what a preset is for is no setting of a piece")
    #expect(try CompositionRecord(texts: [record.text], path: "a.mid") == record)
  }

  @Test("Of several texts the last record counts, and other texts none")
  func ofSeveralTextsTheLastRecordCounts() throws {
    let texts = ["a song", Self.record(seed: 1).text, "{\"other\":1}", Self.record(seed: 2).text, "{"]
    #expect(try CompositionRecord(texts: texts, path: "a.mid").seed == 2)
  }

  @Test(
    "A file without a record is refused",
    arguments: [[], ["a song"], ["{}"], ["{\"seed\":1}"], ["gruppetto"]])
  func aFileWithoutARecordIsRefused(texts: [String]) {
    #expect(throws: CompositionRecordError.missing(path: "a.mid")) {
      try CompositionRecord(texts: texts, path: "a.mid")
    }
  }

  @Test(
    "A damaged record is refused with what is wrong",
    arguments: [
      ("{\"gruppetto\":1", "not JSON"), ("{\"gruppetto\":\"one\"}", "'gruppetto'"),
      ("{\"gruppetto\":1}", "missing"), ("{\"gruppetto\":0}", "layout 0"),
      (record().text.replacing("\"seed\":7", with: "\"seed\":-7"), "negative"),
      (record().text.replacing("\"weights\":\"int8\"", with: "\"weights\":\"int1\""), "weights"),
    ])
  func aDamagedRecordIsRefused(text: String, reason: String) throws {
    let error = #expect(throws: CompositionRecordError.self) {
      try CompositionRecord(texts: [text], path: "a.mid")
    }
    #expect(error?.kind == .badInput && error?.message.contains(reason) == true, "\(error?.message ?? "")")
    #expect(error?.message.hasPrefix("a.mid: ") == true)
  }

  @Test("A record of a later layout or with unknown settings asks for a later version")
  func aRecordOfALaterVersionAsksForIt() {
    let later = Self.record().text.replacing("\"gruppetto\":1", with: "\"gruppetto\":2")
    #expect(
      throws: CompositionRecordError.laterSchema(path: "a.mid", schema: 2, program: "gruppetto 0.1.0")
    ) { try CompositionRecord(texts: [later], path: "a.mid") }
    let unknown = Self.record().text.replacing("\"bars\":16", with: "\"bars\":16,\"mood\":\"grim\"")
    #expect(
      throws: CompositionRecordError.unknownSetting(
        path: "a.mid", name: "settings.mood", program: "gruppetto 0.1.0")
    ) { try CompositionRecord(texts: [unknown], path: "a.mid") }
  }

  @Test("A record without optional settings is a free piece") func aRecordWithoutSettingsIsFree() throws {
    let text = """
      {"gruppetto":1,"kernels":"plain","model":{"fingerprint":"1","path":"m"},"program":"gruppetto 0.1.0","seed":3,\
      "settings":{"sampling":{"minP":0,"temperature":1,"topK":0,"topP":1},"weights":"float32"},"title":"A"}
      """
    let record = try CompositionRecord(texts: [text], path: "a.mid")
    #expect(record.settings == CompositionSettings() && record.sound == nil)
  }

  @Test("Another model is refused with both fingerprints") func anotherModelIsRefused() throws {
    let other = CompositionRecord.Model(path: "runs/new", fingerprint: "ffff000011112222")
    let error = #expect(throws: CompositionRecordError.self) {
      try Self.record().require(other, path: "a.mid")
    }
    for word in ["runs/folk", "00112233445566ff", "runs/new", "ffff000011112222"] {
      #expect(error?.message.contains(word) == true)
    }
    try Self.record().require(
      CompositionRecord.Model(path: "elsewhere", fingerprint: Self.model.fingerprint), path: "a.mid")
  }

  @Test("What is different now is told") func whatIsDifferentNowIsTold() {
    var record = Self.record()
    #expect(record.differences(program: "gruppetto 0.1.0").isEmpty)
    record.kernels = "abacus"
    let differences = record.differences(program: "gruppetto 9")
    #expect(differences.count == 2 && differences[0].contains("gruppetto 9"))
    #expect(differences[1].contains("abacus") && differences[1].contains("GRUPPETTO_KERNELS"))
  }
}
