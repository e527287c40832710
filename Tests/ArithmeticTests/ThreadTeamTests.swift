internal import Testing

@testable import Arithmetic

@Suite struct ThreadTeamTests {
  @Test("Every index runs once in every round", arguments: [1, 2, 3, 4])
  func everyIndexRunsOnceInEveryRound(threadCount: Int) {
    let team = ThreadTeam(threadCount: threadCount)
    let counts = AlignedBuffer<Int>(count: threadCount)
    for _ in 0..<200 { team.run { counts.baseAddress[$0] += 1 } }
    #expect(counts.array == [Int](repeating: 200, count: threadCount))
  }

  @Test("A team that slept wakes up") func aTeamThatSleptWakesUp() async throws {
    let team = ThreadTeam(threadCount: 2)
    let counts = AlignedBuffer<Int>(count: 2)
    for _ in 0..<3 {
      try await Task.sleep(for: .milliseconds(5))
      team.run { counts.baseAddress[$0] += 1 }
    }
    #expect(counts.array == [3, 3])
  }

  @Test("Shares cover all without overlap") func sharesCoverAllWithoutOverlap() {
    for threadCount in 1...5 {
      let team = ThreadTeam(threadCount: threadCount)
      for count in [0, 1, 7, 8, 9, 100] {
        for unit in [1, 8] {
          let shares = (0..<threadCount).map { team.share(of: count, unit: unit, threadIndex: $0) }
          #expect(shares.flatMap { $0 } == Array(0..<count), "\(count) by \(unit) among \(threadCount)")
        }
      }
    }
  }

  @Test("Products are the same for any number of threads") func productsAreTheSameForAnyNumberOfThreads() {
    let (m, n, k) = (53, 131, 77)
    let a = AlignedBuffer(randomFloats(m * k, seed: 1)), b = AlignedBuffer(randomFloats(k * n, seed: 2))
    let packed = PackedMatrix(rows: k, columns: n)
    packed.update(from: MatrixView(b.baseAddress, rows: k, columns: n))
    let results = [1, 2, 3, 4].map { threadCount in
      let team = ThreadTeam(threadCount: threadCount)
      let c = AlignedBuffer<Float>(count: m * n), d = AlignedBuffer<Float>(count: m * n)
      let left = MatrixView(a.baseAddress, rows: m, columns: k)
      team.multiply(left, packed, into: c.baseAddress)
      team.multiply(left, MatrixView(b.baseAddress, rows: k, columns: n), into: d.baseAddress)
      return [c.array, d.array]
    }
    #expect(results.allSatisfy { $0 == results[0] })
    #expect(results[0][0] == results[0][1])
  }
}

/// Work that is given to a team while it is at work stops the program, with one sentence.
@Suite struct SharedTeamTests {
  @Test("Work that gives its own team work is stopped", arguments: [1, 2])
  func workThatGivesItsOwnTeamWorkIsStopped(threadCount: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [threadCount = threadCount as Int] in
      let team = ThreadTeam(threadCount: threadCount)
      team.run { thread in
        if thread == 0 { team.run { _ in } }
      }
    }
    #expect(text(result).contains("a team of threads was given work while it was at work"))
  }

  @Test("Two threads that give one team work are stopped") func twoThreadsThatGiveOneTeamWorkAreStopped()
    async
  {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let shared = ThreadTeam(threadCount: 2), pair = ThreadTeam(threadCount: 2)
      let counts = AlignedBuffer<Int>(count: 2 * 2 * 64)
      pair.run { outer in
        for _ in 0..<1_000_000 { shared.run { counts.baseAddress[(outer * 2 + $0) * 64] += 1 } }
      }
    }
    #expect(text(result).contains("what runs at the same time needs a team each"))
  }

  private func text(_ result: ExitTest.Result?) -> String {
    String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  }
}
