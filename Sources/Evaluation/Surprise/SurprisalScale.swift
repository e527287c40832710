internal import Drawing

/// The colors of surprisals, from a pale blue to a dark red.
enum SurprisalScale {
  /// A surprisal of this many nats, and any higher one, has the last color: one in 3,000.
  private static let highest = 8.0

  /// What the colors mean.
  static let legend = stride(from: 0.0, through: highest, by: 2).map { nats in
    (label: nats == highest ? "\(Int(nats)) nats and more" : "\(Int(nats)) nats", color: color(nats))
  }

  /// The color of a surprisal in nats.
  static func color(_ nats: Double) -> Color {
    let stops = [Color(0xC6DBEF), Color(0x6BAED6), Color(0xFDD049), Color(0xF16913), Color(0x99000D)]
    let place = min(max(nats / highest, 0), 1) * Double(stops.count - 1)
    let lower = min(Int(place), stops.count - 2)
    return stops[lower].mixed(with: stops[lower + 1], fraction: place - Double(lower))
  }
}
