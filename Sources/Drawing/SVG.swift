/// A picture as a Scalable Vector Graphics 1.1 document, built element by element in drawing order.
///
/// Coordinates are in user units (CSS pixels) from the upper left corner.
public struct SVG: Sendable {
  /// The width of the picture.
  public let width: Double
  /// The height of the picture.
  public let height: Double
  private var body = ""
  private var openGroups = 0

  /// An empty picture.
  /// - Parameters:
  ///   - width: the width in pixels.
  ///   - height: the height in pixels.
  ///   - title: what the picture shows; read aloud by screen readers and shown as the window's title.
  ///   - style: rules of a style sheet for the classes that the elements name.
  ///   - metadata: a text about the picture for programs; see `metadata(in:)`.
  public init(
    width: Double, height: Double, title: String, style: String = "", metadata: String? = nil
  ) {
    self.width = width
    self.height = height
    body += "<title>\(Self.escape(title))</title>\n"
    if let metadata { body += "<metadata>\(Self.escape(metadata))</metadata>\n" }
    if !style.isEmpty { body += "<style>\(style)</style>\n" }
  }

  /// The content of the metadata elements of a document, in order, as `init` was given it.
  public static func metadata(in document: String) -> [String] {
    document.split(separator: "<metadata>", omittingEmptySubsequences: false).dropFirst().compactMap { rest in
      rest.firstRange(of: "</metadata>").map { unescape(rest[..<$0.lowerBound]) }
    }
  }

  /// The text that `escape` made XML of.
  private static func unescape(_ text: Substring) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")].reduce(String(text)) { text, entity in
      text.split(separator: entity.0, omittingEmptySubsequences: false).joined(separator: entity.1)
    }
  }

  /// The whole document.
  public var document: String {
    precondition(openGroups == 0, "\(openGroups) groups are still open")
    let size = "width=\"\(Self.number(width))\" height=\"\(Self.number(height))\""
    let viewBox = "viewBox=\"0 0 \(Self.number(width)) \(Self.number(height))\""
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" \(size) \(viewBox)>\n\(body)</svg>\n"
  }

  /// Adds a rectangle, with an optional tooltip. One with a number can be chosen by pointer and keyboard in a page whose script looks for
  /// elements with the attribute `data-note`.
  public mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, class name: String? = nil, fill: String? = nil,
    opacity: Double? = nil, cornerRadius: Double = 0, tooltip: String? = nil, number: Int? = nil
  ) {
    var attributes = Self.attribute("x", x) + Self.attribute("y", y)
    attributes += Self.attribute("width", width) + Self.attribute("height", height)
    if cornerRadius > 0 { attributes += Self.attribute("rx", cornerRadius) }
    attributes += Self.style(name, fill: fill, opacity: opacity)
    if let number { attributes += " data-note=\"\(number)\" tabindex=\"-1\" role=\"button\"" }
    if let tooltip {
      body += "<rect\(attributes)><title>\(Self.escape(tooltip))</title></rect>\n"
    } else {
      body += "<rect\(attributes)/>\n"
    }
  }

  /// Adds a straight line.
  public mutating func line(
    from start: (x: Double, y: Double), to end: (x: Double, y: Double), class name: String? = nil
  ) {
    let attributes =
      Self.attribute("x1", start.x) + Self.attribute("y1", start.y) + Self.attribute("x2", end.x)
      + Self.attribute("y2", end.y)
    body += "<line\(attributes)\(Self.style(name))/>\n"
  }

  /// Adds a line through all `points`.
  public mutating func polyline(
    _ points: [(x: Double, y: Double)], class name: String? = nil, stroke: String? = nil
  ) {
    let list = points.map { "\(Self.number($0.x)),\(Self.number($0.y))" }.joined(separator: " ")
    let color = stroke.map { " stroke=\"\(Self.escape($0))\"" } ?? ""
    body += "<polyline points=\"\(list)\"\(Self.style(name))\(color)/>\n"
  }

  /// The alignment of a text relative to its point.
  public enum Anchor: String, Sendable {
    /// The text begins at the point.
    case start
    /// The point is the text's middle.
    case middle
    /// The text ends at the point.
    case end
  }

  /// Adds a line of text whose baseline is at `y`, turned by `rotation` degrees around its point.
  public mutating func text(
    _ text: String, x: Double, y: Double, class name: String? = nil, anchor: Anchor = .start,
    fill: String? = nil,
    rotation: Double = 0
  ) {
    var attributes = Self.attribute("x", x) + Self.attribute("y", y)
    if anchor != .start { attributes += " text-anchor=\"\(anchor.rawValue)\"" }
    if rotation != 0 {
      attributes += " transform=\"rotate(\(Self.number(rotation)) \(Self.number(x)) \(Self.number(y)))\""
    }
    body += "<text\(attributes)\(Self.style(name, fill: fill))>\(Self.escape(text))</text>\n"
  }

  /// Adds a PNG image, embedded in the document and stretched over the rectangle without smoothing.
  public mutating func image(png: [UInt8], x: Double, y: Double, width: Double, height: Double) {
    let attributes =
      Self.attribute("x", x) + Self.attribute("y", y) + Self.attribute("width", width)
      + Self.attribute("height", height)
    body += "<image\(attributes) preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\""
    body += " href=\"data:image/png;base64,\(base64(png))\"/>\n"
  }

  /// Begins a group whose class applies to all that follows until it is closed.
  public mutating func openGroup(class name: String) {
    body += "<g class=\"\(Self.escape(name))\">\n"
    openGroups += 1
  }

  /// Ends the group that was opened last.
  public mutating func closeGroup() {
    precondition(openGroups > 0, "no group is open")
    body += "</g>\n"
    openGroups -= 1
  }

  private static func attribute(_ name: String, _ value: Double) -> String {
    " \(name)=\"\(number(value))\""
  }

  private static func style(_ name: String?, fill: String? = nil, opacity: Double? = nil) -> String {
    var result = ""
    if let name { result += " class=\"\(escape(name))\"" }
    if let fill { result += " fill=\"\(escape(fill))\"" }
    if let opacity { result += attribute("opacity", opacity) }
    return result
  }

  /// A coordinate with at most two decimals, which is finer than any screen or printer shows.
  static func number(_ value: Double) -> String {
    let hundredths = (value * 100).rounded()
    guard hundredths.magnitude < 1e15 else { return "0" }
    let integer = Int64(hundredths)
    let fraction = (integer % 100).magnitude
    let whole = (integer / 100).magnitude
    let sign = integer < 0 ? "-" : ""
    if fraction == 0 { return "\(sign)\(whole)" }
    if fraction % 10 == 0 { return "\(sign)\(whole).\(fraction / 10)" }
    return "\(sign)\(whole).\(fraction < 10 ? "0" : "")\(fraction)"
  }

  /// Text made safe for XML: markup escaped, control characters (which XML 1.0 forbids) replaced.
  package static func escape(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n", "\t": result.unicodeScalars.append(" ")
      case "\u{0}"..<"\u{20}", "\u{FFFE}", "\u{FFFF}": result.unicodeScalars.append("\u{FFFD}")
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
