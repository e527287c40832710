import Groundwork
import MIDI
import TestSupport
import Testing

/// What each file of the conformance set documents about itself, as the tracks, notes and rules that a reader must find.
private struct Expectation {
  var name: String
  var format = MIDIFile.Format.singleTrack
  var tracks = 1
  /// The keys that are struck, in order; nil where only their number is checked.
  var keys: [Int]?
  var noteCount: Int
  /// The tick of the first track's end.
  var length: Int
  var rules: [MIDIRule] = []

  init(
    _ name: String, _ noteCount: Int, _ length: Int, keys: [Int]? = nil,
    format: MIDIFile.Format = .singleTrack,
    tracks: Int = 1, rules: [MIDIRule] = []
  ) {
    self.name = name
    self.format = format
    self.tracks = tracks
    self.keys = keys
    self.noteCount = noteCount
    self.length = length
    self.rules = rules
  }

  /// "You must hear a C-Major scale."
  static func scale(_ name: String, rules: [MIDIRule] = []) -> Expectation {
    Expectation(name, 8, 768, keys: [60, 62, 64, 65, 67, 69, 71, 72], rules: rules)
  }

  static let all: [Expectation] =
    ["c-major-scale", "smpte-offset", "vlq-2-byte", "vlq-3-byte", "vlq-4-byte"].map { scale($0) }
    + [
      "f1-xx", "f2-xx-xx", "f3-xx", "f4", "f5", "f6", "f8", "f9", "fa", "fb", "fc", "fd", "fe",
    ].map { scale("illegal-message-" + $0, rules: [.systemMessage]) }
    + ["gm1-enable", "gm-disable", "gm3-enable"].enumerated().map { index, name in
      Expectation("sysex-7e-09-0\(index + 1)-\(name == "gm3-enable" ? "gm2-enable" : name)", 0, 96)
    }
    + ["7c-omni-mode-off", "7d-omni-mode-on", "7e-mono-mode-on", "7f-poly-mode-on"].map {
      Expectation("control-" + $0, 0, 96)
    }
    + ["all-notes-off", "end-of-track", "text-metaevent"].map { Expectation("silence-" + $0, 0, 960) }
    + ["00-20-bank-select", "40-damper", "41-portamento"].enumerated().map { index, name in
      Expectation(
        "control-" + name, 8, [1_056, 1_536, 1_344][index], keys: [60, 64, 67, 72, 60, 64, 67, 72])
    }
    + [
      ("gm2-doggy-78-00-38-4c", 76), ("gm2-doggy-79-01-7b", 60), ("gs-doggy-01-00-7b", 60),
      ("xg-doggy-40-00-30", 60), ("xg-doggy-7e-00-00-54", 84), ("sysex-gs-40-1x-4x-scale-tuning", 60),
    ].map { Expectation($0, 3, 288, keys: [$1, $1, $1]) }
    + [
      .scale(
        "illegal-message-all", rules: Array(repeating: .systemMessage, count: 13)),
      .scale("corrupt-file-extra-byte", rules: [.trailingBytes]),
      .scale("corrupt-file-missing-byte", rules: [.truncated]),
      .scale("non-midi-track", rules: [.alienChunk]),
      .scale("running-status-metaevent", rules: [.runningStatusAfterMeta]),
      .scale("running-status-sysex", rules: [.runningStatusAfterSysex]),
      Expectation("empty", 0, 0, keys: []),
      Expectation("2-tracks-type-0", 16, 864, tracks: 2, rules: [.trackCount]),
      Expectation("2-tracks-type-1", 16, 864, format: .simultaneous, tracks: 2),
      Expectation("2-tracks-type-2", 16, 864, format: .independent, tracks: 2),
      Expectation("all-gm-percussion", 183, 26_352), Expectation("all-gm-sounds", 512, 67_584),
      Expectation("all-gm2-sounds", 1_060, 139_920), Expectation("all-gs-sounds", 5_044, 665_808),
      Expectation("all-microsoft-gs-wavetable-synth-sounds", 904, 119_328),
      Expectation("all-xg-sounds", 4_560, 601_920),
      Expectation("control-54-portamento-control", 1, 576, keys: [60]),
      Expectation("multichannel-chords-0", 24, 768),
      Expectation("multichannel-chords-1", 24, 768, format: .simultaneous, tracks: 3),
      Expectation("multichannel-chords-2", 24, 768, format: .simultaneous, tracks: 2),
      Expectation("multichannel-chords-3", 24, 768, format: .simultaneous, tracks: 3),
      Expectation("note-on-velocity", 9, 864), Expectation("rpn-00-00-pitch-bend-range", 5, 5_664),
      Expectation("rpn-00-01-fine-tuning", 25, 2_400),
      Expectation("rpn-00-02-coarse-tuning", 8, 768, keys: Array(repeating: 60, count: 8)),
      Expectation("rpn-00-05-modulation-depth-range", 5, 3_264),
      Expectation("sysex-7e-06-01-id-request", 0, 96),
      Expectation("sysex-7f-04-03-master-fine-tuning", 5, 480),
      Expectation("sysex-7f-04-04-master-coarse-tuning", 8, 768),
      Expectation("sysex-7x-08-0x-scale-tuning", 65, 6_624),
      Expectation("sysex-gs-40-1x-15-drum-part-change", 8, 1_152),
      Expectation("karaoke-kar", 29, 0, format: .simultaneous, tracks: 3),
      Expectation("track-length", 1, 288, keys: [60]),
    ]
}

@Suite("The conformance files", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct ConformanceTests {
  private static func path(_ name: String) -> String {
    SharedData.path("midi-conformance/midi/test-\(name).mid")
  }

  @Test("there is an expectation for every file")
  func complete() {
    let known = Expectation.all.map { Self.path($0.name) } + ["empty-file", "not-a-midi-file"].map(Self.path)
    #expect(Set(known) == Set(SharedData.files(under: "midi-conformance/midi", suffix: ".mid")))
    #expect(known.count == 72)
  }

  @Test("each file holds what it says of itself, and is the same after writing and reading")
  func contents() throws {
    for expectation in Expectation.all {
      let bytes = try readFile(Self.path(expectation.name))
      let midi = try MIDIFile(bytes: bytes)
      let keys = midi.tracks.flatMap { track in
        track.events.filter { $0.status & 0xF0 == 0x90 && $0.data2 > 0 }.map { Int($0.data1) }
      }
      #expect(midi.format == expectation.format, "\(expectation.name)")
      #expect(midi.tracks.count == expectation.tracks, "\(expectation.name)")
      #expect(keys.count == expectation.noteCount, "\(expectation.name)")
      #expect(expectation.keys == nil || keys == expectation.keys, "\(expectation.name)")
      #expect(midi.tracks.first?.length == expectation.length, "\(expectation.name)")
      #expect(midi.rules == expectation.rules, "\(expectation.name): \(midi.warnings)")
      for runningStatus in MIDIWritingOptions.RunningStatus.allCases {
        let written = midi.encoded(options: MIDIWritingOptions(runningStatus: runningStatus))
        #expect(try MIDIFile(bytes: written) == midi, "\(expectation.name)")
      }
      if midi.warnings.isEmpty, !expectation.name.hasPrefix("vlq") {
        #expect(midi.encoded() == bytes, "\(expectation.name): other bytes")
      }
      let firstViolation = midi.rules.first { $0.isViolation }
      #expect(strictFault(bytes) == firstViolation, "\(expectation.name)")
    }
  }

  @Test("what is no MIDI file is refused")
  func refusals() {
    #expect(throws: MIDIError.inFile(path: Self.path("empty-file"), .emptyFile)) {
      try MIDIFile(path: Self.path("empty-file"))
    }
    #expect(throws: MIDIError.inFile(path: Self.path("not-a-midi-file"), .notMIDI(offset: 0))) {
      try MIDIFile(path: Self.path("not-a-midi-file"))
    }
  }
}
