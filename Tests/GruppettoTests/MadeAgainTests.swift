import Foundation
import Groundwork
import MIDI
import TestSupport
import Testing

/// Every file tells what it was made with, and `--like` makes it again.
@Suite("Made again") struct MadeAgainTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
    try FileManager.default.copyItem(
      atPath: ExampleTests.checkout + "/Tests/GruppettoTests/Fixtures/first/model",
      toPath: workshop("model"))
  }

  private func generate(_ arguments: [String], code: Int32 = 0) throws -> Program.Outcome {
    let outcome = try workshop.run(["generate"] + arguments)
    #expect(outcome.exitCode == code, "\(arguments): \(outcome.errors)")
    return outcome
  }

  /// The record in a MIDI file.
  private func record(_ name: String) throws -> [String: Any] {
    let text = try #require(try MIDIFile(path: workshop(name)).texts.last)
    return try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
  }

  @Test(
    "A file is made again byte for byte, with the model named or not",
    arguments: ["mid", "svg", "wav", "ogg", "flac"])
  func aFileIsMadeAgain(ending: String) throws {
    // A second of sound: rendering is slow where nothing is optimized.
    _ = try generate([
      "model", "--bars", "1", "--tempo", "900", "--seed", "8", "--temperature", "1.2", "-o", "a.\(ending)",
    ])
    _ = try generate(["--like", "a.\(ending)", "-o", "b.\(ending)"])
    #expect(try workshop.bytes("a.\(ending)") == workshop.bytes("b.\(ending)"))
    guard ending == "mid" || ending == "svg" else { return }
    // The model may have moved; what a piece is called stays.
    try FileManager.default.moveItem(atPath: workshop("model"), toPath: workshop("moved"))
    _ = try generate(["moved", "--like", "a.\(ending)", "-o", "c.\(ending)"])
    #expect(try workshop.bytes("a.\(ending)") == workshop.bytes("c.\(ending)"))
    let absent = try generate(["--like", "a.\(ending)", "-o", "d.\(ending)"], code: 66)
    #expect(absent.errorLines.count == 1 && absent.errors.contains("the model model"), "\(absent.errors)")
  }

  @Test("One of many is made again alone, and any format from any other") func oneOfManyIsMadeAgainAlone()
    throws
  {
    _ = try generate([
      "model", "--bars", "2", "--seed", "40", "--count", "5", "--form", "A1 A'1", "--variation", "1",
      "--preset",
      "careful", "-o", "many.mid", "-o", "many.svg",
    ])
    _ = try generate(["--like", "many-004.mid", "-o", "one.mid", "-o", "one.svg"])
    #expect(try workshop.bytes("many-004.mid") == workshop.bytes("one.mid"))
    #expect(try workshop.bytes("many-004.svg") == workshop.bytes("one.svg"))
    #expect(try record("one.mid")["seed"] as? Int == 43)
    _ = try generate(["--like", "many-001.svg", "--seed", "43", "-o", "other.mid"])
    #expect(try workshop.bytes("many-004.mid") == workshop.bytes("other.mid"))
  }

  @Test("Music that a piece goes on from is recorded and checked") func primersAreRecordedAndChecked() throws
  {
    _ = try generate([
      "model", "--primer", "short.abc", "--bars", "2", "--seed", "1", "--avoid-copying", "5", "-o", "a.mid",
    ])
    let continued = try workshop.run([
      "continue", "model", "a.mid", "--bars", "1", "--seed", "2", "-o", "longer.mid",
    ])
    #expect(continued.exitCode == 0, "\(continued.errors)")
    for name in ["a", "longer"] {
      _ = try generate(["--like", "\(name).mid", "-o", "again.mid"])
      #expect(try workshop.bytes("again.mid") == workshop.bytes("\(name).mid"), "\(name)")
    }
    // It may have moved, and must not have changed.
    try FileManager.default.moveItem(atPath: workshop("short.abc"), toPath: workshop("moved.abc"))
    let absent = try generate(["--like", "a.mid", "-o", "b.mid"], code: 66)
    #expect(absent.errors.contains("short.abc") && absent.errors.contains("--primer"), "\(absent.errors)")
    _ = try generate(["--like", "a.mid", "--primer", "moved.abc", "-o", "b.mid"])
    #expect(try workshop.bytes("a.mid") == workshop.bytes("b.mid"))
    try replaceFile(at: workshop("moved.abc"), with: "X:1\nT:Short\nM:4/4\nL:1/4\nK:C\nCEGE|DFAd|]\n")
    let other = try generate(["--like", "a.mid", "--primer", "moved.abc", "-o", "c.mid"], code: 65)
    #expect(other.errorLines.count == 1 && other.errors.contains("moved.abc"), "\(other.errors)")
    #expect(!workshop.has("c.mid"))
  }

  @Test("Another model is refused with what both are") func anotherModelIsRefused() throws {
    _ = try generate(["model", "--bars", "1", "--seed", "1", "-o", "a.mid"])
    try workshop.run(["train", "tunes", "-o", "other", "--steps", "1", "--quiet"] + Workshop.quick)
    let refused = try generate(["other", "--like", "a.mid", "-o", "b.mid"], code: 65)
    let made = try #require((try record("a.mid")["model"] as? [String: String])?["fingerprint"])
    #expect(refused.errorLines.count == 1 && refused.errors.contains(made), "\(refused.errors)")
    #expect(refused.errors.contains("the model model") && refused.errors.contains("other has"))
    #expect(!workshop.has("b.mid"))
    let inspected = try workshop.run(["inspect", "a.mid"])
    #expect(inspected.output.contains("with the model model (\(made)), seed 1"), "\(inspected.output)")
    let info = try workshop.run(["model", "info", "model"])
    #expect(info.output.contains(made), "\(info.output)")
  }

  @Test("What tells nothing, or too much, is refused in one line") func whatTellsNothingIsRefused() throws {
    _ = try generate(["model", "--bars", "1", "--seed", "1", "--no-metadata", "-o", "mute.mid"])
    _ = try generate(["model", "--bars", "1", "--seed", "1", "-o", "a.svg"])
    let picture = try String(decoding: workshop.bytes("a.svg"), as: UTF8.self)
    let texts = [
      "mute.mid": nil, "empty.mid": "", "noise.ogg": "OggS and then nothing", "page.html": "<html></html>",
      "later.svg": picture.replacing("&quot;gruppetto&quot;:1", with: "&quot;gruppetto&quot;:9"),
      "garbage.svg": picture.replacing("&quot;seed&quot;:1", with: "&quot;seed&quot;:x"),
      "unknown.svg": picture.replacing("&quot;bars&quot;:1", with: "&quot;mood&quot;:1"),
    ]
    for (name, text) in texts {
      if let text { try replaceFile(at: workshop(name), with: text) }
      let refused = try generate(["--like", name, "-o", "b.mid"], code: 65)
      #expect(refused.errorLines.count == 1 && refused.errors.contains(name), "\(name): \(refused.errors)")
    }
    // Settings that nobody can have asked for end the program as options that make no sense do.
    let sound =
      "&quot;sound&quot;:{&quot;gain&quot;:0,&quot;instruments&quot;:&quot;&quot;,&quot;isPlain&quot;:true,&quot;rate&quot;:1,"
      + "&quot;startsAtBeginning&quot;:true},&quot;title&quot;"
    for (text, other, code) in [
      ("&quot;bars&quot;:1", "&quot;bars&quot;:1000000000", 64),
      ("&quot;bars&quot;:1", "&quot;bars&quot;:1,&quot;form&quot;:&quot;?&quot;", 64),
      ("&quot;bars&quot;:1", "&quot;bars&quot;:1,&quot;timeSignature&quot;:&quot;0/0&quot;", 64),
      (
        "&quot;bars&quot;:1",
        "&quot;bars&quot;:1,&quot;ending&quot;:{&quot;bars&quot;:1,&quot;tonicBonus&quot;:1,&quot;tries&quot;:-1}",
        64
      ),
      ("&quot;temperature&quot;:1", "&quot;temperature&quot;:-1", 64), ("&quot;title&quot;", sound, 65),
    ] as [(String, String, Int32)] {
      try replaceFile(at: workshop("wild.svg"), with: picture.replacing(text, with: other))
      let refused = try generate(["--like", "wild.svg", "-o", "b.mid"], code: code)
      #expect(refused.errorLines.count == 1, "\(other): \(refused.errors)")
    }
    #expect(try generate(["--like", "absent.mid", "-o", "b.mid"], code: 66).errors.contains("absent.mid"))
    let both = try generate(["--like", "a.svg", "--bars", "2", "-o", "b.mid"], code: 64)
    #expect(both.errors.contains("drop --bars"), "\(both.errors)")
    #expect(try generate(["-o", "b.mid"], code: 64).errors.contains("--like"))
    #expect(!workshop.has("b.mid"))
  }

  // MARK: - Pages

  @Test("A folder gets a page of all its pieces, each of which is made again alone") func aFolderGetsAPage()
    throws
  {
    let options = ["--bars", "1", "--tempo", "900", "--seed", "8"]
    let made = try generate(["model", "--count", "2", "-o", "tunes of mine"] + options)
    #expect(made.output.contains("tunes of mine/index.html"), "\(made.output)")
    let names = ["001.mid", "001.ogg", "002.mid", "002.ogg", "index.html"]
    #expect(try workshop.names(in: "tunes of mine") == names)
    let page = try String(decoding: workshop.bytes("tunes of mine/index.html"), as: UTF8.self)
    #expect(
      page.contains("data-sound=\"002.ogg\"") && page.contains("data-seed=\"9\"") && page.contains("Copied"))
    _ = try generate(["--like", "tunes of mine/002.mid", "-o", "again.ogg", "-o", "again.mid"])
    for ending in ["ogg", "mid"] {
      #expect(try workshop.bytes("again.\(ending)") == workshop.bytes("tunes of mine/002.\(ending)"))
    }
    // One piece, for which a name without an ending is a slip.
    #expect(try generate(["model", "-o", "one"] + options, code: 64).errors.contains("slash"))
    let json = try generate(["model", "-o", "one/", "--json"] + options).json()
    #expect((json["files"] as? [String])?.map { lastName(of: $0) } == ["001.mid", "001.ogg"])
    #expect(workshop.has("one/index.html"))
    #expect(
      try generate(["model", "--count", "2", "-o", "absent/folder"] + options, code: 73).errorLines.count == 1
    )
  }

  @Test("An interrupted batch has a page of the pieces that are complete") func anInterruptedBatchHasAPage()
    throws
  {
    let running = try workshop.program.start(
      ["generate", "model", "--bars", "1", "--tempo", "900", "--seed", "8", "--count", "60", "-o", "many"],
      folder: workshop.folder.path)
    func rendered() -> Int { ((try? workshop.names(in: "many")) ?? []).count { $0.hasSuffix(".ogg") } }
    while rendered() == 0, running.process.isRunning { Thread.sleep(forTimeInterval: 0.02) }
    running.signal(SIGINT)
    let outcome = running.wait()
    #expect(
      outcome.exitCode == 130 && outcome.errors.contains("of 60 pieces written, seed 8"), "\(outcome.errors)")
    let page = try String(decoding: workshop.bytes("many/index.html"), as: UTF8.self)
    let rows = page.matches(of: /data-sound="([0-9]+)\.ogg"/).map { String($0.1) }
    #expect(!rows.isEmpty && rows.count < 60 && rows.count == rendered())
    for name in rows { #expect(workshop.has("many/\(name).ogg") && workshop.has("many/\(name).mid")) }
    #expect(try workshop.names(in: "many").count == 2 * rows.count + 1)
  }

  @Test("A page explains the notes, and is made again too") func aPageExplainsTheNotes() throws {
    _ = try generate([
      "model", "--bars", "2", "--seed", "3", "--avoid-copying", "9", "-o", "a.mid", "--explain", "why.html",
    ])
    let page = try workshop.bytes("why.html")
    #expect(String(decoding: page, as: UTF8.self).contains("passages of fewer than 9 notes"))
    _ = try generate(["--like", "why.html", "-o", "b.mid", "--explain", "again.html"])
    #expect(try workshop.bytes("a.mid") == workshop.bytes("b.mid") && page == workshop.bytes("again.html"))
    #expect(
      try generate(["model", "-o", "c.mid", "--explain", "why.txt"], code: 64).errors.contains(".html"))
    let many = try generate(["model", "-o", "c.mid", "--count", "2", "--explain", "why.html"], code: 64)
    #expect(many.errors.contains("--count"))
  }

  // MARK: - Options

  /// Options that do not decide about what is written, or name the files.
  private static let unrecorded: Set<String> = [
    "output", "count", "like", "metadata", "no-metadata", "corpus", "presets", "threads", "size-limit",
    "json", "quiet", "version", "help", "explain",
    // The fixture's tokens have none for the repetition of a bar; they are in the sampling preset, as temperature is.
    "repetition", "repetition-temperature", "bar-min-p",
    // They need a style, and a model that was trained with attributes.
    "style", "ask", "guidance",
    // The fixture's tokens cannot hold them, or not in two bars; `--key` and `--range` stand for all limits.
    "seconds", "chromatic", "instruments", "voices", "note-lengths", "density", "rests", "first", "last",
    "last-chord", "chords", "rhythm", "contour",
    // They change a piece by a model of cells; what is recorded of them is tested with the commands that fill in.
    "fill", "vary", "morph", "to", "steps", "parts", "share", "vary-order", "tries",
  ]
  /// How each other option is given so that it asks for something else than by default, with what goes with it.
  private static let examples: [String: [String]] = [
    "bars": ["--bars", "3"], "form": ["--form", "A1 B1"],
    "variation": ["--form", "A1 A'1", "--variation", "0.9"], "endings": ["--endings", "3"],
    "ending-bars": ["--endings", "3", "--ending-bars", "1"], "tempo": ["--tempo", "77"],
    "time-signature": ["--time-signature", "2/4"], "metre": ["--metre", "2/4"],
    "primer": ["--primer", "short.abc"],
    "piece": ["--primer", "short.abc", "--piece", "1"], "preset": ["--preset", "careful"],
    "temperature": ["--temperature", "1.5"], "top-k": ["--top-k", "9"], "top-p": ["--top-p", "0.8"],
    "min-p": ["--min-p", "0.01"], "by-role": ["--by-role"],
    "no-by-role": ["--preset", "careful", "--no-by-role"],
    "key": ["--key", "C major"], "range": ["--range", "C2...C7"], "search": ["--search", "2"],
    "pitch-temperature": ["--pitch-temperature", "1.1"],
    "rhythm-temperature": ["--rhythm-temperature", "1.1"],
    "dynamics-temperature": ["--dynamics-temperature", "1.1"],
    "typical": ["--typical", "0.9"], "loop-penalty": ["--loop-penalty", "2"],
    "avoid-copying": ["--avoid-copying", "20"], "seed": ["--seed", "2"], "weights": ["--weights", "int8"],
  ]
  /// Those of sound, and their keys in the record.
  private static let sound: [String: (arguments: [String], key: String)] = [
    "rate": (["--rate", "48000"], "rate"), "bits": (["--bits", "24"], "bits"),
    "gain": (["--gain", "-3"], "gain"),
    "plain": (["--plain"], "isPlain"), "from-start": (["--from-start"], "startsAtBeginning"),
    "sound": (["--sound", "builtin"], "instruments"), "normalize": (["--normalize", "-20"], "normalize"),
    "reverb": (["--reverb", "room"], "reverb"),
    "reverb-amount": (["--reverb-amount", "0.5"], "reverbAmount"),
    "reverb-decay": (["--reverb-decay", "0.8"], "reverbDecay"),
    "tuning": (["--tuning", "meantone"], "tuning"),
    "interpolation": (["--interpolation", "cubic"], "interpolation"),
    "chorus-amount": (["--chorus-amount", "0.5"], "chorusAmount"),
  ]

  @Test("Every option of generate that decides about a piece is recorded") func everyOptionIsRecorded() throws
  {
    let dump = try workshop.run(["--experimental-dump-help"]).json()
    let root = try #require(dump["command"] as? [String: Any])
    let commands = try #require(root["subcommands"] as? [[String: Any]])
    let command = try #require(commands.first { $0["commandName"] as? String == "generate" })
    let arguments = try #require(command["arguments"] as? [[String: Any]])
    let names = Set(
      arguments.flatMap { argument in
        (argument["names"] as? [[String: Any]] ?? []).filter { $0["kind"] as? String == "long" }.compactMap {
          $0["name"] as? String
        }
      })
    let known = Self.unrecorded.union(Self.examples.keys).union(Self.sound.keys)
    #expect(
      names.subtracting(known).isEmpty,
      "record these options in CompositionSettings, and give examples here: \(names.subtracting(known))")
    // A critic that knows one descriptor, for what needs one.
    try FileManager.default.copyItem(atPath: workshop("model"), toPath: workshop("critical"))
    try replaceFile(
      at: workshop("critical/critic.json"),
      with: Array(
        #"""
        {"version": 1, "judges": [{"scope": "excerpt", "bars": 2, "descriptors": ["notes"],
         "regression": {"weights": [1], "bias": 0, "means": [4], "deviations": [2]}}]}
        """#.utf8))
    var records: [String: String] = [:]
    for (name, example) in Self.examples.merging([("", [])], uniquingKeysWith: { $1 })
    where name.isEmpty || names.contains(name) {
      let base =
        (example.contains("--form") || name == "bars" ? [] : ["--bars", "2"])
        + (name == "seed" ? [] : ["--seed", "1"])
      _ = try generate([name == "search" ? "critical" : "model", "-o", "x.mid"] + base + example)
      records[name] = try MIDIFile(path: workshop("x.mid")).texts.last
    }
    for (name, record) in records where !name.isEmpty {
      // What an option needs beside it does not count.
      let without = ["variation": "form", "ending-bars": "endings", "piece": "primer"][name] ?? ""
      #expect(record != records[without], "--\(name) is not in the record")
    }
    _ = try generate(
      ["model", "--bars", "1", "--tempo", "900", "--seed", "1", "-o", "x.wav"]
        + Self.sound.values.flatMap(\.arguments))
    _ = try generate(["--like", "x.wav", "-o", "y.wav"])
    #expect(try workshop.bytes("x.wav") == workshop.bytes("y.wav"))
    let text = try #require(
      String(decoding: try workshop.bytes("x.wav"), as: UTF8.self).firstMatch(of: /"sound":\{[^}]*\}/)?.0)
    for (argument, value) in [
      "rate": "48000", "bits": "\"24\"", "gain": "-3", "isPlain": "true", "startsAtBeginning": "true",
    ] {
      #expect(text.contains("\"\(argument)\":\(value)"), "\(text)")
    }
  }
}
