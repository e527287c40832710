internal import Audio
internal import Foundation
internal import Groundwork
internal import Performing

/// The files that a performance is kept in.
final class Recordings {
  private var midi: [MIDIRecording] = []
  private var sound: [SoundRecording] = []
  /// The files whose failure was told.
  private var told: Set<String> = []

  init(_ paths: [String], _ engine: PerformanceEngine) throws {
    for path in paths {
      let ending = path.split(separator: "/").last?.split(separator: ".").last?.lowercased() ?? ""
      if ["mid", "midi"].contains(ending) {
        let recording = try MIDIRecording(path: path, sampleRate: engine.sampleRate)
        engine.add(recording)
        midi.append(recording)
      } else if AudioFileFormat(ending: ending) != nil {
        let recording = try SoundRecording(path: path, sampleRate: engine.sampleRate)
        engine.add(recording)
        sound.append(recording)
      } else {
        throw PerformanceError.unknownRecording(path: path)
      }
    }
  }

  /// What has gone wrong since this was last asked for: a recording that fails does not end the others, nor the music.
  func takeProblems() -> [String] {
    var problems: [String] = []
    let failures = sound.map { ($0.path, $0.failure) } + midi.map { ($0.path, $0.failure) }
    for case (let path, let failure?) in failures where told.insert(path).inserted {
      problems.append(failure.message)
    }
    return problems
  }

  /// The files that have some of the music.
  var kept: [String] {
    sound.filter { $0.keptSeconds > 0 }.map(\.path) + midi.filter { $0.keptSeconds > 0 }.map(\.path)
  }

  /// Completes all of them, whatever became of the others.
  /// - Throws: What went wrong first.
  func finish() throws {
    var first: (any Error)?
    for recording in sound {
      do { try recording.finish() } catch { first = first ?? error }
    }
    for recording in midi {
      do { try recording.finish() } catch { first = first ?? error }
    }
    if let first { throw first }
  }
}
