internal import Arithmetic

extension EncoderDecoderPass {
  func forward(_ batch: SequencePairBatch) {
    let memorySize = layers.memorySize
    layers.encode(layout: batch.source.layout, dropout: sourceDropout, team: team)
    batch.source.gather(
      encoder.output.baseAddress, width: memorySize, into: memory.baseAddress, stride: memorySize,
      team: team)
    attention.projectKeys(memory: memory.baseAddress, rows: batch.attention.memoryCount, team: team)
    layers.bridge.forward(
      from: encoder, batch.source.streams, to: decoder, batch.target.streams,
      tensors: layers.tensors.bridge, team: team)
    layers.decode(layout: batch.target.layout, dropout: targetDropout, team: team)
    batch.target.gather(
      decoder.output.baseAddress, width: layers.querySize,
      into: layers.combined.baseAddress + memorySize, stride: layers.combinedSize, team: team)
    layers.attend(
      memory: memory.baseAddress, layout: batch.attention, count: batch.targetCount, team: team)
  }

  /// From the gradients in `attentionalGradient` to those of all tensors below the output.
  func backward(_ batch: SequencePairBatch) {
    attendBackward(batch)
    decodeBackward(batch)
    layers.bridge.backward(
      from: encoder, batch.source.streams, to: decoder, batch.target.streams,
      gradients: tensorGradients.bridge, team: team)
    encodeBackward(batch)
  }

  private func attendBackward(_ batch: SequencePairBatch) {
    let count = batch.targetCount
    let combined = layers.combinedRows(layers.combined, count: count)
    team.run { thread in
      let part = team.share(of: count * layers.querySize, unit: 16, threadIndex: thread)
      Kernels.current.tanhBackward(
        y: layers.attentional.baseAddress + part.lowerBound,
        gradient: attentionalGradient.baseAddress + part.lowerBound, count: part.count)
    }
    layers.combination.backward(
      combined,
      outputGradient: MatrixView(attentionalGradient.baseAddress, rows: count, columns: layers.querySize),
      inputGradient: combinedGradient.baseAddress, weightGradient: tensorGradients.combination, team: team)
    attention.backward(
      queries: combined.columns(layers.memorySize..<layers.combinedSize), memory: memory.baseAddress,
      contextGradient: layers.combinedRows(combinedGradient, count: count).columns(0..<layers.memorySize),
      layout: batch.attention, tensors: layers.tensors.attention,
      queryGradient: combinedGradient.baseAddress + layers.memorySize, queryStride: layers.combinedSize,
      memoryGradient: memoryGradient.baseAddress, gradients: tensorGradients.attention, team: team)
  }

  private func decodeBackward(_ batch: SequencePairBatch) {
    let layout = batch.target.layout
    batch.target.scatter(
      combinedGradient.baseAddress + layers.memorySize, width: layers.querySize, stride: layers.combinedSize,
      into: decoderGradient.baseAddress, team: team)
    decoder.stateGradient.clear()
    decoder.backward(
      input: layers.targetEmbedded.baseAddress, outputGradient: decoderGradient.baseAddress,
      inputGradient: embeddedGradient.baseAddress, gradients: gradients, layout: layout,
      propagatesState: true, team: team)
    targetDropout?.apply(to: embeddedGradient.baseAddress, layout: layout, team: team)
    layers.embedding.backward(
      ids: layers.inputIDs.baseAddress, count: layout.rowCount, outputGradient: embeddedGradient.baseAddress,
      weightGradient: tensorGradients.targetEmbedding, team: team)
  }

  private func encodeBackward(_ batch: SequencePairBatch) {
    let layout = batch.source.layout
    batch.source.scatter(
      memoryGradient.baseAddress, width: layers.memorySize, stride: layers.memorySize,
      into: encoderGradient.baseAddress, team: team)
    encoder.backward(
      input: layers.sourceEmbedded.baseAddress, outputGradient: encoderGradient.baseAddress,
      inputGradient: embeddedGradient.baseAddress, gradients: gradients, layout: layout,
      propagatesState: true, team: team)
    sourceDropout?.apply(to: embeddedGradient.baseAddress, layout: layout, team: team)
    layers.embedding.backward(
      ids: layers.sourceIDs.baseAddress, count: layout.rowCount, outputGradient: embeddedGradient.baseAddress,
      weightGradient: tensorGradients.sourceEmbedding, team: team)
  }
}
