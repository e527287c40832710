internal import Arithmetic

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Log mel energies as cepstral coefficients: the orthonormal DCT-II and the lifter, as one matrix.
struct CepstralTransform {
  private let filterCount: Int
  private let count: Int
  /// C rows of M weights.
  private let matrix: AlignedBuffer<Float>

  init(_ options: MFCCOptions) {
    filterCount = options.mel.count
    count = options.count
    var rows: [Float] = []
    for row in 0..<options.count {
      let scale = sqrt((row == 0 ? 1.0 : 2.0) / Double(options.mel.count))
      let lifter = options.cepstralLifter
      let gain = lifter == 0 ? 1 : 1 + 0.5 * lifter * sin(Double.pi * Double(row) / lifter)
      for column in 0..<options.mel.count {
        let angle = Double.pi / Double(options.mel.count) * (Double(column) + 0.5) * Double(row)
        rows.append(Float(gain * scale * cos(angle)))
      }
    }
    matrix = AlignedBuffer(rows)
  }

  /// Writes the coefficients of `logEnergies` to `coefficients`.
  func apply(to logEnergies: UnsafePointer<Lanes>, into coefficients: UnsafeMutablePointer<Lanes>) {
    for row in 0..<count {
      let weights = matrix.baseAddress + row * filterCount
      var sum = Lanes()
      for column in 0..<filterCount { sum += weights[column] * logEnergies[column] }
      coefficients[row] = sum
    }
  }
}
