import MIDI
import Music
import Notation
import TestSupport
import Testing

@testable import Composing

/// What is promised of a piece that a model continues: its events stay.
@Suite struct ContinuedPieceTests {
  /// The messages of a track that anyone can hear or read, by kind: notes that begin, controllers, tempos, names.
  private func heard(_ track: MIDITrack) -> [[String]] {
    var kinds = [[String]](repeating: [], count: 5)
    for event in track.events {
      let text = "\(event.tick) \(track.message(of: event))"
      switch track.message(of: event) {
      case .noteOn(_, _, let velocity) where velocity > 0: kinds[0].append(text)
      case .controlChange: kinds[1].append(text)
      case .programChange: kinds[2].append(text)
      case .meta(.tempo), .meta(.timeSignature): kinds[3].append(text)
      case .meta(.text): kinds[4].append(text)
      default: break
      }
    }
    return kinds
  }

  @Test(
    "Sixty pop songs stay as they are, event for event, and new bars follow on the grid",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func sixtyPopSongsStayAsTheyAre() throws {
    let composer = try Composer(model: ComposerTests.untrainedModel())
    let all = SharedData.files(under: "pop909", suffix: ".mid")
    for index in stride(from: 0, to: all.count, by: max(1, all.count / 60)) {
      let path = all[index]
      let original = try MIDIFile(path: path)
      let score = try Score(midi: original)
      let piece = try composer.compose(
        CompositionOptions(seed: UInt64(index), bars: 1, primer: score, keepsPrimer: true))
      let joined = try original.continued(by: piece.score, from: piece.newMusicTick)
      let start = piece.newMusicTick * score.ticksPerQuarter / piece.score.ticksPerQuarter
      var newNotes = 0
      for (old, new) in zip(original.tracks, joined.tracks) {
        for (before, after) in zip(heard(old), heard(new)) {
          #expect(after.starts(with: before), "\(path)")
        }
        // Of all other events none is lost either.
        var rest = new.events.map { "\($0.tick) \(new.message(of: $0))" }[...]
        let isWhole = old.events.allSatisfy { event in
          let text = "\(event.tick) \(old.message(of: event))"
          guard let place = rest.firstIndex(of: text) else { return false }
          rest = rest[(place + 1)...]
          return true
        }
        #expect(isWhole, "\(path)")
      }
      for track in joined.tracks {
        newNotes += track.events.count { $0.status & 0xF0 == 0x90 && $0.data2 > 0 && $0.tick >= start }
      }
      let given = score.tracks.flatMap(\.notes)
      #expect(
        newNotes == piece.score.tracks.flatMap(\.notes).count { $0.onset >= piece.newMusicTick }, "\(path)")
      #expect(given.allSatisfy { $0.onset < start }, "\(path)")
      let again = try Score(midi: MIDIFile(bytes: joined.encoded()))
      #expect(again.title == score.title && again.noteCount == given.count + newNotes, "\(path)")
    }
  }

  @Test("The new music begins where the bars that were given end") func theNewMusicBeginsBehindTheGivenBars()
    throws
  {
    let composer = try Composer(model: ComposerTests.untrainedModel())
    let primer = ComposerTests.primer
    let kept = try composer.compose(CompositionOptions(seed: 3, bars: 2, primer: primer, keepsPrimer: true))
    #expect(kept.newMusicTick == kept.score.bars[4].start)
    let new = try composer.compose(CompositionOptions(seed: 3, bars: 2, primer: primer))
    #expect(new.newMusicTick == 0)
    let whole = try primer.continued(by: kept.score, from: kept.newMusicTick)
    #expect(whole.tempos.prefix(1) == primer.tempos[...] && whole.tracks[0].name == "chords")
    #expect(Array(whole.tracks[0].notes.prefix(36)) == primer.tracks[0].notes)
    #expect(whole.timeSignatures[0] == primer.timeSignatures[0])
  }
}
