import Foundation
import Groundwork
import MIDI
import TestSupport
import Testing

/// What went wrong once, from the command line.
@Suite struct DefectTests {
  let workshop: Workshop

  init() throws { workshop = try Workshop() }

  private func train(_ options: [String], environment: [String: String] = [:]) throws -> Program.Outcome {
    try workshop.run(
      ["train", "tunes", "-o", "model", "--steps", "5", "--quiet"] + Workshop.quick + options,
      environment: environment)
  }

  /// The shell passes bytes that `Process` would mend.
  private func shell(_ line: String) throws -> Program.Outcome {
    try workshop.shell("program='\(workshop.program.path)'; " + line)
  }

  @Test("Tokens of an unknown tokenizer are refused by its name") func tokensOfAnUnknownTokenizer()
    throws
  {
    try replaceFile(at: workshop("tokens.json"), with: #"{"ids":[1,3],"tokenizer":"magic"}"#)
    let run = try workshop.run(["detokenize", "tokens.json", "-o", "tune.mid"])
    #expect(run.exitCode == 65 && run.errorLines.count == 1, "\(run.errors)")
    #expect(run.errors.contains("'magic'") && run.errors.contains("'remi'"), "\(run.errors)")
  }

  @Test("A training that goes on writes a damaged vocabulary again") func aDamagedVocabulary() throws {
    #expect(try train([]).exitCode == 0)
    let vocabulary = try workshop.bytes("model/vocabulary.json")
    for damage in ["junk", ""] {
      try replaceFile(at: workshop("model/vocabulary.json"), with: damage)
      let run = try workshop.run(["train", "tunes", "-o", "model", "--resume", "--quiet"])
      #expect(run.exitCode == 0, "\(run.errors)")
      #expect(try workshop.bytes("model/vocabulary.json") == vocabulary)
    }
  }

  @Test("What is wrong with a file is said with its name") func whatIsWrongIsSaidWithTheFile() throws {
    #expect(try train([]).exitCode == 0)
    try replaceFile(at: workshop("silent.mid"), with: MIDIFile(tracks: [MIDITrack()]).encoded())
    for command in [["tokenize", "silent.mid"], ["continue", "model", "silent.mid", "-o", "more.mid"]] {
      let run = try workshop.run(command)
      #expect(run.exitCode == 65 && run.errors.contains("silent.mid: "), "\(run.errors)")
    }
    let played = try workshop.run(["play", "tune.wav", "--piece", "1"])
    #expect(played.exitCode == 64 && played.errors.contains("--piece"), "\(played.errors)")
    try FileManager.default.removeItem(atPath: workshop("model/model.json"))
    let info = try workshop.run(["model", "info", "model"])
    #expect(info.exitCode == 66 && info.errors.contains("no model.json"), "\(info.errors)")
    #expect(!info.errors.contains("--overwrite"), "\(info.errors)")
  }

  @Test("Names of files that are no text are read, written and escaped") func namesThatAreNoText() throws {
    let rendered = try shell(#"$program detokenize - -o "$(printf 'caf\351.mid')" < /dev/null"#)
    #expect(rendered.exitCode == 65, "\(rendered.errors)")
    let run = try shell(
      #"n="$(printf 'caf\351')"; cp short.abc "$n.abc" && $program render "$n.abc" -o "$n.wav" && ls "$n.wav" > /dev/null "#
        + #"&& mkdir music && cp tunes/* music && mv "$n.abc" music && $program corpus build music -o "$n" --json "#
        + #"&& ls "$n/corpus.gruppetto" > /dev/null"#)
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains(#"caf\xE9.wav: "#), "\(run.output)")
    let line = try #require(run.output.split(separator: "\n").last)
    let info = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    #expect(info?["pieces"] as? Int == 13)
    let missing = try shell(#"$program inspect "$(printf 'no\377.mid')" --json"#)
    #expect(missing.exitCode == 66 && missing.errors.contains(#"no\xFF.mid: no such file"#))
    #expect(try (missing.json()["error"] as? [String: Any])?["file"] as? String == #"no\xFF.mid"#)
  }

  @Test("Titles do not reach the terminal raw") func titlesDoNotReachTheTerminalRaw() throws {
    try replaceFile(at: workshop("title.abc"), with: "X:1\nT:a\u{1B}]0;owned\u{7}b\nK:C\nCDEF|\n")
    let outcome = try workshop.run(["inspect", "title.abc"])
    #expect(outcome.exitCode == 0 && !outcome.output.utf8.contains(0x1B), "\(outcome.output)")
  }

  @Test("A link to an output stays, and so do its permissions") func aLinkToAnOutputStays() throws {
    let run = try shell(
      "touch real.wav && chmod 600 real.wav && ln -s real.wav link.wav && $program render short.abc -o link.wav "
        + "&& test -L link.wav && test -s real.wav && stat -c %a real.wav")
    #expect(run.exitCode == 0 && run.output.hasSuffix("\n600\n"), "\(run.output) \(run.errors)")
    let name = String(repeating: "n", count: 250) + ".wav"
    let long = try workshop.run(["render", "short.abc", "-o", name])
    #expect(long.exitCode == 0 && workshop.has(name), "\(long.errors)")
  }

  @Test("Input without end or measure is refused at once") func inputWithoutEndIsRefused() throws {
    let endless = try shell("$program inspect - < /dev/zero")
    #expect(endless.exitCode == 65 && endless.errors.contains("standard input"), "\(endless.errors)")
    #expect(truncate(workshop("tunes/tune1.abc"), 1 << 40) == 0)
    let vast = try workshop.run(["inspect", "tunes/tune1.abc"])
    #expect(vast.exitCode == 65 && vast.errorLines.count == 1, "\(vast.errors)")
    let built = try workshop.run(["corpus", "build", "tunes", "-o", "corpus", "--json"])
    #expect(built.exitCode == 0, "\(built.errors)")
    let skipped = try #require(try built.json()["skipped"] as? [[String: Any]])
    #expect(skipped.count == 1 && skipped[0]["file"] as? String == "tunes/tune1.abc")
  }

  @Test("A limit can be raised and lowered") func aLimitCanBeRaisedAndLowered() throws {
    let small = try workshop.run(["inspect", "tunes/tune1.abc", "--size-limit", "10B"])
    #expect(
      small.exitCode == 65 && small.errors.contains("the limit of 10 bytes")
        && small.errors.contains("--size-limit"),
      "\(small.errors)")
    for size in ["10kB", "1gb", "5000"] {
      #expect(try workshop.run(["inspect", "tunes/tune1.abc", "--size-limit", size]).exitCode == 0)
    }
    #expect(try workshop.run(["inspect", "tunes/tune1.abc", "--size-limit", "much"]).exitCode == 64)
  }

  @Test(
    "A usage error takes one line and names the help",
    arguments: [
      ["train"], ["train", "tunes", "--unheard-of"], ["render", "short.abc", "-o"], ["unheard-of"],
      ["train", "tunes", "-o", "m", "--cell", "transformer"],
      ["generate", "m", "-o", "x.mid", "--bars", "0"],
      ["generate", "m", "-o", "x.mid", "--piece", "2"],
      ["inspect", "short.abc", "--piece", "-9223372036854775808"],
    ])
  func aUsageErrorTakesOneLine(arguments: [String]) throws {
    let outcome = try workshop.run(arguments)
    #expect(outcome.exitCode == 64 && outcome.output.isEmpty)
    #expect(outcome.errorLines.count == 1 && outcome.errors.contains("--help"), "\(outcome.errors)")
  }

  @Test(
    "Options of sound want a sound file", arguments: [["--bits", "16"], ["--rate=44100"], ["--gain", "0"]])
  func optionsOfSoundWantASoundFile(options: [String]) throws {
    let outcome = try workshop.run(["generate", "model", "-o", "x.mid", "-o", "x.svg"] + options)
    #expect(
      outcome.exitCode == 64 && outcome.errors.contains("applies to sound") && outcome.errorLines.count == 1,
      "\(outcome.errors)")
  }

  @Test("A time that no clock holds is refused in a preset and in a model") func aTimeThatNoClockHolds()
    throws
  {
    #expect(try train([]).exitCode == 0)
    let path = workshop("model/model.json")
    let text = String(decoding: try readFile(path), as: UTF8.self)
    let damaged = text.replacing(/"checkpointSeconds" : [0-9.]+/, with: "\"checkpointSeconds\" : 1e30")
    #expect(damaged != text)
    try replaceFile(at: path, with: damaged)
    for arguments in [["train", "tunes", "-o", "model", "--resume"], ["generate", "model", "-o", "x.mid"]] {
      let outcome = try workshop.run(arguments)
      #expect(outcome.exitCode == 65 && outcome.errors.contains("checkpointSeconds"), "\(outcome.errors)")
    }
  }

  @Test("A training that the machine cannot hold does not begin") func aTrainingThatCannotFit() throws {
    let outcome = try train(["--hidden", "8192", "--embedding", "8192", "--layers", "32"])
    #expect(outcome.exitCode == 64 && outcome.errors.contains("memory"), "\(outcome.errors)")
    #expect(!workshop.has("model"))
  }

  @Test(
    "A model that is replaced stays until the new one has weights, wherever it is killed",
    arguments: [
      ("before-rename:replacement/model.json", true), ("before-rename:replacement/model.safetensors", true),
      ("before-rename:replacement/training.safetensors:2", true),
      ("before-link:model/vocabulary.json", false),
      ("before-link:model/training.safetensors", false),
    ])
  func aModelThatIsReplacedStays(fault: String, isOld: Bool) throws {
    #expect(try train([]).exitCode == 0)
    func piece() throws -> [UInt8] {
      let outcome = try workshop.run(["generate", "model", "--bars", "2", "--seed", "1", "-o", "x.mid"])
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      return try workshop.bytes("x.mid")
    }
    let old = try piece()
    let killed = try train(["--overwrite", "--seed", "9"], environment: ["GRUPPETTO_FAULT": fault])
    #expect(killed.exitCode == -SIGKILL, "the fault was not reached: \(killed.errors)")
    #expect(try (piece() == old) == isOld)
    let resumed = try workshop.run(["train", "tunes", "-o", "model", "--resume", "--quiet"])
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    let names = try workshop.names(in: "model")
    #expect(!names.contains { $0.contains("replacement") && !fault.hasSuffix("replacement/model.json") })
    if !fault.hasSuffix("replacement/model.json") { #expect(try piece() != old) }
  }

  @Test(
    "An import that replaces a model leaves the old one or the new, wherever it is killed",
    arguments: [
      ("before-rename:replacement/model.safetensors", true),
      ("before-rename:replacement/vocabulary.json", true),
      ("before-rename:replacement/model.json", true), ("before-link:model/model.json", false),
      ("before-link:model/model.safetensors", false), ("before-rename:model/card.md", false),
    ])
  func anImportThatReplacesAModel(fault: String, isOld: Bool) throws {
    #expect(try train(["--seed", "9"]).exitCode == 0)
    let weights = ["model", "import", "weights.safetensors", "-o", "model", "--overwrite"]
    #expect(
      try workshop.run(["model", "export", "model", "-o", "weights.safetensors"]).exitCode == 0)
    #expect(try train(["--overwrite", "--seed", "1"]).exitCode == 0)
    func piece() throws -> [UInt8] {
      let outcome = try workshop.run(["generate", "model", "--bars", "2", "--seed", "1", "-o", "x.mid"])
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      return try workshop.bytes("x.mid")
    }
    let old = try piece()
    let killed = try workshop.run(weights, environment: ["GRUPPETTO_FAULT": fault])
    #expect(killed.exitCode == -SIGKILL, "the fault was not reached: \(killed.errors)")
    #expect(try (piece() == old) == isOld)
    let again = try workshop.run(weights)
    #expect(again.exitCode == 0, "\(again.errors)")
    #expect(try piece() != old)
    #expect(
      try !workshop.names(in: "model").contains { $0.contains("replacement") || $0 == "history.jsonl" })
  }

  @Test("Imported weights are not bound to the corpus of the model whose place they took")
  func importedWeightsAreNotBoundToAnotherCorpus() throws {
    #expect(try train([]).exitCode == 0)
    try workshop.run(["model", "export", "model", "-o", "weights.safetensors"])
    let imported = try workshop.run(["model", "import", "weights.safetensors", "-o", "model", "--overwrite"])
    #expect(imported.exitCode == 0, "\(imported.errors)")
    try FileManager.default.removeItem(atPath: workshop("tunes/tune1.abc"))
    let options = ["--resume", "--steps", "2", "--batch", "4", "--truncation", "32", "--threads", "1"]
    let resumed = try workshop.run(["train", "tunes", "-o", "model"] + options)
    #expect(resumed.exitCode == 0 && resumed.errors.contains("11 pieces"), "\(resumed.errors)")
    // What a file is called stays within its line.
    try FileManager.default.moveItem(atPath: workshop("weights.safetensors"), toPath: workshop("two\nlines"))
    let named = try workshop.run(["model", "import", "two\nlines", "-o", "named"])
    #expect(named.exitCode == 0 && !named.output.contains("two\n"), "\(named.output)")
    #expect(try !workshop.run(["model", "info", "named"]).output.contains("two\n"))
  }

  @Test("A failed import leaves the model that it would have replaced") func aFailedImportLeavesTheModel()
    throws
  {
    #expect(try train([]).exitCode == 0)
    try workshop.run(["model", "export", "model", "-o", "weights.safetensors"])
    let before = try workshop.names(in: "model"), weights = try workshop.bytes("model/model.safetensors")
    let full = try shell(
      "trap '' XFSZ; ulimit -f 10; $program model import weights.safetensors -o model --overwrite")
    #expect(full.exitCode == 73 && full.errorLines.count == 1, "\(full.errors)")
    #expect(try workshop.names(in: "model") == before && workshop.bytes("model/model.safetensors") == weights)
  }

  @Test(
    "Nonsense through a pipe is refused after its first bytes",
    arguments: [
      "features - -o x.npy", "inspect -", "tokenize -", "render - -o x.wav", "continue model - -o x.mid",
    ])
  func nonsenseThroughAPipe(command: String) throws {
    if command.contains("model") { #expect(try train([]).exitCode == 0) }
    let outcome = try shell("ulimit -v 4000000; $program \(command) < /dev/zero")
    #expect(outcome.exitCode == 65 && outcome.errors.contains("standard input"), "\(outcome.errors)")
    let counted = try shell("head -c 100000000 /dev/zero | { $program \(command) 2> /dev/null; wc -c; }")
    #expect(Int(counted.output.filter(\.isNumber)) ?? 0 > 98_000_000, "\(counted.output)")
  }

  @Test("A message stays one line whatever is in a name") func aMessageStaysOneLine() throws {
    let name = "two\nlines\u{1B}[31m\u{202E}.mid"
    let outcome = try workshop.run(["inspect", name])
    #expect(outcome.exitCode == 66 && outcome.errorLines.count == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains(#"two\x0Alines\x1B[31m\u202E.mid"#), "\(outcome.errors)")
    try replaceFile(at: workshop(name), with: "no music")
    let both = try workshop.run(["inspect", name, name])
    #expect(both.exitCode == 65 && both.errorLines.count == 2, "\(both.errors)")
    let corpus = try workshop.run(["corpus", "build", ".", "-o", "made"])
    #expect(corpus.exitCode == 0 && !(corpus.output + corpus.errors).contains("two\n"), "\(corpus.output)")
  }

  @Test("Columns are aligned and end without spaces") func columnsAreAligned() throws {
    let text = try workshop.run(["instruments"]).output
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.count > 130 && lines.allSatisfy { $0.last != " " })
    let column = try #require(lines[0].range(of: "instrument")?.lowerBound.utf16Offset(in: lines[0]))
    #expect(lines.dropFirst().allSatisfy { Array($0)[column - 1] == " " && Array($0)[column] != " " })
  }

  @Test("A training that diverged says so") func aTrainingThatDivergedSaysSo() throws {
    let outcome = try train(["--learning-rate", "1e30"])
    #expect(
      outcome.exitCode == 65 && outcome.errors.contains("--overwrite and a lower --learning-rate than 1e+30"),
      "\(outcome.errors)")
    let info = try workshop.run(["model", "info", "model"])
    #expect(info.exitCode == 0 && info.output.contains("diverged at step"), "\(info.output)")
  }

  @Test("A loss worse than a guess is remarked on") func aLossWorseThanAGuessIsRemarkedOn() throws {
    let outcome = try workshop.run(
      [
        "train", "tunes", "-o", "model", "--steps", "1", "--learning-rate", "50", "--clip", "none",
        "--tokenizer", "remi",
      ] + Workshop.quick)
    #expect(outcome.exitCode == 0 && outcome.errors.contains("learned nothing"), "\(outcome.errors)")
    #expect(try workshop.run(["model", "info", "model"]).output.contains("learned nothing"))
  }

  @Test("A model argument that is a file is bad input") func aModelArgumentThatIsAFile() throws {
    for arguments in [["model", "info", "short.abc"], ["generate", "short.abc", "-o", "x.mid"]] {
      let outcome = try workshop.run(arguments)
      #expect(outcome.exitCode == 65 && outcome.errors.contains("short.abc"), "\(outcome.errors)")
    }
  }

  @Test("Tokens are listed part by part as they were as a whole") func tokensAreListedPartByPart() throws {
    let outcome = try workshop.run(["tokenize", "short.abc", "--json"])
    let object = try outcome.json()
    let tokens = try #require(object["tokens"] as? [String]), ids = try #require(object["ids"] as? [Int])
    #expect(tokens.first == "BOS_None" && tokens.last == "EOS_None" && ids.count == tokens.count)
    #expect(object["file"] as? String == "short.abc" && object["tokenizer"] as? String == "cells")
    #expect(outcome.output.hasPrefix(#"{"file":"short.abc","ids":[1,"#))
    let lines = try workshop.run(["tokenize", "short.abc"]).output.split(separator: "\n").map(String.init)
    #expect(lines == zip(ids, tokens).map { "\($0) \($1)" })
  }
}
