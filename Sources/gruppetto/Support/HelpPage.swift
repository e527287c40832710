internal import Foundation

/// The order of a help page: the options that everybody needs first, those that are rarely needed last.
enum HelpPage {
  /// The title of the options at the end of a long page.
  static let rarelyNeeded = "Rarely needed"

  // What a musician looks for on the pages of commands that compose, in this order.
  static let form = "Length, form and tempo"
  static let limits = "What the piece has to hold"
  static let endless = "Music of a model"
  static let change = "Changing a piece"
  static let music = "Going on from music"
  static let daring = "How daring"
  static let again = "The same again, and why it is so"

  /// `text`, as the parser prints it with all titled groups before the untitled options, in that order.
  static func ordered(_ text: String) -> String {
    var sections = text.trimmingCharacters(in: .newlines).components(separatedBy: "\n\n")
    func take(_ title: String) -> String? {
      sections.firstIndex { $0.hasPrefix(title.uppercased() + ":\n") }.map { sections.remove(at: $0) }
    }
    guard let options = take("Options") else { return text }
    let usage = sections.firstIndex { $0.hasPrefix("USAGE:") } ?? 0
    let arguments = sections.firstIndex { $0.hasPrefix("ARGUMENTS:\n") } ?? usage
    sections.insert(options, at: min(arguments + 1, sections.count))
    if let rarelyNeeded = take(rarelyNeeded) { sections.append(rarelyNeeded) }
    return sections.joined(separator: "\n\n") + "\n"
  }
}
