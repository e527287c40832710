/// Something at a tick.
@usableFromInline
package protocol TickOrdered {
  /// When, in ticks.
  var tick: Int { get set }
}

extension TempoChange: TickOrdered {}
extension TimeSignatureChange: TickOrdered {}
extension KeyChange: TickOrdered {}
extension Marker: TickOrdered {}
extension OpaqueEvent: TickOrdered {}
extension ProgramChange: TickOrdered {}
extension ControlChange: TickOrdered {}
extension PitchBend: TickOrdered {}
extension Pressure: TickOrdered {}

extension TickOrdered {
  /// The same, this many ticks later; earlier where negative.
  func moved(by ticks: Int) -> Self {
    var result = self
    result.tick += ticks
    return result
  }
}

extension Array where Element: TickOrdered {
  /// The elements by tick, those of one tick in their order here.
  @inlinable
  package func stablySorted() -> [Element] {
    for index in indices.dropFirst() where self[index].tick < self[index - 1].tick {
      return enumerated().sorted { ($0.element.tick, $0.offset) < ($1.element.tick, $1.offset) }.map(
        \.element)
    }
    return self
  }
}
