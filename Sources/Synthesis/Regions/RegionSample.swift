internal import SoundFonts

/// A sample as a voice reads it: in floating point, with its loop continued behind its end, so that the frames around any place can be
/// read without asking where the loop is.
struct RegionSample: BitwiseCopyable {
  /// Frame 0; `SampleReading.margin` frames before it are readable.
  var frames: UnsafePointer<Float>
  /// The sound without a loop: the frame after the last. What follows is silent.
  var end: Int
  /// Where a voice that loops jumps back, and by how much; 0 is no loop.
  var loopJump: Int
  var loopLength: Int
  /// For a loop that ends with the key: the sample without the continuation. It is read after the release.
  var tail: UnsafePointer<Float>?
  /// The frame after the loop's last in the sample itself, and how long it is there.
  var loopEnd: Int
  var loopPeriod: Int
  /// Frames per second.
  var sampleRate: Float

  /// A loop is repeated until it is this long, so that a voice that reads it need not jump all the time.
  private static let shortestLoop = 256

  /// - Parameters:
  ///   - zone: Which part of the sample is played, and how.
  ///   - arena: Where the frames are kept.
  init(_ zone: SoundFontZone, arena: Arena) {
    let sample = zone.sample
    let addresses = sample.addresses(zone.generators)
    let mode = zone.generators[.loopMode]
    let isLooped = (mode == 1 || mode == 3) && addresses.loopEnd > addresses.loopStart
    let count = addresses.end - addresses.start
    let source = SampleFrames(sample, from: addresses.start)
    let margin = SampleReading.margin
    sampleRate = Float(sample.sampleRate)
    end = count
    guard isLooped else {
      (loopJump, loopLength, tail, loopEnd, loopPeriod) = (0, 0, nil, 0, 0)
      frames = Self.plain(source, count, arena: arena)
      return
    }
    let loopStart = addresses.loopStart - addresses.start
    let loop = addresses.loopEnd - addresses.loopStart
    let repeats = (Self.shortestLoop + loop - 1) / loop
    loopLength = loop * repeats
    loopEnd = loopStart + loop
    loopPeriod = loop
    // A jump lands where all frames around it are of the loop.
    loopJump = loopStart + loopLength + margin
    tail = mode == 3 ? Self.plain(source, count, arena: arena) : nil
    let total = loopJump + 2 * margin
    let memory = arena.allocate(total + margin, of: Float(0))
    for index in 0..<min(loopStart + loop, count) { memory[margin + index] = source[index] }
    for index in (loopStart + loop)..<total { memory[margin + index] = memory[margin + index - loop] }
    frames = UnsafePointer(memory + margin)
  }

  private static func plain(_ source: SampleFrames, _ count: Int, arena: Arena) -> UnsafePointer<Float> {
    let margin = SampleReading.margin
    let memory = arena.allocate(count + 3 * margin, of: Float(0))
    for index in 0..<count { memory[margin + index] = source[index] }
    return UnsafePointer(memory + margin)
  }
}

/// The frames of a bank's sample as numbers between −1 and 1.
private struct SampleFrames {
  private let data: UnsafePointer<Int16>
  private let low8: UnsafePointer<UInt8>?

  init(_ sample: SoundFontSample, from start: Int) {
    data = sample.data + start
    low8 = sample.low8.map { $0 + start }
  }

  subscript(index: Int) -> Float {
    guard let low8 else { return Float(data[index]) * 0x1p-15 }
    return Float(Int32(data[index]) << 8 | Int32(low8[index])) * 0x1p-23
  }
}
