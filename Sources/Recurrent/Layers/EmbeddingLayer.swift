internal import Arithmetic

/// Rows of a table, looked up by id. N = T·B positions, V ids, E numbers a row.
struct EmbeddingLayer {
  let embeddingSize: Int

  /// output[n] = weight[ids[n]]; weight V × E, output N × E.
  func forward(
    ids: UnsafePointer<Int32>, count: Int, weight: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    team: ThreadTeam
  ) {
    team.run { thread in
      for n in team.share(of: count, threadIndex: thread) {
        (output + n * embeddingSize).update(from: weight + Int(ids[n]) * embeddingSize, count: embeddingSize)
      }
    }
  }

  /// weightGradient[ids[n]] += outputGradient[n]. Threads share the columns, so that each sum keeps its order.
  func backward(
    ids: UnsafePointer<Int32>, count: Int, outputGradient: UnsafePointer<Float>,
    weightGradient: UnsafeMutablePointer<Float>, team: ThreadTeam
  ) {
    team.run { thread in
      let columns = team.share(of: embeddingSize, unit: 16, threadIndex: thread)
      guard !columns.isEmpty else { return }
      for n in 0..<count {
        Kernels.current.add(
          outputGradient + n * embeddingSize + columns.lowerBound,
          to: weightGradient + Int(ids[n]) * embeddingSize + columns.lowerBound, count: columns.count)
      }
    }
  }
}
