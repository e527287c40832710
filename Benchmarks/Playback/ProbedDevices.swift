internal import Audio
internal import AudioThreadProbe
internal import Foundation
internal import Performing
internal import Synthesis

/// A device of this program's own code, which is counted like all else that an audio thread does.
final class ProbedDevice<Base: PCMDevice>: PCMDevice {
  private let base: Base

  init(_ base: Base) { self.base = base }

  var name: String { base.name }
  var settings: PCMSettings { base.settings }
  var state: PCMState { base.state }
  var delay: Int { base.delay }
  func prepare() -> Int32 { base.prepare() }
  func start() -> Int32 { base.start() }
  func wait(milliseconds: Int) { base.wait(milliseconds: milliseconds) }
  func rest(microseconds: Int) { base.rest(microseconds: microseconds) }
  func resume() -> Int32 { base.resume() }
  func drain() -> Int32 { base.drain() }
  func drop() { base.drop() }
  func reopen() -> Int32 { base.reopen() }

  func write(_ frames: RawSpan) -> Int {
    gruppetto_probe_write()
    return base.write(frames)
  }
}

/// A pipe that somebody reads, as the samples of `--raw -` go into.
final class ReadPipe {
  let descriptor: Int32
  private let reader: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    precondition(pipe(&ends) == 0, "no pipe")
    (reader, descriptor) = (ends[0], ends[1])
    Thread { [reader] in
      var block = [UInt8](repeating: 0, count: 4096)
      while read(reader, &block, block.count) > 0 {}
    }.start()
  }

  deinit { close(descriptor) }
}

/// A bank in which everything is one sound that is quickly made.
struct SmallBank: SoundBank {
  let library: InstrumentLibrary
  var name: String { "small" }

  init() throws { library = try InstrumentLibrary(folder: "presets/instruments") }

  func preset(at address: PresetAddress) -> SoundPreset? { library.preset(at: PresetAddress(program: 80)) }
}
