import Arithmetic
import Groundwork
import ModelSupport
import Music
import Recurrent
import TestSupport
import Testing
import Tokenization

@testable import Composing

/// Styles: learned, written, mixed, refused.
@Suite struct StyleTests {
  private let model: MusicModel
  /// Scales up and down again, which the untrained model does not expect.
  private let pieces: [[Int32]]

  init() throws {
    model = try ComposerTests.model(CellsConfiguration.small)
    let tokenizer = model.tokenizer
    pieces = try (0..<5).map { number in
      let notes = (0..<32).map { index in
        Note(
          onset: 240 * index, duration: 240, pitch: 60 + [0, 2, 4, 5, 7, 5, 4, 2][(index + number) % 8],
          velocity: 80)
      }
      return try tokenizer.encode(
        Score(
          ticksPerQuarter: 480, tracks: [Track(program: 0, notes: notes)], tempos: [.standard],
          timeSignatures: [.standard], length: 32 * 240)
      ).ids
    }
  }

  private func loss(_ model: MusicModel) throws -> Double {
    let composer = try Composer(model: model)
    return try pieces.reduce(0) { $0 + (try composer.surprisals(ofIDs: $1).reduce(0, +)) }
  }

  private func learned(_ depth: StyleDepth, from count: Int = 4, steps: Int = 40) throws -> LearnedStyle {
    try model.learnStyle(
      from: Array(pieces.prefix(count)),
      settings: StyleLearning(depth: depth, mostSteps: steps, rate: 0.02))
  }

  @Test("Each depth makes the pieces of a style more probable, and deeper ones more so")
  func eachDepthMakesThePiecesMoreProbable() throws {
    var last = try loss(model)
    for depth in StyleDepth.allCases {
      let learned = try learned(depth)
      let styled = try model.styled(by: [(learned.style, 1)])
      let loss = try loss(styled)
      #expect(loss < last, "\(depth)")
      #expect(learned.steps > 0 && learned.style.pieceCount == 4)
      let heldOut = try #require(learned.heldOut)
      #expect(heldOut.after < heldOut.before)
      last = loss
    }
  }

  @Test("Learning is the same for any number of threads and does not change the model")
  func learningIsTheSameForAnyNumberOfThreads() throws {
    let before = try model.weightsChecksum()
    let settings = StyleLearning(depth: .biases, mostSteps: 20)
    let one = try model.learnStyle(from: pieces, settings: settings, threadCount: 1)
    let two = try model.learnStyle(from: pieces, settings: settings, threadCount: 2)
    #expect(one.style == two.style && one.steps == two.steps)
    #expect(try model.weightsChecksum() == before && model.initialState.isEmpty)
  }

  @Test("A style is what it was after it was written and read")
  func aStyleIsWhatItWas() throws {
    let folder = try TemporaryFolder()
    for depth in StyleDepth.allCases {
      let style = try learned(depth, from: 1).style
      let path = folder.file("\(depth).style")
      try style.write(to: path)
      var read = try Style(path: path)
      #expect(read.name == path)
      read.name = style.name
      #expect(read.modelChecksum == style.modelChecksum && read.depth == depth)
      let (a, b) = (try model.styled(by: [(style, 1)]), try model.styled(by: [(read, 1)]))
      #expect(a.initialState == b.initialState)
      #expect(try a.weightsChecksum() == b.weightsChecksum())
    }
  }

  @Test("Styles are mixed by their weights, and none of one is the model itself")
  func stylesAreMixed() throws {
    let first = try learned(.biases).style, second = try learned(.state, from: 1).style
    let mixed = try model.styled(by: [(first, 0.5), (second, 0.25), (second, 0.25)])
    let alone = try model.styled(by: [(first, 1)]), other = try model.styled(by: [(second, 1)])
    for (index, value) in mixed.initialState.enumerated() {
      #expect(abs(value - 0.5 * (alone.initialState[index] + other.initialState[index])) < 1e-6)
    }
    let own = try model.network.parameters.values.array
    let bold = try alone.network.parameters.values.array
    for (index, value) in try mixed.network.parameters.values.array.enumerated() {
      #expect(abs(value - 0.5 * (own[index] + bold[index])) < 1e-6)
    }
    let none = try model.styled(by: [(first, 0)])
    #expect(
      try Composer(model: none).compose(CompositionOptions(seed: 3, bars: 4)).ids
        == Composer(model: model).compose(CompositionOptions(seed: 3, bars: 4)).ids)
    #expect(throws: StyleError.self) { try model.styled(by: [(first, 3)]) }
  }

  @Test("Whatever composes in a style begins in its state") func whateverComposesBeginsInItsState() throws {
    let styled = try model.styled(by: [(try learned(.state).style, 1.5)])
    let composer = try Composer(model: styled)
    let options = (UInt64(1)...4).map { CompositionOptions(seed: $0, bars: 4) }
    let together = composer.compose(options, threadCount: 2)
    for (options, piece) in zip(options, together) {
      let piece = try piece.get()
      #expect(try composer.compose(options).ids == piece.ids)
      let read = try composer.surprisals(ofIDs: piece.ids)[piece.givenCount...]
      #expect(zip(read, piece.surprisals).allSatisfy { abs($0 - $1) < 1e-3 })
    }
    let searched = try composer.compose(
      CompositionOptions(seed: 2, bars: 4, ending: EndingSearch(bars: 4, tries: 4)))
    let read = try composer.surprisals(ofIDs: searched.ids)[searched.givenCount...]
    #expect(zip(read, searched.surprisals).allSatisfy { abs($0 - $1) < 1e-3 })
  }

  @Test("A style of another model, a damaged one and one of no pieces are refused")
  func othersAreRefused() throws {
    let folder = try TemporaryFolder()
    let style = try learned(.state, from: 1).style
    let network = try model.network.copy()
    network.parameters.values.baseAddress[0] += 1
    let other = MusicModel(tokenizer: model.tokenizer, network: network)
    do {
      _ = try other.styled(by: [(style, 1)])
      Issue.record("a style of another model was taken")
    } catch {
      #expect(error.kind == .badInput && error.message.contains("learn it again"))
    }
    try replaceFile(at: folder.file("text.style"), with: "no style at all, and of some length")
    #expect(throws: StyleError.self) { try Style(path: folder.file("text.style")) }
    try Safetensors.write([], metadata: ["format": "gruppetto style 1"], to: folder.file("empty.style"))
    #expect(throws: StyleError.self) { try Style(path: folder.file("empty.style")) }
    #expect(throws: StyleError.self) { try Style(path: folder.file("absent.style")) }
    #expect(throws: StyleError.self) { try model.learnStyle(from: []) }
    #expect(throws: ComposingError.self) {
      try model.styled(by: [(style, 1)]).write(to: folder.file("model"), program: "test")
    }
  }
}
