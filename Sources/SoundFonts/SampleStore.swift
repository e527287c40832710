internal import Arithmetic
internal import Audio
internal import Groundwork
internal import Synchronization

/// The samples of a bank; compressed ones are decoded when they are first asked for, and kept.
final class SampleStore: Sendable {
  private struct State {
    var decoded: [Int: SoundFontSample] = [:]
    /// Those that cannot be decoded.
    var failed: Set<Int> = []
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
    let known = state.withLock { state in
      missing.removeAll { state.decoded[$0.index] != nil || state.failed.contains($0.index) }
      return state.decoded
    }
    let now = decode(missing)
    for index in indices { result[index] = result[index] ?? known[index] ?? now[index] }
    return result
  }

  private func decode(_ missing: [CompressedSample]) -> [Int: SoundFontSample] {
    guard !missing.isEmpty else { return [:] }
    let results = parallelMap(
      missing, activity: "Decoding samples", unit: "samples", threadCount: ThreadTeam.processorCount
    ) { [pool] sample in
      VorbisDecoding.decode(sample, pool: pool)
    }
    return state.withLock { state in
      for (sample, result) in zip(missing, results ?? []) where state.decoded[sample.index] == nil {
        // Another thread may have been first; its memory is in use.
        guard !state.failed.contains(sample.index) else { continue }
        state.diagnostics.merge(result.diagnostics)
        state.decoded[sample.index] = result.sample
        if result.sample == nil { state.failed.insert(sample.index) }
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

/// Memory of decoded frames with silence on both sides.
final class DecodedFrames: Sendable {
  /// Silent frames before and after, which a reader of neighboring frames may touch.
  static let margin = 64

  let count: Int
  private nonisolated(unsafe) let memory: UnsafeMutablePointer<Int16>

  init(_ frames: [Int16]) {
    count = frames.count
    memory = .allocate(capacity: frames.count + 2 * Self.margin)
    memory.initialize(repeating: 0, count: frames.count + 2 * Self.margin)
    frames.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { (memory + Self.margin).update(from: base, count: source.count) }
    }
  }

  /// The first frame.
  var data: UnsafePointer<Int16> { UnsafePointer(memory + Self.margin) }

  deinit { memory.deallocate() }
}
