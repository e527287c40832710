/// A page of headings, paragraphs, tables and pictures as one HTML file without scripts, style sheets or other
/// files.
public struct HTMLPage: Sendable {
  private let title: String
  private let refreshSeconds: Int?
  private var body = ""

  /// A page that begins with its title.
  /// - Parameters:
  ///   - title: What the page is called.
  ///   - refreshSeconds: After how many seconds a browser reloads the file; nil for never.
  public init(title: String, refreshSeconds: Int? = nil) {
    self.title = title
    self.refreshSeconds = refreshSeconds
    body = "<h1>\(SVG.escape(title))</h1>\n"
  }

  /// Adds a second-level heading.
  public mutating func heading(_ text: String) { body += "<h2>\(SVG.escape(text))</h2>\n" }

  /// Adds a paragraph.
  public mutating func paragraph(_ text: String) { body += "<p>\(SVG.escape(text))</p>\n" }

  /// Adds a table of names and values.
  public mutating func table(_ rows: [(name: String, value: String)]) {
    body += "<table>\n"
    for row in rows {
      body += "<tr><th>\(SVG.escape(row.name))</th><td>\(SVG.escape(row.value))</td></tr>\n"
    }
    body += "</table>\n"
  }

  /// Adds a table of several columns under their headings; the first column is text, the others are numbers.
  public mutating func table(heading: [String], rows: [[String]]) {
    body += "<table class=\"grid\">\n<tr>"
    for cell in heading { body += "<th>\(SVG.escape(cell))</th>" }
    body += "</tr>\n"
    for row in rows {
      body += "<tr>"
      for cell in row { body += "<td>\(SVG.escape(cell))</td>" }
      body += "</tr>\n"
    }
    body += "</table>\n"
  }

  /// Adds a picture with a caption beneath it.
  public mutating func figure(_ picture: SVG, caption: String) {
    body += "<figure>\n\(picture.document)<figcaption>\(SVG.escape(caption))</figcaption>\n</figure>\n"
  }

  /// The whole document.
  public var document: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    \(refreshSeconds.map { "<meta http-equiv=\"refresh\" content=\"\($0)\">\n" } ?? "")<title>\(SVG.escape(title))</title>
    <style>\(Self.style)</style>
    </head>
    <body>
    \(body)</body>
    </html>

    """
  }

  private static let style = """
    body{font:15px/1.5 system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;color:#222;background:#fff;\
    max-width:760px;margin:2em auto;padding:0 1em}h1{font-size:1.6em}h2{font-size:1.2em;margin-top:2em}\
    table{border-collapse:collapse}th{text-align:left;font-weight:600;padding:.15em 1.5em .15em 0;vertical-align:top}\
    td{padding:.15em 0}.grid th,.grid td{padding:.15em 1em .15em 0;text-align:right;font-variant-numeric:tabular-nums}\
    .grid th:first-child,.grid td:first-child{text-align:left}figure{margin:1.5em 0;break-inside:avoid}figure svg{max-width:100%;height:auto}\
    figcaption{color:#555;font-size:.9em}@media print{body{margin:0;max-width:none}h2{break-after:avoid}}
    """
}
