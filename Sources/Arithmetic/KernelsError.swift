package import Groundwork

/// The environment names kernels that this processor cannot run.
package struct KernelsError: DiagnosableError, Hashable {
  /// What was requested.
  package let name: String
  /// What this processor can run.
  package let available: [String]

  package var kind: FailureKind { .usage }

  package var message: String {
    "GRUPPETTO_KERNELS=\(name): this processor has no such kernels; it has "
      + "\(available.joined(separator: ", ")) (leave the variable unset for the fastest)"
  }
}
