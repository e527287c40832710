internal import Groundwork

/// How much memory a bank can take when all of it is used, by what its tables say: a few bytes can ask for any number of copies of its
/// samples and of its zones.
struct MemoryNeed {
  /// What is always allowed, in bytes, and how many for each byte of the file. A sample in floating point is twice as large as in the file;
  /// a zone may need a copy of its own, and one that leaves its loop two.
  static let floor = 256 << 20, factor = 8
  /// How many bytes a byte of Ogg Vorbis counts as: so strong is the compression that banks use at most.
  static let compression = 16

  // What each takes in memory, resolved and as a voice reads it, in bytes.
  private static let zone = 768, modulator = 160, copy = 2_048
  private static let frame = 4, decodedFrame = 2

  private(set) var bytes = 0

  /// What a bank may take.
  static func limit(fileSize: Int, samples: [BankSample]) -> Int {
    var compressed: Set<Range<Int>> = []
    for case .compressed(let sample) in samples { compressed.insert(sample.bytes) }
    // Ranges that overlap are no more bytes than the file has.
    let size = min(fileSize, compressed.reduce(0) { $0 + $1.count })
    return floor + factor * (fileSize + (compression - 1) * size)
  }

  /// Adds the zones and modulators of all presets.
  mutating func add(zones: Int, modulators: Int) {
    // Ten modulators are those of every note.
    bytes += zones * (Self.zone + 10 * Self.modulator) + modulators * Self.modulator
  }

  /// Adds the decoded frames of compressed samples, and for each place at which a zone of an instrument reads a sample a copy.
  mutating func add(_ instruments: [ZoneList], samples: [BankSample]) {
    var decoded: Set<Range<Int>> = []
    var copies: Set<Copy> = []
    for list in instruments {
      for zone in list.zones {
        guard let index = zone.target, samples.indices.contains(index) else { continue }
        var generators = GeneratorValues()
        for (generator, amount) in (list.global?.generators ?? []) + zone.generators {
          generators[generator] = amount
        }
        let factor = generators[.loopMode] == 3 ? 2 : 1
        switch samples[index] {
        case .ready(let sample):
          let addresses = sample.addresses(generators)
          let copy = Copy(
            sample: [
              Int(bitPattern: sample.data), addresses.start, addresses.end, addresses.loopStart,
              addresses.loopEnd,
            ],
            mode: generators[.loopMode])
          guard copies.insert(copy).inserted else { continue }
          bytes += factor * Self.frame * (addresses.end - addresses.start) + Self.copy
        case .compressed(let sample):
          if decoded.insert(sample.bytes).inserted { bytes += Self.decodedFrame * sample.frameLimit }
          let header = sample.header
          let copy = Copy(
            sample: [sample.bytes.lowerBound, sample.bytes.upperBound, header.loopStart, header.loopEnd]
              + Self.offsets.map { generators[$0] }, mode: generators[.loopMode])
          guard copies.insert(copy).inserted else { continue }
          bytes += factor * Self.frame * sample.frameLimit + Self.copy
        case .silent: continue
        }
      }
    }
  }

  private static let offsets = Generator.allCases.filter { $0.kind == .sampleOffset }

  /// A part of a sample, and how it is looped.
  private struct Copy: Hashable {
    var sample: [Int]
    var mode: Int
  }
}
