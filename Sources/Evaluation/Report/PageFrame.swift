internal import Drawing
internal import Groundwork

/// A page with a script as one HTML file that needs nothing besides itself: light or dark as the reader's system is, readable on paper.
struct PageFrame {
  var title: String
  /// Rules beyond those of all pages.
  var style: String
  /// The content of the body, safe HTML.
  var body: String
  /// JSON for the script, safe in HTML; see `json`.
  var data: String
  /// What runs once all else is there. It may not have the sequence that ends a script element.
  var script: String

  /// The whole document.
  var document: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>\(SVG.escape(title))</title>
    <style>
    \(Self.style)
    \(style)
    </style>
    </head>
    <body>
    \(body)
    <script type="application/json" id="data">\(data)</script>
    <script>
    \(script)
    </script>
    </body>
    </html>

    """
  }

  /// A value as JSON that can stand in a script element.
  static func json(_ value: some Encodable) -> String {
    let bytes: [UInt8]
    do { bytes = try JSONFormat.encodeLine(value) } catch {
      preconditionFailure("what a page tells are finite numbers: \(error)")
    }
    return String(decoding: bytes, as: UTF8.self)
      .split(separator: "<", omittingEmptySubsequences: false).joined(separator: "\\u003c")
  }

  /// Names and values as a list of terms.
  static func list(_ facts: [(name: String, value: String)]) -> String {
    let entries = facts.map { "<div><dt>\(SVG.escape($0.name))</dt><dd>\(SVG.escape($0.value))</dd></div>" }
    return "<dl class=\"facts\">\(entries.joined())</dl>"
  }

  private static let style = """
    :root{color-scheme:light dark;--ink:#1c1e21;--soft:#5d6470;--paper:#fff;--card:#f6f7f9;--line:#c9ced6;--faint:#e3e6ea;
    --row:#fcfcfd;--row2:#f1f1f4;--accent:#1f6feb}
    @media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a0a7b1;--paper:#15171a;--card:#1e2125;--line:#434a54;
    --faint:#2a2f36;--row:#1a1d21;--row2:#15171a;--accent:#6ea8fe}}
    *{box-sizing:border-box}
    body{font:15px/1.45 system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;color:var(--ink);background:var(--paper);
    margin:0;padding:1.2rem max(1.2rem,calc(50vw - 38rem))}
    h1{font-size:1.5rem;margin:.2rem 0 .4rem}h2{font-size:1.1rem;margin:1.6rem 0 .4rem}p{margin:.3rem 0 .7rem;max-width:46rem}
    a{color:var(--accent)}button,select,input{font:inherit;color:inherit}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums}th{text-align:left;font-weight:600}
    th,td{padding:.15rem .9rem .15rem 0;vertical-align:top}
    button{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.05rem .5rem;cursor:pointer}
    button:hover{border-color:var(--accent)}:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
    .facts{display:flex;flex-wrap:wrap;gap:.2rem 1.8rem;margin:.2rem 0 1rem}.facts div{display:flex;gap:.5rem}
    .facts dt{color:var(--soft)}.facts dd{margin:0}
    """
}
