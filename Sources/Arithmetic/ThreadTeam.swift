internal import CKernels
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Threads that wait for work together with the one that gives it: `run` calls its body once for each index, each on
/// a thread of its own, and returns when all are done.
///
/// Between two calls the threads spin for some tens of microseconds, so that work in quick succession starts at once,
/// and then sleep. A team does one piece of work at a time: what runs side by side, such as two passes on threads of their
/// own, needs a team each.
public final class ThreadTeam: @unchecked Sendable {
  /// How many threads work, the calling one included.
  public let threadCount: Int

  private let work: Work
  private let threads: [pthread_t]
  private let scratch: [AlignedBuffer<Float>]
  /// Whether work is being done.
  private let isAtWork = Atomic<Bool>(false)

  /// A team of `threadCount` threads, or of fewer where the system gives no more; nil means one for each processor that this
  /// process may use.
  public init(threadCount: Int? = nil) {
    let count = threadCount ?? Self.processorCount
    precondition(count > 0, "a team of \(count) threads")
    work = Work()
    var threads: [pthread_t] = []
    for index in 1..<max(1, count) {
      let start = Unmanaged.passRetained(Worker(index: index, work: work))
      var thread = pthread_t()
      let status = pthread_create(
        &thread, nil,
        { argument in
          if let argument { Unmanaged<Worker>.fromOpaque(argument).takeRetainedValue().serve() }
          return nil
        }, start.toOpaque())
      guard status == 0 else {
        start.release()
        break
      }
      threads.append(thread)
    }
    self.threads = threads
    self.threadCount = threads.count + 1
    work.workerCount = threads.count
    scratch = (0...threads.count).map { _ in AlignedBuffer(count: Kernels.current.scratchCount) }
  }

  deinit {
    work.dismiss()
    for thread in threads { pthread_join(thread, nil) }
  }

  /// How many processors this process may use: those that it was bound to, or all that there are.
  public static var processorCount: Int { Int(gruppetto_processor_count()) }

  /// Calls `body` with 0, 1, … threadCount − 1, index 0 on this thread, and waits for all.
  ///
  /// What the bodies write must not overlap. `body` must not call `run` of the same team, and no other thread may before
  /// this returns: their work would be mixed up, so that the program is stopped.
  public func run(_ body: (_ threadIndex: Int) -> Void) {
    precondition(
      !isAtWork.exchange(true, ordering: .acquiring),
      "a team of threads was given work while it was at work, by another thread or by the work itself; what runs at the "
        + "same time needs a team each")
    defer { isAtWork.store(false, ordering: .releasing) }
    guard threadCount > 1 else { return body(0) }
    lend(body, to: UnsafeRawPointer(Unmanaged.passUnretained(work).toOpaque())) { body, work in
      Unmanaged<Work>.fromOpaque(work).takeUnretainedValue().perform(body)
    }
  }

  /// The part of 0 ..< `count` that thread `index` works on when it is shared out in pieces of `unit`, as evenly as
  /// that allows.
  public func share(of count: Int, unit: Int = 1, threadIndex index: Int) -> Range<Int> {
    let pieces = (count + unit - 1) / unit
    return min(
      count, pieces * index / threadCount * unit)..<min(count, pieces * (index + 1) / threadCount * unit)
  }

  /// Memory for the matrix kernels, one piece a thread.
  package func scratch(threadIndex: Int) -> UnsafeMutablePointer<Float> { scratch[threadIndex].baseAddress }
}

/// Hands a closure that does not escape to code that calls it from other threads before this returns.
///
/// That is what `withoutActuallyEscaping` is for as well, but it takes memory for each call (Swift 6.3, optimized: one
/// allocation and some 60 ns), and a step of training, which takes none, gives work to its threads some dozens of times. A
/// pointer to a closure that does not escape cannot be had, and a box or a generic context would have to hold an escaping
/// one, which takes the same memory. Blocks, which can be on the stack, need another runtime library and a flag of the C
/// compiler that a package may not set.
@_silgen_name("gruppetto_lend")
private func lend(
  _ body: (Int) -> Void, to argument: UnsafeRawPointer,
  _ use: @convention(c) (gruppetto_lent_closure, UnsafeRawPointer) -> Void)

/// One thread of a team, and which.
private final class Worker {
  let index: Int
  let work: Work

  init(index: Int, work: Work) {
    self.index = index
    self.work = work
  }

  func serve() {
    var seen = 0
    while let body = work.wait(after: &seen) {
      gruppetto_call(body, index)
      work.leave()
    }
  }
}

/// What a team's threads share: the current body, the number of the round it belongs to, and who is still at it.
private final class Work: @unchecked Sendable {
  /// How many threads there are besides the one that gives work; set before the first round.
  var workerCount = 0
  private let round = Atomic<Int>(0)
  private let unfinished = Atomic<Int>(0)
  private let isDismissed = Atomic<Bool>(false)
  private var body: gruppetto_lent_closure?
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let begun = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let ended = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// About 30 µs on the processors of the day.
  private static let spinCount = 1500

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(begun, nil)
    pthread_cond_init(ended, nil)
  }

  deinit {
    pthread_cond_destroy(ended)
    pthread_cond_destroy(begun)
    pthread_mutex_destroy(mutex)
    ended.deallocate()
    begun.deallocate()
    mutex.deallocate()
  }

  /// One round: the body runs on every worker and, with index 0, on this thread.
  func perform(_ body: gruppetto_lent_closure) {
    self.body = body
    unfinished.store(workerCount, ordering: .relaxed)
    announce()
    gruppetto_call(body, 0)
    awaitWorkers()
  }

  /// Waits until every worker has left the round.
  private func awaitWorkers() {
    if !spin(until: { unfinished.load(ordering: .acquiring) == 0 }) {
      pthread_mutex_lock(mutex)
      while unfinished.load(ordering: .acquiring) != 0 { pthread_cond_wait(ended, mutex) }
      pthread_mutex_unlock(mutex)
    }
  }

  func dismiss() {
    isDismissed.store(true, ordering: .relaxed)
    announce()
  }

  private func announce() {
    // Under the lock, or a worker that has just found nothing to do would sleep through it.
    pthread_mutex_lock(mutex)
    round.add(1, ordering: .releasing)
    pthread_cond_broadcast(begun)
    pthread_mutex_unlock(mutex)
  }

  /// The body of the round after `seen`; nil when the team is dismissed.
  func wait(after seen: inout Int) -> gruppetto_lent_closure? {
    let last = seen
    if !spin(until: { round.load(ordering: .acquiring) != last }) {
      pthread_mutex_lock(mutex)
      while round.load(ordering: .acquiring) == last { pthread_cond_wait(begun, mutex) }
      pthread_mutex_unlock(mutex)
    }
    seen += 1
    return isDismissed.load(ordering: .relaxed) ? nil : body
  }

  func leave() {
    guard unfinished.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
    pthread_mutex_lock(mutex)
    pthread_cond_signal(ended)
    pthread_mutex_unlock(mutex)
  }

  private func spin(until condition: () -> Bool) -> Bool {
    for _ in 0..<Self.spinCount {
      if condition() { return true }
      gruppetto_pause()
    }
    return condition()
  }
}
