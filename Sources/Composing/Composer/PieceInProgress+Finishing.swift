internal import Music
internal import Tokenization

// MARK: - What was composed

extension PieceInProgress {
  /// The music up to here, with that of a primer; nil where the tokens end amid a note.
  var scoreSoFar: Score? { try? progress.decoder.finished().score }

  /// Reads the ids as a score.
  /// - Throws: `ComposingError.nothingComposed`.
  func finished(roles: TokenRoles) throws(ComposingError) -> Composition {
    guard progress.newNotes > 0 else { throw .nothingComposed(tokens: chosenCount) }
    var score: Score
    do {
      score = try progress.decoder.finished().score
    } catch {
      throw .cause(error)
    }
    var newMusicTick = 0
    if options.filling != nil {
      // A track for each part, with notes or without.
    } else if options.keepsPrimer {
      newMusicTick = tickOfNewMusic(in: score, roles)
      score.title = options.primer?.title
    } else if roles.hasBars {
      score = score.slice(bars: beginning.bars..., boundary: .drop).withoutTracks(where: \.notes.isEmpty)
    } else {
      score = score.slice(ticks: beginning.end..., boundary: .drop).withoutTracks(where: \.notes.isEmpty)
    }
    let givenBars = options.keepsPrimer ? 0 : beginning.bars
    let bars = roles.hasBars ? progress.grammar.barCount - givenBars : score.bars.count
    let nll = surprisals.reduce(0, +)
    return Composition(
      score: score, newMusicTick: newMusicTick, seed: options.seed, ids: ids, givenCount: beginning.ids.count,
      surprisals: surprisals,
      bars: bars, notes: score.noteCount, tokens: chosenCount, seconds: score.seconds,
      nllPerToken: nll / Double(max(chosenCount, 1)), stopReason: stopReason(roles))
  }

  /// Where the music after the primer begins in a score that has both.
  private func tickOfNewMusic(in score: Score, _ roles: TokenRoles) -> Int {
    guard roles.hasBars else { return beginning.end }
    let bars = score.bars
    return beginning.bars < bars.count ? bars[beginning.bars].start : score.length
  }

  private func stopReason(_ roles: TokenRoles) -> CompositionStop {
    if options.bars != nil || options.filling != nil { return .barsWritten }
    guard roles.hasBars else {
      return progress.idsInBar > Composer.idsPerBarLimit ? .tokenLimit : .modelEnded
    }
    // A piece that said how long it will be, and is, was not cut off, whatever the most is that it could say.
    let isCutOff = announcedBars == nil && progress.grammar.barCount == beginning.limit.maximum
    return isCutOff ? .barLimit : .modelEnded
  }
}
