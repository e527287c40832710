import Foundation
import Groundwork
import Music
import Testing
import Tokenization

@testable import Composing

@Suite struct CompositionSessionTests {
  private let model: MusicModel

  init() throws { model = try ComposerTests.untrainedModel() }

  @Test("Step by step it is the piece that the composer writes")
  func stepByStepItIsThePieceThatTheComposerWrites()
    throws
  {
    for options in [
      CompositionOptions(seed: 5, bars: 3), CompositionOptions(seed: 6),
      CompositionOptions(seed: 7, bars: 2, primer: ComposerTests.primer, keepsPrimer: true),
    ] {
      let piece = try Composer(model: model).compose(options)
      let session = try CompositionSession(model: model, options)
      var steps: [CompositionStep] = []
      while let step = try session.step() { steps.append(step) }
      #expect(session.isFinished && session.ids == piece.ids && session.givenCount == piece.givenCount)
      #expect(steps.map(\.id) == Array(piece.ids[piece.givenCount...]))
      #expect(steps.map(\.surprisal) == piece.surprisals)
      #expect(steps.allSatisfy { $0.takenBack == 0 && $0.surprisal > 0 })
      #expect(steps.allSatisfy { abs($0.probability - exp(-$0.surprisal)) < 1e-12 })
      #expect(steps.map(\.token) == steps.map { model.tokenizer.vocabulary.token(of: $0.id) })
      let again = try session.finish()
      #expect(again.score == piece.score && again.nllPerToken == piece.nllPerToken)
      #expect(again.stopReason == piece.stopReason)
      #expect(try session.step() == nil && session.nextBar() == nil)
    }
  }

  @Test("Notes and bars come when they are complete") func notesAndBarsComeWhenTheyAreComplete() throws {
    let options = CompositionOptions(seed: 9, bars: 4)
    let piece = try Composer(model: model).compose(options)
    let spans = try model.tokenizer.spans(of: piece.ids)
    let session = try CompositionSession(model: model, options)
    var music = DecodedMusic()
    while let step = try session.step() {
      #expect(step.music.notes.allSatisfy { $0.ids.upperBound == session.ids.count })
      music.notes += step.music.notes
      music.bars += step.music.bars
      music.tempos += step.music.tempos
    }
    #expect(music.notes == spans.notes.map(\.decoded) && music.bars == spans.bars)
    #expect(music.tempos == spans.score.tempos && session.ticksPerQuarter == spans.score.ticksPerQuarter)
    #expect(session.noteCount == music.notes.count && session.barCount == 4)
  }

  @Test("Bar by bar it is the whole piece") func barByBarItIsTheWholePiece() throws {
    let options = CompositionOptions(seed: 3, bars: 5)
    let session = try CompositionSession(model: model, options)
    var bars: [ComposedBar] = []
    while let bar = try session.nextBar() {
      #expect(bar.notes.allSatisfy { (bar.bar.start..<bar.bar.end).contains($0.note.onset) })
      bars.append(bar)
    }
    let piece = try session.finish()
    #expect(bars.map(\.bar.number) == Array(0..<5) && bars.map(\.bar.end) == piece.score.bars.map(\.end))
    #expect(bars.reduce(0) { $0 + $1.notes.count } == piece.notes)
  }

  @Test("Bars after a primer are the new ones alone, and an opening belongs to its bar")
  func barsAfterAPrimerAreTheNewOnesAlone() throws {
    let options = CompositionOptions(seed: 4, bars: 3, primer: ComposerTests.primer)
    let session = try CompositionSession(model: model, options)
    var bars: [ComposedBar] = []
    while let bar = try session.nextBar() { bars.append(bar) }
    let piece = try session.finish()
    #expect(bars.count == 3)
    #expect(bars.reduce(0) { $0 + $1.notes.count } == piece.notes)

    let whole = try Composer(model: model).compose(CompositionOptions(seed: 4, bars: 3))
    let half = Array(whole.ids[1..<whole.ids.count / 2])
    let opened = try CompositionSession(
      model: model, CompositionOptions(seed: 5, bars: 3, opening: half))
    var notes = 0
    while let bar = try opened.nextBar() { notes += bar.notes.count }
    #expect(try opened.finish().notes == notes)
  }

  @Test("Back at a bar line it continues as before, or in another way") func backAtABarLineItGoesOnAsBefore()
    throws
  {
    let options = CompositionOptions(
      seed: 11, bars: 6, primer: ComposerTests.primer, keepsPrimer: true)
    let piece = try Composer(model: model).compose(options)
    let session = try CompositionSession(model: model, options)
    #expect(session.savedBars == nil)
    while session.barCount < 5 { _ = try session.step() }
    #expect(session.savedBars == 4...8, "the primer has four bars")
    try session.rewind(toBar: 6)
    #expect(session.barCount == 3 && session.savedBars == 4...6)
    #expect(model.tokenizer.vocabulary.roles.barLines.contains(session.ids[session.ids.count - 1]))
    #expect(try session.finish().ids == piece.ids)
    try session.rewind(toBar: 4, seed: 99)
    let other = try session.finish()
    #expect(other.ids != piece.ids && other.bars == piece.bars)
    #expect(other.surprisals.count == other.ids.count - other.givenCount)
    for bar in [-1, 3, 10, .max, .min] {
      #expect(throws: ComposingError.self) { try session.rewind(toBar: bar) }
    }
  }

  @Test("Only the last bars are saved, as many as asked for") func onlyTheLastBarsAreSaved() throws {
    for limit in [0, 1, 3] {
      let session = try CompositionSession(
        model: model, CompositionOptions(seed: 2, bars: 6), savedBarLimit: limit)
      _ = try session.finish()
      #expect(session.savedBars == (limit == 0 ? nil : (6 - limit)...5))
    }
  }

  @Test("A fork goes its own way and leaves the session alone") func aForkGoesItsOwnWay() throws {
    let composer = try Composer(model: model)
    let options = CompositionOptions(seed: 4, bars: 4)
    let piece = try composer.compose(options)
    let session = try composer.session(options)
    while session.barCount < 2 { _ = try session.step() }
    let count = session.ids.count
    let twin = session.fork(), other = session.fork(seed: 77)
    let otherPiece = try other.finish()
    #expect(session.ids.count == count)
    #expect(try twin.finish().ids == piece.ids)
    #expect(otherPiece.ids != piece.ids && otherPiece.ids[..<count] == piece.ids[..<count])
    try other.rewind(toBar: 1)
    #expect(other.ids.count <= count)
    #expect(try session.finish().ids == piece.ids)
  }

  @Test("The sampling can change between steps") func theSamplingCanChangeBetweenSteps() throws {
    let session = try CompositionSession(model: model, CompositionOptions(seed: 4, bars: 3))
    _ = try session.step()
    try session.sample(by: SamplingPreset(topK: 1))
    let greedy = try session.fork(seed: 1).finish().ids
    #expect(try session.fork(seed: 2).finish().ids == greedy, "the likeliest token leaves no choice")
    #expect(throws: ComposingError.self) { try session.sample(by: SamplingPreset(temperature: 0)) }
  }

  @Test("A session can be stopped") func aSessionCanBeStopped() throws {
    let session = try CompositionSession(
      model: model, CompositionOptions(seed: 4, bars: 3, primer: ComposerTests.primer))
    let cancellation = Cancellation()
    cancellation.request()
    #expect(throws: ComposingError.self) { try session.step(cancellation: cancellation) }
    #expect(throws: ComposingError.self) { try session.finish(cancellation: cancellation) }
    #expect(try session.finish().bars == 3)
  }

  @Test("Each note of a score has its surprise") func eachNoteOfAScoreHasItsSurprise() throws {
    let composer = try Composer(model: model)
    let piece = try composer.compose(CompositionOptions(seed: 8, bars: 3))
    let reading = try composer.surprisals(of: piece.score)
    #expect(reading.ids == piece.ids && reading.surprisals[0] == 0)
    #expect(Array(reading.surprisals[1...]) == piece.surprisals)
    #expect(abs(reading.perToken - piece.nllPerToken) < 1e-12)
    #expect(reading.notes.count == piece.notes && reading.bars.count == 3)
    #expect(abs(reading.perNote * Double(piece.notes) - reading.total) < 1e-9)
    for note in reading.notes {
      #expect(note.surprisal == reading.surprisals[note.decoded.ids].reduce(0, +))
      #expect(reading.score.tracks[note.place.track].notes[note.place.index] == note.note)
    }
    #expect(throws: ComposingError.self) { try composer.surprisals(of: Score(ticksPerQuarter: 480)) }
  }
}
