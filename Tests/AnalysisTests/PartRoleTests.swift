import Analysis
import Music
import Testing

@Suite("Roles of parts") struct PartRoleTests {
  @Test("A stated role is believed, whatever the notes are") func statedRole() {
    let notes = [Note(onset: 0, duration: 10, pitch: 30, velocity: 80)]
    let score = Score(
      ticksPerQuarter: 480,
      tracks: [Track(role: .melody, notes: notes), Track(notes: notes), Track(isDrum: true, notes: notes)])
    #expect(score.partRoles == [.melody, .bass, .drums])
  }
}
