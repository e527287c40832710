internal import Arithmetic
internal import Audio
internal import Groundwork
internal import Synchronization

/// The samples of a bank; compressed ones are decoded when they are first asked for, and kept.
final class SampleStore: Sendable {
  private struct State {
    var decoded: [Int: SoundFontSample] = [:]
    /// The frames of bytes that were decoded, which several headers may name; nil of those that cannot be decoded.
    var frames: [Range<Int>: DecodedFrames?] = [:]
    var diagnostics = DiagnosticSink()
  }

  private let samples: [BankSample]
  private let pool: SamplePool
  private let state = Mutex(State())
  /// What was read from the pages of mapped samples, so that they are in memory when they sound.
  private let touched = Atomic<UInt64>(0)

  init(_ samples: [BankSample], pool: SamplePool) {
    self.samples = samples
    self.pool = pool
  }

  /// What was wrong with samples that were decoded.
  var diagnostics: [Diagnostic] { state.withLock { $0.diagnostics.diagnostics } }

  /// The samples of these indices that can be played.
  func samples(_ indices: Set<Int>) -> [Int: SoundFontSample] {
    var result: [Int: SoundFontSample] = [:]
    var missing: [CompressedSample] = []
    for index in indices.sorted() {
      switch samples[index] {
      case .ready(let sample):
        touch(sample)
        result[index] = sample
      case .compressed(let sample): missing.append(sample)
      case .silent: continue
      }
    }
    guard !missing.isEmpty else { return result }
    let decoded = decode(missing)
    for index in indices { result[index] = result[index] ?? decoded[index] }
    return result
  }

  private func decode(_ wanted: [CompressedSample]) -> [Int: SoundFontSample] {
    var seen: Set<Range<Int>> = []
    let missing = state.withLock { state in
      wanted.filter { state.frames[$0.bytes] == nil && seen.insert($0.bytes).inserted }
    }
    let results =
      missing.isEmpty
      ? []
      : parallelMap(
        missing, activity: "Decoding samples", unit: "samples", threadCount: ThreadTeam.processorCount
      ) { [pool] sample in
        VorbisDecoding.decode(sample, pool: pool)
      }
    return state.withLock { state in
      // Another thread may have been first; its memory is in use.
      for (sample, result) in zip(missing, results ?? []) where state.frames[sample.bytes] == nil {
        state.diagnostics.merge(result.diagnostics)
        state.frames[sample.bytes] = .some(result.frames)
      }
      for sample in wanted where state.decoded[sample.index] == nil {
        guard let frames = state.frames[sample.bytes] ?? nil else { continue }
        state.decoded[sample.index] = VorbisDecoding.sample(
          sample, of: frames, pool: pool, diagnostics: &state.diagnostics)
      }
      return state.decoded
    }
  }

  /// Reads a byte of each page, so that the thread of the sound waits for no disk.
  private func touch(_ sample: SoundFontSample) {
    let bytes = UnsafeRawBufferPointer(
      start: sample.data + sample.start, count: 2 * (sample.end - sample.start))
    var sum: UInt64 = 0
    for offset in stride(from: 0, to: bytes.count, by: 4_096) { sum &+= UInt64(bytes[offset]) }
    if let low = sample.low8 {
      for frame in stride(from: sample.start, to: sample.end, by: 4_096) { sum &+= UInt64(low[frame]) }
    }
    touched.store(sum, ordering: .relaxed)
  }
}

/// Memory of decoded frames.
final class DecodedFrames: Sendable {
  let count: Int
  private nonisolated(unsafe) let memory: UnsafeMutablePointer<Int16>

  init(_ frames: [Int16]) {
    count = frames.count
    memory = .allocate(capacity: max(1, frames.count))
    frames.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { memory.initialize(from: base, count: source.count) }
    }
  }

  /// The first frame.
  var data: UnsafePointer<Int16> { UnsafePointer(memory) }

  deinit { memory.deallocate() }
}
