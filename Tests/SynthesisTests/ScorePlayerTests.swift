internal import Foundation
import Music
import Testing

@testable import Synthesis

@Suite("Leading a score while it plays")
struct ScorePlayerTests {
  private static let rate = 16_000

  /// Four bars of two seconds; the first note of each is held.
  private func player() throws -> ScorePlayer {
    let notes = (0..<4).map { Note(onset: 1920 * $0, duration: 1800, pitch: 69, velocity: 100) }
    let piece = Score(ticksPerQuarter: 480, tracks: [Track(program: 79, notes: notes)])
    return ScorePlayer(
      score: piece, bank: try Shipped.library.get(),
      options: RenderOptions(sampleRate: Self.rate, reverb: .off))
  }

  /// The left channel of the next frames.
  private func render(_ player: ScorePlayer, _ frames: Int) -> [Float] {
    var block = [Float](repeating: 0, count: 2 * frames)
    var room = block.mutableSpan
    let count = player.render(into: &room)
    return (0..<count).map { block[2 * $0] }
  }

  /// How often the sound goes from a third of its peak below zero to a third above, in a second.
  private func frequency(_ sound: [Float]) -> Double {
    let limit = (sound.map { abs($0) }.max() ?? 0) / 3
    var isBelow = false
    var count = 0
    for sample in sound {
      if sample < -limit { isBelow = true }
      if sample > limit, isBelow {
        isBelow = false
        count += 1
      }
    }
    return Double(count) * Double(Self.rate) / Double(sound.count)
  }

  @Test("At twice the tempo places come twice as fast, and the pitch is the same")
  func tempo() throws {
    let player = try player()
    let first = frequency(Array(render(player, 2 * Self.rate)[4000..<20_000]))
    #expect(player.position(atFrame: Self.rate).tick == 960)
    player.tempoFactor = 2
    let second = frequency(Array(render(player, Self.rate)[2000..<10_000]))
    #expect(abs(1200 * log2(second / first)) < 30, "\(first) Hz and \(second) Hz")
    let place = player.position(atFrame: 3 * Self.rate)
    #expect(abs(place.seconds - 4) < 0.02 && abs(place.tick - 3840) < 20)
    #expect(player.position(atFrame: Self.rate).tick == 960, "what was before stays where it was")
    // Four seconds are left, which take two, and the last release.
    let rest = render(player, 10 * Self.rate).count
    #expect(rest > 18 * Self.rate / 10 && rest < 4 * Self.rate)
  }

  @Test("What comes before the beginning holds from it on, and touches no memory but its own")
  func beginning() throws {
    var track = Track(program: 79, notes: [Note(onset: 1920, duration: 960, pitch: 69, velocity: 100)])
    track.controlChanges = (0..<200).map {
      ControlChange(tick: 4 * $0, controller: [7, 10, 11][$0 % 3], value: $0 % 3 == 0 ? 0 : 64)
    }
    var options = RenderOptions(sampleRate: Self.rate, reverb: .off)
    options.start = .firstNote
    for _ in 0..<50 {
      let silent = ScorePlayer(
        score: Score(ticksPerQuarter: 480, tracks: [track]), bank: try Shipped.library.get(), options: options
      )
      #expect(render(silent, Self.rate).allSatisfy { abs($0) < 1e-3 }, "the volume is 0")
    }
  }

  @Test("From another place the sound goes on as it would be there, notes that are held included")
  func seeking() throws {
    let player = try player()
    _ = render(player, 1000)
    player.seek(to: 3 * 1920 + 480)
    #expect(player.position(atFrame: 1000 + Self.rate / 10).tick > 3 * 1920 + 480)
    let sound = render(player, Self.rate)
    #expect(sound[4000..<12_000].contains { abs($0) > 0.01 }, "the note of the fourth bar is held")
    let rest = render(player, 10 * Self.rate).count
    #expect(rest < 3 * Self.rate, "it ends with the fourth bar")
    player.seek(to: 0)
    #expect(render(player, Self.rate).contains { abs($0) > 0.01 }, "from the end it goes back")
  }
}
