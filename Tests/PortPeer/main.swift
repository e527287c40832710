// The other program in tests of ports: it streams a MIDI file as if played, talks OSC, or measures how late messages are.
//
//     port-peer stream FILE FIFO SPEED      sends a MIDI file through a FIFO, SPEED times as fast as it is
//     port-peer osc HOST:PORT COUNT         asks a server for a pong, subscribes, sends COUNT notes, prints what comes back
//     port-peer jitter SECONDS RATE         sends RATE messages a second through a FIFO to itself, prints how late they came

import Groundwork
import MIDI
import Performing

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

func jitter(seconds: Double, rate: Double) throws {
  let fifo = "/tmp/gruppetto-jitter-\(UInt32.random(in: 0...UInt32.max))"
  let input = try ByteStreamInput(fifo: fifo, creates: true)
  let output = try ByteStreamOutput(fifo: fifo)
  let count = Int(seconds * rate)
  let start = PerformanceTime.now.advanced(bySeconds: 0.5)
  // Twice: as it was handed to the FIFO, and as it was read at the other end.
  let sender = try TimedSender(output)
  // Whoever reads is as punctual as whoever sends, so that what is measured is the sending.
  PortThread.becomeRealTime()
  var arrival = Timeliness()
  var sent = 0
  while arrival.count < count {
    while sent < count, start.advanced(bySeconds: Double(sent) / rate).seconds(since: .now) < 0.25 {
      try sender.send(.songPosition(sent & 16_383), at: start.advanced(bySeconds: Double(sent) / rate))
      sent += 1
    }
    guard case .message(let timed) = try input.next(timeoutSeconds: 0.1) else { continue }
    arrival.add(timed.time.seconds(since: start) - Double(arrival.count) / rate)
  }
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

let words = Array(CommandLine.arguments.dropFirst())
switch (words.first, words.count) {
case ("stream", 4): try stream(words[1], words[2], speed: Double(words[3]) ?? 1)
case ("osc", 3): try osc(words[1], count: Int(words[2]) ?? 1)
case ("jack", 3): try jack(words[1], words[2])
case ("jitter", 3): try jitter(seconds: Double(words[1]) ?? 10, rate: Double(words[2]) ?? 500)
default: print("usage: port-peer stream FILE FIFO SPEED | osc HOST:PORT COUNT | jitter SECONDS RATE")
}
