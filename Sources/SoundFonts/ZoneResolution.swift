/// Makes regions of a preset's zones and their instruments' (SoundFont 2.04, §9.4, §9.5).
struct ZoneResolution {
  let instruments: [ZoneList]

  /// The samples that a preset's zones play, as indices of the bank's list.
  func sampleIndices(of preset: ZoneList) -> Set<Int> {
    let instruments = Set(preset.zones.compactMap(\.target))
    return Set(instruments.flatMap { self.instruments[$0].zones.compactMap(\.target) })
  }

  /// All zones of a preset that any key and velocity reaches; those whose sample is missing are left out.
  func zones(of preset: ZoneList, samples: [Int: SoundFontSample]) -> [SoundFontZone] {
    var zones: [SoundFontZone] = []
    for zone in preset.zones {
      guard let target = zone.target else { continue }
      let presetKeys = Self.ranges(zone, preset.global)
      var offsets = GeneratorValues.zero
      Self.set(&offsets, preset.global)
      Self.set(&offsets, zone)
      let added = Self.merged(preset.global?.modulators ?? [], zone.modulators)
      for inner in instruments[target].zones {
        let innerKeys = Self.ranges(inner, instruments[target].global)
        guard let keys = Self.overlap(presetKeys.keys, innerKeys.keys),
          let velocities = Self.overlap(presetKeys.velocities, innerKeys.velocities),
          let index = inner.target, let sample = samples[index]
        else { continue }
        let generators = Self.generators(inner, instruments[target].global, offsets: offsets)
        let modulators = Self.modulators(inner, instruments[target].global, added: added)
        zones.append(
          SoundFontZone(
            keys: keys, velocities: velocities, generators: generators, modulators: modulators, sample: sample
          ))
      }
    }
    return zones
  }

  private static func ranges(
    _ zone: ZoneList.Zone, _ global: ZoneList.Zone?
  ) -> (keys: ClosedRange<Int>, velocities: ClosedRange<Int>) {
    (zone.keys ?? global?.keys ?? 0...127, zone.velocities ?? global?.velocities ?? 0...127)
  }

  private static func overlap(_ a: ClosedRange<Int>, _ b: ClosedRange<Int>) -> ClosedRange<Int>? {
    a.overlaps(b) ? a.clamped(to: b) : nil
  }

  private static func set(_ values: inout GeneratorValues, _ zone: ZoneList.Zone?) {
    for (generator, amount) in zone?.generators ?? [] { values[generator] = amount }
  }

  /// The instrument's values, of which the zone's own hold before the global ones, and the preset's added (§9.4).
  private static func generators(
    _ zone: ZoneList.Zone, _ global: ZoneList.Zone?, offsets: GeneratorValues
  ) -> GeneratorValues {
    var values = GeneratorValues()
    set(&values, global)
    set(&values, zone)
    for generator in Generator.allCases where generator.kind == .value {
      let range = generator.rangeBeforeModulation
      values[generator] = min(max(values[generator] + offsets[generator], range.lowerBound), range.upperBound)
    }
    return values
  }

  /// The defaults, the instrument's in the place of identical ones, and the preset's added to identical ones (§9.5.2).
  private static func modulators(
    _ zone: ZoneList.Zone, _ global: ZoneList.Zone?, added: [Modulator]
  ) -> [Modulator] {
    let own = merged(global?.modulators ?? [], zone.modulators)
    guard !own.isEmpty || !added.isEmpty else { return Modulator.standard }
    var result = Modulator.standard
    // Banks of version 2.01 name its default where they replace or switch off what is now another.
    if own.contains(where: Modulator.velocityToFilterOf201.isIdentical) {
      result.removeAll(where: Modulator.velocityToFilter.isIdentical)
    }
    result = merged(result, own)
    for modulator in added {
      if let place = result.firstIndex(where: modulator.isIdentical) {
        result[place].amount += modulator.amount
      } else {
        result.append(modulator)
      }
    }
    return result
  }

  private static func merged(_ first: [Modulator], _ second: [Modulator]) -> [Modulator] {
    var result = first
    for modulator in second {
      if let place = result.firstIndex(where: modulator.isIdentical) {
        result[place] = modulator
      } else {
        result.append(modulator)
      }
    }
    return result
  }
}
