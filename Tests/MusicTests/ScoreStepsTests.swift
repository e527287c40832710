import Music
import Testing

@Suite struct ScoreStepsTests {
  @Test("The highest notes of a grid leave out drums and keep gaps") func theHighestNotesOfAGrid() {
    func note(_ onset: Int, _ pitch: Int) -> Note {
      Note(onset: onset, duration: 10, pitch: pitch, velocity: 80)
    }
    let score = Score(
      ticksPerQuarter: 100,
      tracks: [
        Track(program: 0, notes: [note(0, 60), note(99, 59), note(350, 61)]),
        Track(program: 40, notes: [note(20, 72)]),
        Track(isDrum: true, notes: [note(0, 99), note(900, 35)]),
      ])
    #expect(score.highestNotes(stepsPerQuarter: 1).map { $0?.pitch } == [72, nil, nil, 61])
    #expect(
      score.highestNotes(stepsPerQuarter: 2).map { $0?.pitch } == [72, 59, nil, nil, nil, nil, nil, 61])
    #expect(Score(ticksPerQuarter: 100).highestNotes(stepsPerQuarter: 4).isEmpty)
  }
}
