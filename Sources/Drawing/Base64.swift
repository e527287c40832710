/// The bytes in base 64 with padding (RFC 4648, section 4).
func base64(_ bytes: [UInt8]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  let padding = UInt8(ascii: "=")
  var text: [UInt8] = []
  text.reserveCapacity((bytes.count + 2) / 3 * 4)
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let count = min(3, bytes.count - start)
    let first = UInt32(bytes[start]) << 16
    let second = count > 1 ? UInt32(bytes[start + 1]) << 8 : 0
    let third = count > 2 ? UInt32(bytes[start + 2]) : 0
    let group = first | second | third
    text.append(alphabet[Int(group >> 18)])
    text.append(alphabet[Int(group >> 12 & 63)])
    text.append(count > 1 ? alphabet[Int(group >> 6 & 63)] : padding)
    text.append(count > 2 ? alphabet[Int(group & 63)] : padding)
  }
  return String(decoding: text, as: UTF8.self)
}
