import Audio
import Foundation
import Groundwork
import MIDI
import Music
import Notation
import TestSupport
import Testing

/// From a folder of music to sound, as the README tells it, with a network so small that it takes seconds.
@Suite struct WorkflowTests {
  let workshop: Workshop

  init() throws { workshop = try Workshop() }

  @Test("A folder of tunes becomes music that sounds") func aFolderOfTunesBecomesMusicThatSounds() throws {
    let trained = try workshop.run(
      ["train", "tunes", "-o", "model", "--steps", "30", "--seed", "3", "--json"] + Workshop.quick)
    #expect(trained.exitCode == 0, "\(trained.errors)")
    let result = try trained.json()
    #expect(result["steps"] as? Int == 30)
    #expect((result["bestValidationLoss"] as? Double ?? .infinity) < 6.5)
    let parts = [
      "model.safetensors", "model.json", "vocabulary.json", "history.jsonl", "card.md",
      "training.safetensors", "corpus",
    ]
    for name in parts { #expect(workshop.has("model/" + name), "\(name) is missing") }

    let generated = try workshop.run(
      [
        "generate", "model", "--bars", "2", "--seed", "1", "-o", "a.mid", "-o", "a.wav", "-o", "a.svg",
        "--json",
      ])
    #expect(generated.exitCode == 0, "\(generated.errors)")
    #expect(try generated.json()["bars"] as? Int == 2)
    let score = try #require(try ScoreReader.read(path: workshop("a.mid")).scores.first)
    #expect(score.noteCount > 0 && score.bars.count == 2 && score.lastNoteEnd <= score.bars[1].end)
    let sound = try AudioFile.read(workshop("a.wav"))
    #expect(sound.sampleRate == 44_100 && sound.channelCount == 2 && sound.peak > 0.01 && sound.peak <= 1)
    #expect(try String(decoding: workshop.bytes("a.svg"), as: UTF8.self).hasPrefix("<svg"))

    try workshop.run(["generate", "model", "--bars", "2", "--seed", "1", "-o", "b.mid"])
    #expect(try workshop.bytes("b.mid") == workshop.bytes("a.mid"), "the same seed gave another piece")
    try workshop.run(["generate", "model", "--bars", "2", "--seed", "5", "--count", "3", "-o", "many.mid"])
    let many = try workshop.names().filter { $0.hasPrefix("many") }
    #expect(many == ["many-001.mid", "many-002.mid", "many-003.mid"])
    try workshop.run(["generate", "model", "--bars", "2", "--seed", "6", "-o", "second.mid"])
    #expect(try workshop.bytes("many-002.mid") == workshop.bytes("second.mid"), "pieces depend on each other")
    let narrow = try workshop.run(
      ["generate", "model", "--bars", "2", "--seed", "1", "--weights", "int8", "-o", "n.mid", "--json"])
    #expect(try narrow.json()["weights"] as? String == "int8")
    let refused = try workshop.run(["generate", "model", "--weights", "int4", "-o", "n.mid"])
    #expect(refused.exitCode == 64 && refused.errors.contains("int8"))

    let continued = try workshop.run(
      ["continue", "model", "tunes/tune1.abc", "--bars", "2", "--seed", "1", "-o", "c.mid"])
    #expect(continued.exitCode == 0, "\(continued.errors)")
    let longer = try #require(try ScoreReader.read(path: workshop("c.mid")).scores.first)
    #expect(longer.bars.count == 18)

    let info = try workshop.run(["model", "info", "model", "--json"])
    #expect(info.exitCode == 0 && info.output.contains("\"hiddenSize\":24"))
  }

  @Test("An existing model is not overwritten unasked") func anExistingModelIsNotOverwrittenUnasked() throws {
    let arguments = ["train", "tunes", "-o", "model", "--steps", "2", "--quiet"] + Workshop.quick
    #expect(try workshop.run(arguments).exitCode == 0)
    let before = try workshop.bytes("model/model.safetensors")
    let refused = try workshop.run(arguments)
    #expect(refused.exitCode == 73)
    #expect(refused.errors.contains("--overwrite") && refused.errors.contains("--resume"))
    #expect(try workshop.bytes("model/model.safetensors") == before)
    #expect(try workshop.run(arguments + ["--overwrite"]).exitCode == 0)
  }

  @Test("A corpus is built described and exported") func aCorpusIsBuiltDescribedAndExported() throws {
    try replaceFile(at: workshop("tunes/broken.mid"), with: "no music")
    try replaceFile(at: workshop("tunes/copy.abc"), with: try workshop.bytes("tunes/tune3.abc"))
    let built = try workshop.run(["corpus", "build", "tunes", "-o", "made", "--json"])
    #expect(built.exitCode == 0, "\(built.errors)")
    let info = try workshop.run(["corpus", "info", "made", "--json"]).json()
    #expect(info["pieces"] as? Int == 12)
    let skipped = try #require(info["skipped"] as? [[String: Any]])
    #expect(skipped.count == 1 && (skipped[0]["file"] as? String)?.hasSuffix("broken.mid") == true)
    #expect(try workshop.run(["corpus", "export", "made", "--npy", "arrays"]).exitCode == 0)
    #expect(
      Set(try workshop.names(in: "arrays")).isSuperset(of: ["train.npy", "valid.npy", "vocabulary.json"]))
  }

  @Test("Tokens go there and back") func tokensGoThereAndBack() throws {
    let tokens = try workshop.run(["tokenize", "short.abc", "--json"])
    #expect(tokens.exitCode == 0)
    let back = try workshop.run(["detokenize", "-", "-o", "same.mid"], input: Data(tokens.output.utf8))
    #expect(back.exitCode == 0, "\(back.errors)")
    let again = try workshop.run(["tokenize", "same.mid", "--json"])
    #expect(try again.json()["ids"] as? [Int] == tokens.json()["ids"] as? [Int])
  }

  @Test("The same music renders to the same bytes") func theSameMusicRendersToTheSameBytes() throws {
    for name in ["a.wav", "b.wav", "a.flac", "b.flac"] {
      let outcome = try workshop.run(["render", "short.abc", "-o", name])
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
    #expect(try workshop.bytes("a.wav") == workshop.bytes("b.wav"))
    #expect(try workshop.bytes("a.flac") == workshop.bytes("b.flac"))
  }

  @Test("Inspect tells and draws") func inspectTellsAndDraws() throws {
    let outcome = try workshop.run(["inspect", "tunes/tune1.abc", "--svg", "roll.svg", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let object = try outcome.json()
    #expect(object["bars"] as? Int == 16 && object["file"] as? String == "tunes/tune1.abc")
    #expect(workshop.has("roll.svg"))
  }

  @Test("Inspect escapes what a terminal would obey, and tells both ends of a piece")
  func inspectEscapesTitles() throws {
    var track = MIDITrack()
    track.append(.meta(.text(.trackName, Array("Red\u{1B}[31m\nfile: safe\u{202E}".utf8))), at: 0)
    track.append(.noteOn(channel: 0, key: 60, velocity: 80), at: 0)
    track.append(.noteOff(channel: 0, key: 60, velocity: 0), at: 480)
    track.end(at: 480 * 20)
    try replaceFile(
      at: workshop("evil.mid"), with: MIDIFile(format: .singleTrack, tracks: [track]).encoded())
    let told = try workshop.run(["inspect", "evil.mid", "--events"])
    #expect(
      told.exitCode == 0 && told.output.contains("Red\\x1B[31m\\x0Afile: safe\\u202E"), "\(told.output)")
    #expect(!told.output.contains("\u{1B}") && !told.output.contains("\nfile: safe"))
    #expect(told.output.contains("0:10 (the last note ends at 0:01)"), "\(told.output)")
    let object = try workshop.run(["inspect", "evil.mid", "--json"]).json()
    #expect(object["seconds"] as? Double == 10 && object["lastNoteSeconds"] as? Double == 0.5)

    let rendered = try workshop.run(["render", "evil.mid", "-o", "evil.wav"])
    #expect(
      rendered.output.contains("(the piece is 0:10 long, and its last note ends at 0:01)"),
      "\(rendered.output)")
    let report = try workshop.run(["render", "evil.mid", "-o", "evil.wav", "--json"]).json()
    #expect(report["pieceSeconds"] as? Double == 10 && report["lastNoteSeconds"] as? Double == 0.5)
    #expect((report["seconds"] as? Double ?? 10) < 10)
  }

  @Test("A piece that is continued stays as it is, in every form") func aPieceThatIsContinuedStaysAsItIs()
    throws
  {
    try workshop.run(["train", "tunes", "-o", "model", "--steps", "5", "--quiet"] + Workshop.quick)
    var conductor = MIDITrack()
    conductor.append(.meta(.text(.trackName, Array("Song".utf8))), at: 0)
    conductor.append(.meta(.tempo(612_345)), at: 0)
    conductor.append(
      .meta(
        .timeSignature(numerator: 1, denominatorPower: 2, clocksPerClick: 24, thirtySecondsPerQuarter: 8)),
      at: 0)
    var melody = MIDITrack()
    melody.append(.meta(.text(.trackName, Array("MELODY".utf8))), at: 0)
    melody.append(.controlChange(channel: 2, controller: 7, value: 90), at: 3)
    for beat in 0..<7 {
      melody.append(.noteOn(channel: 2, key: 60 + beat, velocity: 81), at: 96 * beat + 5)
      melody.append(.noteOff(channel: 2, key: 60 + beat, velocity: 33), at: 96 * beat + 77)
    }
    let original = MIDIFile(division: .ticksPerQuarter(96), tracks: [conductor, melody])
    try replaceFile(at: workshop("song.mid"), with: original.encoded())
    let continued = try workshop.run(
      [
        "continue", "model", "song.mid", "--bars", "2", "--seed", "1", "-o", "longer.mid", "-o", "longer.svg",
        "--json",
      ])
    #expect(continued.exitCode == 0, "\(continued.errors)")
    let longer = try MIDIFile(path: workshop("longer.mid"))
    #expect(longer.division == original.division && longer.tracks.count == 2)
    for (old, new) in zip(original.tracks, longer.tracks) {
      #expect(new.events.count >= old.events.count)
      for (before, after) in zip(old.events, new.events) {
        #expect(before.tick == after.tick && old.message(of: before) == new.message(of: after))
      }
    }
    let score = try #require(try ScoreReader.read(path: workshop("longer.mid")).scores.first)
    // Seven beats are two bars of 4/4 to the tokenizer: the new bars begin with the ninth beat.
    let new = score.tracks[0].notes.dropFirst(7)
    #expect(!new.isEmpty && new.allSatisfy { $0.onset >= 8 * 96 })
    #expect(try continued.json()["notes"] as? Int == score.noteCount)
    #expect(try String(decoding: workshop.bytes("longer.svg"), as: UTF8.self).contains("MELODY"))
  }

  @Test("A network goes to other programs and comes back") func aNetworkGoesToOtherProgramsAndComesBack()
    throws
  {
    try workshop.run(["train", "tunes", "-o", "model", "--steps", "5", "--quiet"] + Workshop.quick)
    let onnx = try workshop.run(["model", "export", "model", "-o", "model.onnx", "--json"])
    #expect(onnx.exitCode == 0, "\(onnx.errors)")
    #expect(try onnx.json()["format"] as? String == "onnx")
    #expect(try workshop.bytes("model.onnx").firstRange(of: "gruppetto.vocabulary".utf8) != nil)
    let pytorch = try workshop.run(["model", "export", "model", "-o", "weights.safetensors"])
    #expect(pytorch.output.contains("rnn = torch.nn.GRU(16, 24, num_layers=1)"), "\(pytorch.output)")
    #expect(try workshop.run(["model", "export", "model", "-o", "model.pt"]).exitCode == 64)
    let mistaken = try workshop.run(
      ["model", "export", "model", "-o", "wrong.onnx", "--format", "pytorch"])
    #expect(mistaken.exitCode == 64 && !workshop.has("wrong.onnx"))
    let piped = try workshop.run(["model", "export", "model", "-o", "-", "--format", "onnx"])
    #expect(piped.exitCode == 64 && !workshop.has("-"))

    // On a full disk, of which a limit on the size of files is the model, nothing is left that is in the way.
    let full = try workshop.shell(
      "trap '' XFSZ; ulimit -f 100; \(workshop.program.path) model import weights.safetensors -o same")
    #expect(full.exitCode == 73 && !workshop.has("same"), "\(full.errors)")

    let imported = try workshop.run(["model", "import", "weights.safetensors", "-o", "same"])
    #expect(imported.exitCode == 0, "\(imported.errors)")
    #expect(imported.output.contains("imported from weights.safetensors"))
    for model in ["model", "same"] {
      try workshop.run([
        "generate", model, "--bars", "2", "--seed", "1", "--no-metadata", "-o", "\(model).mid",
      ])
    }
    #expect(try workshop.bytes("same.mid") == workshop.bytes("model.mid"))
    #expect(try workshop.run(["model", "import", "weights.safetensors", "-o", "same"]).exitCode == 73)
    // A vocabulary of another size does not fit, and a corpus's does.
    try workshop.run(["corpus", "build", "tunes", "-o", "tunes.corpus", "--quiet"])
    let fits = try workshop.run(
      ["model", "import", "weights.safetensors", "-o", "third", "--vocabulary", "tunes.corpus"])
    #expect(fits.exitCode == 0, "\(fits.errors)")
    let wrong = try workshop.run(
      ["model", "import", "weights.safetensors", "-o", "fourth", "--vocabulary", "model/model.json"])
    #expect(wrong.exitCode == 65 && !workshop.has("fourth"))
  }

  @Test("Imported weights learn on") func importedWeightsLearnOn() throws {
    try workshop.run(["train", "tunes", "-o", "model", "--steps", "60", "--quiet"] + Workshop.quick)
    try workshop.run(["model", "export", "model", "-o", "weights.safetensors"])
    let imported = try workshop.run(
      ["model", "import", "weights.safetensors", "-o", "tuned", "--preset", "demo"])
    #expect(imported.output.contains("dropout 0.3"), "\(imported.output)")
    #expect(imported.output.contains("train CORPUS -o tuned --resume trains these weights further"))
    #expect(try workshop.run(["model", "report", "tuned", "-o", "none.html"]).exitCode == 0)
    let resume = ["train", "tunes", "-o", "tuned", "--resume", "--threads", "1"]
    let other = try workshop.run(resume + ["--hidden", "32"])
    #expect(
      other.exitCode == 64 && other.errors.contains("the network of imported weights cannot change"),
      "\(other.errors)")

    // Its options are those of a new training; whatever is no better does not replace the weights.
    let options = ["--steps", "5", "--batch", "4", "--truncation", "32", "--dropout", "0.1", "--seed", "9"]
    let ruined = try workshop.run(
      resume + options + ["--optimizer", "sgd", "--learning-rate", "1e4", "--json"])
    #expect(ruined.exitCode == 0, "\(ruined.errors)")
    #expect(ruined.errors.contains("training further from the weights of weights.safetensors, seed 9"))
    for model in ["model", "tuned"] {
      try workshop.run([
        "generate", model, "--bars", "2", "--seed", "1", "--no-metadata", "-o", "\(model).mid",
      ])
    }
    #expect(try workshop.bytes("tuned.mid") == workshop.bytes("model.mid"))
    let changed = try workshop.run(resume + ["--seed", "8"])
    #expect(
      changed.exitCode == 64 && changed.errors.contains("import weights.safetensors again"),
      "\(changed.errors)")

    try workshop.run(["model", "import", "weights.safetensors", "-o", "tuned", "--overwrite"])
    let killed = try workshop.run(
      resume + options, environment: ["GRUPPETTO_FAULT": "before-rename:training.safetensors:2"])
    #expect(killed.exitCode == -SIGKILL)
    let trained = try workshop.run(resume + ["--json"])
    #expect(trained.exitCode == 0, "\(trained.errors)")
    let lost = try #require(ruined.json()["bestValidationLoss"] as? Double)
    #expect(try #require(trained.json()["bestValidationLoss"] as? Double) < lost)
    #expect(try String(decoding: workshop.bytes("tuned/card.md"), as: UTF8.self).contains("trained further"))

    // Music of other tokens is nothing that these weights could learn.
    try workshop.run(["model", "import", "weights.safetensors", "-o", "tuned", "--overwrite"])
    let strange = try workshop.run(resume + options + ["--metre", "3/4"])
    #expect(strange.exitCode == 65 && strange.errors.contains("another vocabulary"), "\(strange.errors)")
    #expect(
      try workshop.bytes("model/model.safetensors").count > 0 && workshop.has("tuned/model.safetensors"))
  }

  @Test("The report can be watched") func theReportCanBeWatched() throws {
    let running = try workshop.program.start(
      ["train", "tunes", "-o", "model", "--steps", "1000000", "--quiet", "--report", "training.html"]
        + Workshop.quick, folder: workshop.folder.path)
    let report = { try String(decoding: workshop.bytes("training.html"), as: UTF8.self) }
    while !workshop.has("training.html"), running.process.isRunning { Thread.sleep(forTimeInterval: 0.02) }
    #expect(try report().contains("http-equiv=\"refresh\""))
    while try !report().contains("<svg"), running.process.isRunning { Thread.sleep(forTimeInterval: 0.05) }
    #expect(try report().contains("http-equiv=\"refresh\""))
    running.signal(SIGINT)
    #expect(running.wait().exitCode == 130)
    #expect(try report().contains("<svg") && !report().contains("http-equiv=\"refresh\""))
  }

  @Test("Features come from standard input too") func featuresComeFromStandardInputToo() throws {
    try workshop.run(["render", "short.abc", "-o", "a.wav", "--quiet"])
    try workshop.run(["features", "a.wav", "-o", "a.npy", "--quiet"])
    let piped = try workshop.run(
      ["features", "-", "-o", "b.npy", "--quiet"], input: Data(try workshop.bytes("a.wav")))
    #expect(piped.exitCode == 0, "\(piped.errors)")
    #expect(try workshop.bytes("a.npy") == workshop.bytes("b.npy"))
  }

  @Test("Features are written and drawn") func featuresAreWrittenAndDrawn() throws {
    try workshop.run(["render", "short.abc", "-o", "a.wav"])
    let outcome = try workshop.run(["features", "a.wav", "--kind", "fbank", "-o", "a.npy", "--svg", "a.svg"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try workshop.bytes("a.npy").starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]))
    #expect(try String(decoding: workshop.bytes("a.svg"), as: UTF8.self).contains("data:image/png;base64,"))
  }
}
