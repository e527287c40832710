// The other program in tests of ports: it streams a MIDI file as if played, talks OSC, or measures how late messages are.
//
//     port-peer stream FILE FIFO SPEED      sends a MIDI file through a FIFO, SPEED times as fast as it is
//     port-peer osc HOST:PORT COUNT         asks a server for a pong, subscribes, sends COUNT notes, prints what comes back
//     port-peer jack SERVER PORT            sends notes through JACK to a port, prints what comes back
//     port-peer follow FIFO GRID            follows the clock that comes through a FIFO, prints how far notes are from it, of GRID places a quarter
//     port-peer threads SECONDS             lets many threads use ports at once, for the thread sanitizer
//     port-peer jitter SECONDS RATE [alsa]  sends RATE messages a second through a FIFO or ALSA's sequencer to itself, prints how late they came

import Groundwork
import MIDI
import Performing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A path where nothing is, in the folder that the system has for files that nobody keeps.
func temporaryPath(_ name: String) -> String {
  let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
  return "\(folder)/gruppetto-\(name)-\(UInt32.random(in: 0...UInt32.max))"
}

/// The channel messages of a MIDI file with their moments in seconds.
func timetable(_ file: MIDIFile) -> [(seconds: Double, message: MIDIMessage)] {
  guard case .ticksPerQuarter(let division) = file.division else { return [] }
  let all = file.tracks.flatMap { track in
    track.events.map { (tick: $0.tick, message: track.message(of: $0)) }
  }
  var result: [(seconds: Double, message: MIDIMessage)] = []
  var (tick, seconds, tempo) = (0, 0.0, 500_000)
  for (index, event) in all.enumerated().sorted(by: {
    ($0.element.tick, $0.offset) < ($1.element.tick, $1.offset)
  }) {
    _ = index
    seconds += Double(event.tick - tick) * Double(tempo) / 1e6 / Double(division)
    tick = event.tick
    switch event.message {
    case .meta(.tempo(let value)): tempo = value
    case .meta, .escape: break
    default: result.append((seconds, event.message))
    }
  }
  return result
}

func stream(_ path: String, _ fifo: String, speed: Double) throws {
  let file = try MIDIFile(bytes: readFile(path))
  let output = try ByteStreamOutput(fifo: fifo)
  // Whoever reads has opened it first; what is sent before would be lost.
  let sender = try TimedSender(output, capacity: 1 << 20)
  let start = PerformanceTime.now.advanced(bySeconds: 0.05)
  for (seconds, message) in timetable(file) {
    try sender.send(.midi(message), at: start.advanced(bySeconds: seconds / speed))
  }
  _ = sender.waitUntilSent(timeoutSeconds: 3600)
  sender.close()
  print("sent \(output.statistics.messageCount) dropped \(output.statistics.droppedCount)")
}

func osc(_ server: String, count: Int) throws {
  let sender = try OSCSender(to: OSCEndpoint(server))
  var pong: OSCPacket?
  for _ in 0..<50 where pong == nil {
    sender.send(.message(OSCMessage("/gruppetto/ping")))
    pong = sender.receive(timeoutSeconds: 0.2)
  }
  guard case .message(let answer)? = pong else { return print("no pong") }
  print(answer.address)
  sender.send(.message(OSCMessage("/gruppetto/subscribe")))
  sender.send(.message(OSCMessage("/gruppetto/parameter/temperature", [.float(0.75)])))
  for key in 0..<count {
    try sender.send(.midi(.noteOn(channel: 2, key: key % 128, velocity: 1 + key % 127)))
  }
  var received = 0
  while let packet = sender.receive(timeoutSeconds: 5) {
    guard case .message(let message) = packet else { continue }
    if message.address == "/gruppetto/bar" { break }
    if message.address == "/gruppetto/note" { received += 1 }
  }
  print("received \(received)")
}

/// Two ends of a FIFO, or of a connection in ALSA's sequencer.
func ends(throughSequencer: Bool, _ purpose: String) throws -> (any MessageInput, any MessageOutput) {
  guard throughSequencer else {
    let fifo = temporaryPath(purpose)
    let input = try ByteStreamInput(fifo: fifo, creates: true)
    return (input, try ByteStreamOutput(fifo: fifo))
  }
  let sending = try ALSASequencer(name: "\(purpose)-from")
  let receiving = try ALSASequencer(name: "\(purpose)-to")
  try receiving.connect(sending.name, .input)
  return (try receiving.input(), try sending.output())
}

func jitter(seconds: Double, rate: Double, throughSequencer: Bool) throws {
  let (input, output) = try ends(throughSequencer: throughSequencer, "jitter")
  let count = Int(seconds * rate)
  let start = PerformanceTime.now.advanced(bySeconds: 0.5)
  // Twice: as it was handed over, and as it was read at the other end.
  let sender = try TimedSender(output)
  // Whoever reads is as punctual as whoever sends, so that what is measured is the sending.
  PortThread.becomeRealTime()
  var arrival = Timeliness()
  let feeder = try PortThread {
    for number in 0..<count {
      let due = start.advanced(bySeconds: Double(number) / rate)
      while due.seconds(since: .now) > 0.5 { _ = sender.waitUntilSent(timeoutSeconds: 0.05) }
      do { try sender.send(.songPosition(number & 16_383), at: due) } catch { fatalError("\(error)") }
    }
  }
  while arrival.count < count {
    guard case .message(let timed) = try input.next(timeoutSeconds: 0.1) else { continue }
    arrival.add(timed.time.seconds(since: start) - Double(arrival.count) / rate)
  }
  feeder.join()
  let isRealTime = sender.isRealTime
  let timeliness = sender.timeliness
  sender.close()
  print("messages \(count), real-time priority \(isRealTime)")
  for (name, figures) in [("sent", timeliness), ("arrived", arrival)] {
    let numbers = [0.5, 0.99, 0.999].map { "\((figures.percentileSeconds($0) * 1e5).rounded() / 100) ms" }
    print(
      "\(name): median \(numbers[0]), 99 % \(numbers[1]), 99.9 % \(numbers[2]), "
        + "latest \((figures.largestSeconds * 1e5).rounded() / 100) ms")
  }
}

/// Follows a clock until its sender goes, and compares the notes that come with it: they should be at places of a grid.
func follow(_ fifo: String, grid: Double) throws {
  let input = try ByteStreamInput(fifo: fifo, creates: true)
  PortThread.becomeRealTime()
  var follower = ClockFollower()
  var (notes, tempos): (Timeliness, [Double]) = (Timeliness(), [])
  var commands: [String] = []
  var begun: PerformanceTime?
  var isOver = false
  while !isOver {
    switch try input.next(timeoutSeconds: 30) {
    case .message(let timed):
      follower.receive(timed.message, at: timed.time)
      switch timed.message {
      case .start, .resume:
        begun = timed.time
        commands.append("\(timed.message)")
      case .stop, .songPosition: commands.append("\(timed.message)")
      case .midi(.noteOn(_, _, let velocity)) where velocity > 0:
        // The first quarter notes set the follower's tempo.
        guard follower.isRunning, let begun, timed.time.seconds(since: begun) > 2,
          let tempo = follower.quartersPerMinute
        else { continue }
        let place = grid * follower.quarters(at: timed.time)
        notes.add(abs(place - place.rounded()) / grid * 60 / tempo)
        tempos.append(tempo)
      default: break
      }
    case .senderGone, .ended, .closed, .timedOut: isOver = true
    }
  }
  func words(_ seconds: Double) -> String { "\((seconds * 1e5).rounded() / 100) ms" }
  print("clocks \(follower.clockCount), \(commands.joined(separator: ", "))")
  print("tempo \(tempos.min() ?? 0) to \(tempos.max() ?? 0)")
  print(
    "notes \(notes.count), from the clock: median \(words(notes.percentileSeconds(0.5))), 99 % \(words(notes.percentileSeconds(0.99))), largest \(words(notes.largestSeconds))"
  )
}

func jack(_ server: String, _ target: String) throws {
  let client = try JACKClient(channelCount: 0, serverName: server)
  try client.connect("\(client.name):midi_out", to: target)
  let output = client.output()
  let sender = try TimedSender(output)
  let start = PerformanceTime.now.advanced(bySeconds: 0.1)
  for key in 0..<20 {
    try sender.send(
      .midi(.noteOn(channel: 0, key: key, velocity: 9)), at: start.advanced(bySeconds: Double(key) / 100))
  }
  _ = sender.waitUntilSent(timeoutSeconds: 5)
  let input = client.input()
  print(try input.next(timeoutSeconds: 0.5))
  print(output.statistics, input.statistics)
}

/// Many threads that use a client of the sequencer at once, of which two others come and go.
func sequencerThreads(until end: PerformanceTime) throws -> [PortThread] {
  let client = try ALSASequencer(name: "threads")
  let (input, output) = (try client.input(), try client.output())
  let listener = try ALSASequencer(name: "threads-listener")
  let heard = try listener.input()
  try listener.connect(client.name, .input)
  func repeated(_ body: @escaping @Sendable () throws -> Void) throws -> PortThread {
    try PortThread {
      while PerformanceTime.now < end { do { try body() } catch { fatalError("\(error)") } }
    }
  }
  let exclusive = WireMessage.midi(.systemExclusive([UInt8](repeating: 5, count: 2000) + [0xF7]))
  return [
    try repeated { _ = (try input.next(timeoutSeconds: 0.05), input.statistics) },
    try repeated { _ = (try heard.next(timeoutSeconds: 0.05), heard.statistics) },
    try repeated { for key in 0..<50 { try output.send(.midi(.noteOn(channel: 0, key: key, velocity: 1))) } },
    try repeated {
      try output.send(exclusive)
      _ = (output.statistics, client.ports())
    },
    try repeated {
      let player = try ALSASequencer(name: "threads-player")
      let played = try player.output()
      try player.connect("threads", .output)
      for key in 0..<50 { try played.send(.midi(.noteOn(channel: 1, key: key, velocity: 1))) }
    },
    try repeated {
      let other = try ALSASequencer(name: "threads-other")
      try client.connect(other.name)
    },
  ]
}

/// Many threads that send, receive, cancel and ask at once, through a FIFO, through OSC and, where the kernel has it, through ALSA's sequencer.
func threads(seconds: Double) throws {
  let end = PerformanceTime.now.advanced(bySeconds: seconds)
  let others = access("/dev/snd/seq", R_OK | W_OK) == 0 ? try sequencerThreads(until: end) : []
  let fifo = temporaryPath("threads")
  let input = try ByteStreamInput(fifo: fifo, creates: true)
  let sender = try TimedSender(ByteStreamOutput(fifo: fifo))
  let clock = try ClockSender(sender, quartersPerMinute: 400)
  clock.change { $0.start(at: .now) }
  let server = try OSCServer(endpoint: OSCEndpoint(port: 0)) { action, _ in
    if case .get = action { .value(.number(1)) } else { .done }
  }
  let client = try OSCSender(to: server.endpoint)
  let played = OSCSubscriberOutput(server)
  func repeated(_ body: @escaping @Sendable () throws -> Void) throws -> PortThread {
    try PortThread {
      while PerformanceTime.now < end { do { try body() } catch { fatalError("\(error)") } }
    }
  }
  let workers = [
    try repeated { _ = try input.next(timeoutSeconds: 0.05) },
    try repeated { _ = try server.input.next(timeoutSeconds: 0.05) },
    try repeated {
      for key in 0..<20 {
        let time = PerformanceTime.now.advanced(bySeconds: Double(key) / 1000)
        try sender.send(.midi(.noteOn(channel: 0, key: key, velocity: 1)), at: time)
      }
      _ = (
        sender.timeliness.count, sender.statistics, input.statistics,
        sender.waitUntilSent(timeoutSeconds: 0.03)
      )
    },
    try repeated {
      clock.change { $0.setTempo(Double.random(in: 100...500), at: .now) }
      _ = sender.waitUntilSent(timeoutSeconds: 0.2)
      sender.cancelAll()
    },
    try repeated {
      client.send(.message(OSCMessage("/gruppetto/subscribe")))
      client.send(.message(OSCMessage("/gruppetto/parameter/tempo")))
      try client.send(.midi(.noteOn(channel: 0, key: 60, velocity: 1)))
      _ = client.receive(timeoutSeconds: 0.01)
    },
    try repeated {
      try played.send(.clock)
      server.announceBar(1, quarters: 4, quartersPerMinute: 120)
      _ = (server.statistics, server.subscribers)
      _ = sender.waitUntilSent(timeoutSeconds: 0.01)
    },
  ]
  for worker in workers + others { worker.join() }
  clock.close()
  sender.close()
  server.close()
  input.close()
  let sequencer = others.isEmpty ? "no sequencer" : "with the sequencer"
  print(
    "messages \(input.statistics.messageCount), packets \(server.statistics.packetCount), \(sequencer)")
}

let words = Array(CommandLine.arguments.dropFirst())
switch (words.first, words.count) {
case ("stream", 4): try stream(words[1], words[2], speed: Double(words[3]) ?? 1)
case ("osc", 3): try osc(words[1], count: Int(words[2]) ?? 1)
case ("threads", 2): try threads(seconds: Double(words[1]) ?? 10)
case ("follow", 3): try follow(words[1], grid: Double(words[2]) ?? 4)
case ("jack", 3): try jack(words[1], words[2])
case ("jitter", 3), ("jitter", 4):
  try jitter(
    seconds: Double(words[1]) ?? 10, rate: Double(words[2]) ?? 500, throughSequencer: words.last == "alsa")
default:
  print(
    "usage: port-peer stream FILE FIFO SPEED | follow FIFO GRID | osc HOST:PORT COUNT | jack SERVER PORT | threads SECONDS | jitter SECONDS RATE [alsa]"
  )
}
