/// A sample of a bank: where its frames are and how fast they are played.
package struct SoundFontSample: Sendable {
  /// Which channel of a sound it is.
  package enum Channel: Sendable, Equatable {
    /// All of it.
    case mono
    /// The left one of two.
    case left
    /// The right one of two.
    case right
    /// One of several that sound together.
    case linked
  }

  /// Its place in the bank's list of samples.
  package let index: Int
  /// Its name.
  package let name: String
  /// Its first frame, an index of `data`.
  package let start: Int
  /// The frame after its last.
  package let end: Int
  /// The loop's first frame; equal to `loopEnd` where there is no loop.
  package let loopStart: Int
  /// The frame after the loop's last, which sounds like the loop's first.
  package let loopEnd: Int
  /// Frames per second.
  package let sampleRate: Int
  /// The key at which it has its own pitch; 60 for a sound without pitch.
  package let originalKey: Int
  /// Cents by which its pitch is to be changed to be that of the key.
  package let correctionCents: Int
  /// Which channel it is.
  package let channel: Channel
  /// The sample of the other channel, an index of the bank's list; nil for a mono sample.
  package let link: Int?
  /// What keeps the memory of `data` and `low8`: who goes on reading there without this value has to keep it. Voices do not: they play a copy
  /// of their own in floating point.
  package let memory: any AnyObject & Sendable
  /// Frames of 16 bits, of this and, in a bank without compression, of all samples.
  package nonisolated(unsafe) let data: UnsafePointer<Int16>
  /// Eight more bits below those of `data`, unsigned; nil in a bank of 16 bits.
  package nonisolated(unsafe) let low8: UnsafePointer<UInt8>?
  /// How many frames `data` has: what may be read is 0 to below this.
  package let frameCount: Int

  /// Where a zone reads its sample, in frames of `data`.
  package struct Addresses: Sendable, Equatable {
    /// The first frame, and the frame after the last.
    package var start: Int, end: Int
    /// The loop's first frame, and the frame after its last; equal where there is no loop.
    package var loopStart: Int, loopEnd: Int

    package init(start: Int, end: Int, loopStart: Int, loopEnd: Int) {
      self.start = start
      self.end = end
      self.loopStart = loopStart
      self.loopEnd = loopEnd
    }
  }

  /// The addresses with a zone's offsets (§8.1.2, generators 0–4, 12, 45, 50), within the data whatever the offsets are.
  package func addresses(_ generators: GeneratorValues) -> Addresses {
    func offset(_ fine: Generator, _ coarse: Generator) -> Int {
      generators[fine] + 32_768 * generators[coarse]
    }
    let start = min(max(start + offset(.startOffset, .startCoarseOffset), 0), frameCount)
    let end = min(max(end + offset(.endOffset, .endCoarseOffset), start), frameCount)
    let loopStart = loopStart + offset(.loopStartOffset, .loopStartCoarseOffset)
    let loopEnd = loopEnd + offset(.loopEndOffset, .loopEndCoarseOffset)
    // A loop may reach beyond the end that a zone has been given, but not before its beginning.
    guard loopStart >= start, loopEnd > loopStart, loopEnd <= frameCount else {
      return Addresses(start: start, end: end, loopStart: start, loopEnd: start)
    }
    return Addresses(start: start, end: max(end, loopEnd), loopStart: loopStart, loopEnd: loopEnd)
  }
}
