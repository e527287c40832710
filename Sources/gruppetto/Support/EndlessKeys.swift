internal import Composing
internal import Music
internal import Performing

/// What keys do while endless music plays.
struct EndlessKeys {
  /// What a key asks for.
  enum Action: Equatable {
    case quit
    case pause
    /// Other settings, and what has changed in words.
    case change(String)
    /// Words alone.
    case tell(String)
  }

  /// The keys in a line.
  static let help =
    "t/T temperature  d/D density  k/K key  i/I instruments  v/V voices  s/S scale  -/+ tempo  space pause  q quit"

  /// Ensembles to choose from: programs of parts, in the order of the parts; empty for those that were composed.
  private static let ensembles: [(name: String, programs: [Int])] = [
    ("as composed", []), ("piano", [0]), ("strings", [40, 41, 42, 43]), ("winds", [73, 68, 71, 70]),
    ("plucked strings", [24, 46, 104, 32]), ("brass", [56, 60, 57, 58]), ("mallets", [11, 12, 13, 8]),
    ("accordion and bass", [21, 24, 32]), ("organ", [19]), ("voices", [52, 53]),
  ]
  /// Scales to choose from, on C; a change of key moves them.
  private static let scales: [Scale.Kind?] = [nil, .major, .minor, .dorian, .majorPentatonic, .blues]

  private var ensemble = 0
  private var scale = 0

  /// Follows a key.
  /// - Parameters:
  ///   - key: The key.
  ///   - settings: The settings, which it changes.
  /// - Returns: What is to be done; nil for a key without a meaning.
  mutating func press(_ key: TerminalKey, _ settings: inout EndlessSettings) -> Action? {
    switch key {
    case .character("q"): return .quit
    case .character(" "): return .pause
    case .character("?"), .character("h"): return .tell(Self.help)
    case .character(let character): return change(character, &settings)
    default: return nil
    }
  }

  private mutating func change(_ key: Character, _ settings: inout EndlessSettings) -> Action? {
    let step = key.isUppercase || key == "+" || key == "=" ? 1 : -1
    switch key {
    case "t", "T":
      let old = settings.composition.sampling.temperature
      let new = min(max((old * 10 + Double(step)).rounded() / 10, 0.1), 3)
      settings.composition.sampling.temperature = new
      return .change("temperature \(Readable.decimal(new, 1))")
    case "d", "D":
      let places = [0.35, 0.5, 0.7, 1, 1.4, 2, 2.8]
      let place = places.firstIndex { $0 >= (settings.density ?? 1) - 0.01 } ?? 3
      let new = places[min(max(place + step, 0), places.count - 1)]
      settings.density = new == 1 ? nil : new
      return .change(new == 1 ? "as many notes as the model likes" : "density × \(Readable.decimal(new, 2))")
    case "k", "K":
      settings.transposition = min(max(settings.transposition + step, -12), 12)
      return .change(
        "\(settings.transposition >= 0 ? "+" : "−")\(Readable.plural(abs(settings.transposition), "semitone"))"
      )
    case "i", "I":
      ensemble = (ensemble - step + Self.ensembles.count) % Self.ensembles.count
      settings.programs = Self.ensembles[ensemble].programs
      return .change("instruments: \(Self.ensembles[ensemble].name)")
    case "v", "V":
      let most = (settings.limits.voices?.upperBound ?? 7) + step
      settings.limits.voices = most > 6 ? nil : 1...max(1, most)
      return .change(
        settings.limits.voices.map { "at most \(Readable.plural($0.upperBound, "voice"))" } ?? "any voices")
    case "s", "S":
      scale = (scale - step + Self.scales.count) % Self.scales.count
      settings.limits.key = Self.scales[scale].flatMap { try? Scale("C \($0.rawValue)") }
      return .change("scale: \(settings.limits.key.map(\.description) ?? "any")")
    case "-", "_", "+", "=":
      let new = settings.tempoFactor * (step > 0 ? 1.05 : 1 / 1.05)
      settings.tempoFactor = min(
        max(new, EndlessSettings.tempoFactors.lowerBound), EndlessSettings.tempoFactors.upperBound)
      return .change("tempo × \(Readable.decimal(settings.tempoFactor, 2))")
    default: return nil
    }
  }
}
