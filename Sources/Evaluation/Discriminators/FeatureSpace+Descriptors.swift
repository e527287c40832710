internal import Analysis

extension FeatureSpace {
  /// The descriptors of a set as features.
  init(_ set: DescriptorSet) {
    self.init(features: set.descriptors.map(Feature.init)) { set.values(of: $0) }
  }

  /// What describes excerpts of a length.
  static func descriptors(for length: ExcerptLength) -> FeatureSpace {
    FeatureSpace(descriptorSet(for: length))
  }

  /// The descriptors that say something about excerpts of a length.
  static func descriptorSet(for length: ExcerptLength) -> DescriptorSet {
    length == .whole ? .pieces : .excerpts
  }
}

extension FeatureSpace.Feature {
  init(_ descriptor: Descriptor) {
    self.init(
      name: descriptor.name, unit: descriptor.unit.rawValue, summary: descriptor.summary,
      tooHigh: descriptor.tooHigh, tooLow: descriptor.tooLow)
  }
}
