/// A color of the sRGB space.
public struct Color: Sendable, Hashable {
  /// The red part.
  public var red: UInt8
  /// The green part.
  public var green: UInt8
  /// The blue part.
  public var blue: UInt8

  /// A color of three parts.
  public init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// The color of a number such as 0x1F77B4.
  public init(_ hexadecimal: UInt32) {
    self.init(
      red: UInt8(hexadecimal >> 16 & 0xFF), green: UInt8(hexadecimal >> 8 & 0xFF),
      blue: UInt8(hexadecimal & 0xFF))
  }

  /// As a style sheet writes it: `#1f77b4`.
  public var css: String {
    "#" + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The color at `fraction` (0...1) of the way to `other`.
  public func mixed(with other: Color, fraction: Double) -> Color {
    func part(_ a: UInt8, _ b: UInt8) -> UInt8 {
      UInt8((Double(a) + (Double(b) - Double(a)) * min(max(fraction, 0), 1)).rounded())
    }
    return Color(red: part(red, other.red), green: part(green, other.green), blue: part(blue, other.blue))
  }
}

/// Colors for magnitudes or for kinds.
public enum Palette {
  /// 256 colors from dark to light for magnitudes; lightness rises evenly, so that it can be printed in gray.
  public static let magnitude: [Color] = {
    let stops = [0x0B0B2B, 0x3B1A6B, 0x86297C, 0xC8445F, 0xF0803F, 0xFBC24E, 0xFCFAD0].map {
      Color(UInt32($0))
    }
    return (0..<256).map { index in
      let place = Double(index) / 255 * Double(stops.count - 1)
      let lower = min(Int(place), stops.count - 2)
      return stops[lower].mixed(with: stops[lower + 1], fraction: place - Double(lower))
    }
  }()

  /// Ten colors for kinds, distinguishable for color-blind readers too; beyond ten they repeat.
  public static func kind(_ index: Int) -> Color {
    let colors: [UInt32] = [
      0x2F6DB3, 0xD9822B, 0x2E8B57, 0xB8423A, 0x7B5EA7, 0x3AA6A6, 0xC2679B, 0x8A6D3B, 0x5B7083, 0x9A9B2F,
    ]
    return Color(colors[((index % colors.count) + colors.count) % colors.count])
  }
}
