/// The text of ABC fields: UTF-8 where the bytes are that, otherwise Latin-1, with the accents of ABC 2.1, section 8.2
/// (`\'e`, `\"a`, `\ss`, `&eacute;`, `\u00e9`), and `\%` for a percent sign.
enum ABCText {
  /// Decodes a field's value and trims the spaces around it.
  static func decode(_ bytes: ArraySlice<UInt8>) -> String {
    var bytes = bytes
    while let first = bytes.first, isSpace(first) { bytes.removeFirst() }
    while let last = bytes.last, isSpace(last) { bytes.removeLast() }
    let text =
      String(validating: bytes, as: UTF8.self)
      ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    guard bytes.contains(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "&") }) else { return text }
    return unescaped(text)
  }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  /// The accented letters of Latin-1 and a few beyond, by accent: pairs of plain and accented.
  private static let accents: [Character: [Character: Character]] = [
    "`": pairs("AÀaàEÈeèIÌiìOÒoòUÙuùNǸnǹ"),
    "'": pairs("AÁaáEÉeéIÍiíOÓoóUÚuúYÝyýCĆcćNŃnńSŚsśZŹzź"),
    "^": pairs("AÂaâEÊeêIÎiîOÔoôUÛuûHĤhĥJĴjĵSŜsŝWŴwŵYŶyŷ"),
    "\"": pairs("AÄaäEËeëIÏiïOÖoöUÜuüYŸyÿ"),
    "~": pairs("AÃaãNÑnñOÕoõIĨiĩUŨuũ"),
    "c": pairs("CÇcçSŞsş"), "o": pairs("AÅaå"), "/": pairs("OØoøDĐdđLŁlł"),
    "v": pairs("CČcčSŠsšZŽzžRŘrřEĚeěNŇnň"), "u": pairs("AĂaăEĔeĕGĞgğ"),
    "H": pairs("OŐoőUŰuű"),
  ]

  private static let ligatures: [String: Character] = [
    "AE": "Æ", "ae": "æ", "OE": "Œ", "oe": "œ", "AA": "Å", "aa": "å", "ss": "ß", "DH": "Ð", "dh": "ð",
    "TH": "Þ",
    "th": "þ",
  ]

  private static let entityAccents: [String: Character] = [
    "grave": "`", "acute": "'", "circ": "^", "uml": "\"", "tilde": "~", "cedil": "c", "ring": "o",
    "slash": "/",
    "caron": "v",
  ]

  private static func pairs(_ letters: String) -> [Character: Character] {
    let all = Array(letters)
    return Dictionary(
      uniqueKeysWithValues: stride(from: 0, to: all.count - 1, by: 2).map { (all[$0], all[$0 + 1]) })
  }

  private static func unescaped(_ text: String) -> String {
    var result = ""
    var rest = Substring(text)
    while let character = rest.first {
      rest.removeFirst()
      if character == "\\", let accented = takeMnemonic(&rest) {
        result.append(accented)
      } else if character == "&", let accented = takeEntity(&rest) {
        result.append(accented)
      } else {
        result.append(character)
      }
    }
    return result
  }

  private static func takeMnemonic(_ rest: inout Substring) -> Character? {
    guard let mark = rest.first else { return nil }
    if mark == "\\" || mark == "%" || mark == "&" {
      rest.removeFirst()
      return mark
    }
    if mark == "u", let scalar = scalar(rest.dropFirst().prefix(4), digits: 4) {
      rest.removeFirst(5)
      return Character(scalar)
    }
    if let ligature = ligatures[String(rest.prefix(2))] {
      rest.removeFirst(2)
      return ligature
    }
    if let letter = rest.dropFirst().first, let accented = accents[mark]?[letter] {
      rest.removeFirst(2)
      return accented
    }
    return nil
  }

  private static func takeEntity(_ rest: inout Substring) -> Character? {
    guard let semicolon = rest.prefix(10).firstIndex(of: ";") else { return nil }
    let name = rest[..<semicolon]
    let plain: [Substring: Character] = [
      "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "copy": "©", "szlig": "ß",
    ]
    var found = plain[name]
    if found == nil, let letter = name.first, let mark = entityAccents[String(name.dropFirst())] {
      found = accents[mark]?[letter]
    }
    if found != nil { rest = rest[rest.index(after: semicolon)...] }
    return found
  }

  private static func scalar(_ text: Substring, digits: Int) -> Unicode.Scalar? {
    guard text.count == digits, text.allSatisfy(\.isHexDigit), let value = UInt32(text, radix: 16) else {
      return nil
    }
    return Unicode.Scalar(value)
  }
}
