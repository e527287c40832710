extension CellsGrammar {
  var announcedBars: Int? { progress.length > 0 ? progress.length : nil }
}
