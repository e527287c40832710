internal import Arithmetic

extension EncoderDecoderPass {
  private var memorySize: Int { configuration.encoder.outputSize }
  private var querySize: Int { configuration.decoder.outputSize }
  private var combinedSize: Int { memorySize + querySize }

  /// Contexts and queries, or their gradients, as a matrix.
  private func rows(_ buffer: AlignedBuffer<Float>, _ batch: SequencePairBatch) -> MatrixView {
    MatrixView(buffer.baseAddress, rows: batch.targetCount, columns: combinedSize)
  }

  func forward(_ batch: SequencePairBatch) {
    encode(batch)
    bridge.forward(
      from: encoder, batch.source.streams, to: decoder, batch.target.streams, tensors: tensors.bridge,
      team: team)
    decode(batch)
    attend(batch)
    output.forward(
      input: attentional.baseAddress, rows: batch.targetCount, output: logits.baseAddress, team: team)
  }

  private func encode(_ batch: SequencePairBatch) {
    let layout = batch.source.layout
    embedding.forward(
      ids: sourceIDs.baseAddress, count: layout.rowCount, weight: tensors.sourceEmbedding,
      output: sourceEmbedded.baseAddress, team: team)
    sourceDropout?.apply(to: sourceEmbedded.baseAddress, layout: layout, team: team)
    encoder.clearState()
    encoder.forward(input: sourceEmbedded.baseAddress, layout: layout, team: team)
    batch.source.gather(
      encoder.output.baseAddress, width: memorySize, into: memory.baseAddress, stride: memorySize, team: team)
  }

  private func decode(_ batch: SequencePairBatch) {
    let layout = batch.target.layout
    embedding.forward(
      ids: inputIDs.baseAddress, count: layout.rowCount, weight: tensors.targetEmbedding,
      output: targetEmbedded.baseAddress, team: team)
    targetDropout?.apply(to: targetEmbedded.baseAddress, layout: layout, team: team)
    decoder.forward(input: targetEmbedded.baseAddress, layout: layout, team: team)
    batch.target.gather(
      decoder.output.baseAddress, width: querySize, into: combined.baseAddress + memorySize,
      stride: combinedSize, team: team)
  }

  private func attend(_ batch: SequencePairBatch) {
    attention.projectKeys(memory: memory.baseAddress, rows: batch.attention.memoryCount, team: team)
    attention.attend(
      queries: rows(combined, batch).columns(memorySize..<combinedSize), memory: memory.baseAddress,
      layout: batch.attention, tensors: tensors.attention, context: combined.baseAddress,
      contextStride: combinedSize, team: team)
    combination.forward(rows(combined, batch), into: attentional.baseAddress, team: team)
    let count = batch.targetCount * querySize
    team.run { thread in
      let part = team.share(of: count, unit: 16, threadIndex: thread)
      Kernels.current.tanh(attentional.baseAddress + part.lowerBound, count: part.count)
    }
  }

  /// From the gradients in `logits` to those of all tensors.
  func backward(_ batch: SequencePairBatch) {
    output.backward(
      input: attentional.baseAddress, outputGradient: logits.baseAddress, rows: batch.targetCount,
      inputGradient: attentionalGradient.baseAddress, weightGradient: tensorGradients.outputWeight,
      biasGradient: tensorGradients.outputBias, team: team)
    attendBackward(batch)
    decodeBackward(batch)
    bridge.backward(
      from: encoder, batch.source.streams, to: decoder, batch.target.streams,
      gradients: tensorGradients.bridge, team: team)
    encodeBackward(batch)
  }

  private func attendBackward(_ batch: SequencePairBatch) {
    let count = batch.targetCount * querySize
    team.run { thread in
      let part = team.share(of: count, unit: 16, threadIndex: thread)
      Kernels.current.tanhBackward(
        y: attentional.baseAddress + part.lowerBound,
        gradient: attentionalGradient.baseAddress + part.lowerBound, count: part.count)
    }
    combination.backward(
      rows(combined, batch),
      outputGradient: MatrixView(
        attentionalGradient.baseAddress, rows: batch.targetCount, columns: querySize),
      inputGradient: combinedGradient.baseAddress, weightGradient: tensorGradients.combination, team: team)
    attention.backward(
      queries: rows(combined, batch).columns(memorySize..<combinedSize), memory: memory.baseAddress,
      contextGradient: rows(combinedGradient, batch).columns(0..<memorySize), layout: batch.attention,
      tensors: tensors.attention, queryGradient: combinedGradient.baseAddress + memorySize,
      queryStride: combinedSize, memoryGradient: memoryGradient.baseAddress,
      gradients: tensorGradients.attention, team: team)
  }

  private func decodeBackward(_ batch: SequencePairBatch) {
    let layout = batch.target.layout
    batch.target.scatter(
      combinedGradient.baseAddress + memorySize, width: querySize, stride: combinedSize,
      into: decoderGradient.baseAddress, team: team)
    decoder.stateGradient.clear()
    decoder.backward(
      input: targetEmbedded.baseAddress, outputGradient: decoderGradient.baseAddress,
      inputGradient: embeddedGradient.baseAddress, gradients: gradients, layout: layout,
      propagatesState: true, team: team)
    targetDropout?.apply(to: embeddedGradient.baseAddress, layout: layout, team: team)
    embedding.backward(
      ids: inputIDs.baseAddress, count: layout.rowCount, outputGradient: embeddedGradient.baseAddress,
      weightGradient: tensorGradients.targetEmbedding, team: team)
  }

  private func encodeBackward(_ batch: SequencePairBatch) {
    let layout = batch.source.layout
    batch.source.scatter(
      memoryGradient.baseAddress, width: memorySize, stride: memorySize, into: encoderGradient.baseAddress,
      team: team)
    encoder.backward(
      input: sourceEmbedded.baseAddress, outputGradient: encoderGradient.baseAddress,
      inputGradient: embeddedGradient.baseAddress, gradients: gradients, layout: layout,
      propagatesState: true, team: team)
    sourceDropout?.apply(to: embeddedGradient.baseAddress, layout: layout, team: team)
    embedding.backward(
      ids: sourceIDs.baseAddress, count: layout.rowCount, outputGradient: embeddedGradient.baseAddress,
      weightGradient: tensorGradients.sourceEmbedding, team: team)
  }
}
