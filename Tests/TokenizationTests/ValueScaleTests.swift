import Testing
import Tokenization

@Suite struct ValueScaleTests {
  /// MidiTok's default: eighths of a quarter up to four quarters, quarters of one up to twelve.
  @Test("Durations in stretches are MidiTok's in values and names")
  func durationsInStretchesAreMidiToksInValuesAndNames() throws {
    let (scale, steps) = try ValueScale.durations(in: [
      .init(quarters: 4, resolution: 8), .init(quarters: 8, resolution: 4),
    ])
    #expect(steps == 8 && scale.count == 31 + 32 + 1)
    #expect(scale.names.prefix(3) == ["Duration_0.1.8", "Duration_0.2.8", "Duration_0.3.8"])
    #expect(scale.names[18] == "Duration_2.3.8" && scale.values[18] == 19)
    #expect(scale.names[31] == "Duration_4.0.4" && scale.values[31] == 32)
    #expect(scale.names[32] == "Duration_4.1.4" && scale.values[32] == 34)
    #expect(scale.names.last == "Duration_12.0.4" && scale.values.last == 96)
  }

  @Test("Resolutions that do not divide each other have a common step")
  func resolutionsThatDoNotDivideEachOtherHaveACommonStep() throws {
    let (scale, steps) = try ValueScale.durations(in: [
      .init(quarters: 1, resolution: 6), .init(quarters: 1, resolution: 4),
    ])
    #expect(steps == 12 && scale.values == [2, 4, 6, 8, 10, 12, 15, 18, 21, 24])
    #expect(scale.names[5] == "Duration_1.0.4" && scale.names[9] == "Duration_2.0.4")
  }

  @Test("A value has its index and every other the nearest") func aValueHasItsIndexAndEveryOtherTheNearest()
    throws
  {
    let (scale, _) = try ValueScale.durations(in: [
      .init(quarters: 2, resolution: 8), .init(quarters: 4, resolution: 2),
    ])
    for (index, value) in scale.values.enumerated() { #expect(scale.index(of: value) == index) }
    for value in -3...scale.values[scale.count - 1] + 5 {
      let nearest = scale.values.indices.min {
        abs(scale.values[$0] - value) < abs(scale.values[$1] - value)
      }
      #expect(scale.index(nearest: value) == nearest, "\(value)")
      #expect(
        scale.firstIndex(atLeast: value) == scale.values.firstIndex { $0 >= value } ?? scale.count,
        "\(value)")
      if !scale.values.contains(value) { #expect(scale.index(of: value) == nil) }
    }
  }

  @Test("Invalid scales are refused") func invalidScalesAreRefused() {
    for (values, count) in [([], 0), ([1, 1], 2), ([2, 1], 2), ([-1], 1), ([1, 2], 1), ([1, .max], 2)] {
      #expect(throws: TokenizationError.self) {
        try ValueScale(values: values, names: (0..<count).map { "\($0)" })
      }
    }
    let wrong: [[ValueScale.Stretch]] = [
      [], [.init(quarters: 0, resolution: 4)], [.init(quarters: 4, resolution: 0)],
      [.init(quarters: .max, resolution: 1)], [.init(quarters: 1, resolution: .max)],
      [
        .init(quarters: 1, resolution: 1021), .init(quarters: 1, resolution: 1019),
        .init(quarters: 1, resolution: 1013), .init(quarters: 1, resolution: 1009),
      ],
    ]
    for stretches in wrong {
      #expect(throws: TokenizationError.self) { try ValueScale.durations(in: stretches) }
    }
  }
}
