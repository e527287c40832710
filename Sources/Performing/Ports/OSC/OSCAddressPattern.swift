/// A pattern of OSC addresses, as it may stand in a message: `?`, `*`, `[a-c]`, `[!x]` and `{one,other}`, none of which goes beyond a slash.
///
/// Source: *The Open Sound Control 1.0 Specification*, OSC message dispatching and pattern matching.
public struct OSCAddressPattern: Sendable {
  private enum Element: Sendable {
    case character(UInt8)
    case any
    case run
    case set([ClosedRange<UInt8>], isNegated: Bool)
    case choice([[UInt8]])
  }

  private let elements: [Element]

  /// A pattern; one whose brackets do not close matches nothing but itself.
  /// - Parameter text: the address of a message.
  public init(_ text: String) {
    let bytes = Array(text.utf8)
    elements = Self.elements(bytes) ?? bytes.map(Element.character)
  }

  /// Whether a text has characters that make it a pattern.
  /// - Parameter text: an address.
  public static func isPattern(_ text: String) -> Bool { text.utf8.contains { "?*[{".utf8.contains($0) } }

  private static func elements(_ bytes: [UInt8]) -> [Element]? {
    var elements: [Element] = []
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "?"): elements.append(.any)
      case UInt8(ascii: "*"): elements.append(.run)
      case UInt8(ascii: "["):
        guard let close = rest.firstIndex(of: UInt8(ascii: "]")) else { return nil }
        elements.append(set(rest[..<close]))
        rest = rest[(close + 1)...]
      case UInt8(ascii: "{"):
        guard let close = rest.firstIndex(of: UInt8(ascii: "}")) else { return nil }
        let choices = rest[..<close].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        elements.append(.choice(choices.map(Array.init)))
        rest = rest[(close + 1)...]
      default: elements.append(.character(byte))
      }
    }
    return elements
  }

  private static func set(_ bytes: ArraySlice<UInt8>) -> Element {
    var rest = bytes
    let isNegated = rest.first == UInt8(ascii: "!")
    if isNegated { rest = rest.dropFirst() }
    var ranges: [ClosedRange<UInt8>] = []
    while let byte = rest.popFirst() {
      if rest.count >= 2, rest.first == UInt8(ascii: "-") {
        let last = rest[rest.startIndex + 1]
        ranges.append(min(byte, last)...max(byte, last))
        rest = rest.dropFirst(2)
      } else {
        ranges.append(byte...byte)
      }
    }
    return .set(ranges, isNegated: isNegated)
  }

  /// Whether the pattern matches an address. It takes time in proportion to the product of their lengths.
  /// - Parameter address: an address without such characters.
  public func matches(_ address: String) -> Bool {
    let bytes = Array(address.utf8)
    // Places in the address that the elements so far may have come to.
    var reached = [Bool](repeating: false, count: bytes.count + 1)
    reached[0] = true
    for element in elements {
      var next = [Bool](repeating: false, count: bytes.count + 1)
      for place in 0...bytes.count where reached[place] { Self.step(element, bytes, place, &next) }
      reached = next
    }
    return reached[bytes.count]
  }

  private static func step(_ element: Element, _ bytes: [UInt8], _ place: Int, _ next: inout [Bool]) {
    let slash = UInt8(ascii: "/")
    switch element {
    case .character(let byte):
      if place < bytes.count, bytes[place] == byte { next[place + 1] = true }
    case .any:
      if place < bytes.count, bytes[place] != slash { next[place + 1] = true }
    case .run:
      var end = place
      next[end] = true
      while end < bytes.count, bytes[end] != slash {
        end += 1
        // What another place reached before, it reached to the end of the part.
        if next[end] { break }
        next[end] = true
      }
    case .set(let ranges, let isNegated):
      guard place < bytes.count, bytes[place] != slash else { return }
      if ranges.contains(where: { $0.contains(bytes[place]) }) != isNegated { next[place + 1] = true }
    case .choice(let choices):
      for choice in choices where bytes[place...].starts(with: choice) { next[place + choice.count] = true }
    }
  }
}
