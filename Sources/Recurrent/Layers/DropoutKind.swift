/// For which numbers dropout makes a choice of their own.
public enum DropoutKind: String, Codable, Sendable, CaseIterable {
  /// Each number of each step is dropped by itself (Zaremba et al. 2014).
  case independent
  /// A unit of a stream is dropped for all steps or for none: one mask a stream, also called variational dropout (Gal &
  /// Ghahramani 2016).
  case locked
}
