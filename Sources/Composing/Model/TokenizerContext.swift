package import Recurrent
package import Tokenization
package import Training

/// What a tokenizer lets a network be told beside the ids, as training reads it along the pieces.
package struct TokenizerContext: ContextSource {
  private let reader: any ContextReader
  package let featureCount: Int

  /// The context of a tokenizer; nil if there is none.
  package init?(_ tokenizer: any Tokenizer) {
    guard !tokenizer.contextFeatures.isEmpty, let context = tokenizer.makeContext() else { return nil }
    featureCount = tokenizer.contextFeatures.count
    reader = Self.reader(of: context)
  }

  package func makeReader() -> any ContextReader { reader }

  /// What reads a piece by this context.
  static func reader(of context: some TokenContext) -> any ContextReader { Reader(context: context) }

  private struct Reader<Context: TokenContext>: ContextReader {
    var context: Context

    mutating func advance(_ id: Int32) { context.advance(id) }
    func write(into features: inout [Int32]) { context.write(into: &features) }
  }
}

extension LanguageModelConfiguration {
  /// The architecture of a language model of this shape over a tokenizer's ids, which is told what the tokenizer knows of their
  /// context.
  package init(_ shape: LanguageModelShape, for tokenizer: any Tokenizer) {
    self.init(
      shape, vocabularySize: tokenizer.vocabulary.count,
      contextSizes: tokenizer.contextFeatures.map(\.count))
  }
}
