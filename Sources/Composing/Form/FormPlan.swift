/// What each section of a form is made of, and how long it is.
struct FormPlan: Sendable, Hashable {
  /// How the bars of a section come about.
  enum Content: Sendable, Hashable {
    /// They are composed.
    case new
    /// They are those of an earlier section.
    case copy(of: Int)
    /// The first ones are those of an earlier section, the others are composed.
    case variation(of: Int, keptBars: Int)
  }

  /// A section.
  struct Section: Sendable, Hashable {
    var bars: Int
    var content: Content
    /// Whether it is written as the end of the piece: it is the last one, or returns as that.
    var endsPiece: Bool
  }

  let sections: [Section]

  /// How many bars there are in all.
  var bars: Int { sections.reduce(0) { $0 + $1.bars } }

  /// - Parameters:
  ///   - form: The form.
  ///   - bars: How many bars the piece has, if that is said.
  ///   - variation: The share of the bars of a varied section that is composed anew, 0...1; at least one bar, unless it is 0.
  /// - Throws: `FormError.doesNotFit`.
  init(_ form: Form, bars: Int?, variation: Double) throws(FormError) {
    let lengths = try form.lengths(bars: bars)
    var sections: [Section] = []
    /// Where the section of a letter and its primes was first.
    var places: [String: Int] = [:]
    for (index, section) in form.sections.enumerated() {
      let name = variation > 0 ? section.name : String(section.letter)
      let count = lengths[index]
      let content: Content
      if let place = places[name] {
        content = .copy(of: place)
      } else {
        places[name] = index
        let recomposed = min(count, max(1, Int((variation * Double(count)).rounded())))
        content =
          places[String(section.letter)].flatMap { $0 == index ? nil : $0 }.map {
            .variation(of: $0, keptBars: count - recomposed)
          } ?? .new
      }
      sections.append(Section(bars: count, content: content, endsPiece: false))
    }
    var last = sections.count - 1
    sections[last].endsPiece = true
    if case .copy(let place) = sections[last].content { last = place }
    sections[last].endsPiece = true
    self.sections = sections
  }
}
