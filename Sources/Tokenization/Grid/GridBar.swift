/// A bar: where it begins, and the index of its time signature.
struct GridBar: Equatable {
  var start: Int
  var timeSignature: Int
}

/// From this step on, the tempo with this index.
struct GridTempo: Equatable {
  var step: Int
  var tempo: Int
}
