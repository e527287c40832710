extension Double {
  /// Whether it is above 0 and still so, without loss of digits, once it is a `Float`: neither 0 nor infinite then.
  package var isPositiveAsFloat: Bool {
    let narrowed = Float(self)
    return narrowed > 0 && narrowed.isNormal
  }
}
