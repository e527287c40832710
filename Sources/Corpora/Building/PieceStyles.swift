internal import Groundwork

/// Where the styles of pieces come from.
public enum PieceStyles: Codable, Hashable, Sendable {
  /// Each file is of the style that its folder is called.
  case folders
  /// Each file is of the style that a table has for its path, or for the end of its path, such as its name.
  case table([String: String])

  /// The styles of files by their paths; a file without one is not in it.
  func styles(of paths: [String]) -> [String: String] {
    var styles: [String: String] = [:]
    for path in paths {
      guard let style = style(of: path).map(Self.named), !style.isEmpty else { continue }
      styles[path] = style
    }
    return styles
  }

  private func style(of path: String) -> String? {
    let parts = path.split(separator: "/")
    switch self {
    case .folders: return parts.count > 1 ? String(parts[parts.count - 2]) : nil
    case .table(let table):
      // The longest end of the path that the table knows.
      for first in parts.indices {
        if let style = table[parts[first...].joined(separator: "/")] { return style }
      }
      return table[path]
    }
  }

  /// A name that a token can have: without spaces.
  static func named(_ style: String) -> String {
    let name = style.split(whereSeparator: \.isWhitespace).joined(separator: "-")
    return name == "open" ? "open-" : name
  }

  /// The table in comma-separated text: on each line a file and its style. A first line that names its columns `file` and
  /// `style` may have others between them.
  /// - Parameter csv: The text.
  /// - Returns: The table; nil if there is no line with both.
  public static func table(csv: String) -> PieceStyles? {
    let rows = csv.split(whereSeparator: \.isNewline).map { line in
      line.split(separator: ",", omittingEmptySubsequences: false).map { field in
        String(
          field.drop(while: { $0 == " " || $0 == "\"" }).reversed().drop { $0 == " " || $0 == "\"" }
            .reversed())
      }
    }
    guard let head = rows.first else { return nil }
    let names = head.map { $0.lowercased() }
    let isNamed = names.contains("style")
    let style = names.firstIndex(of: "style") ?? 1
    let file = names.firstIndex(where: { ["file", "midi_filename", "path", "name"].contains($0) }) ?? 0
    var table: [String: String] = [:]
    for row in rows.dropFirst(isNamed ? 1 : 0) where row.count > max(style, file) {
      if !row[file].isEmpty, !row[style].isEmpty { table[row[file]] = row[style] }
    }
    return table.isEmpty ? nil : .table(table)
  }
}
