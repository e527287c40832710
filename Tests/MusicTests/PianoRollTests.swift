import Foundation
import FoundationXML
import Music
import Testing

@Suite struct PianoRollTests {
  private func rectangles(_ svg: String, in groups: String = "note") throws -> Int {
    let counter = RectangleCounter(group: groups)
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = counter
    #expect(parser.parse(), "the picture is not well-formed XML")
    return counter.count
  }

  private func score(bars: Int) -> Score {
    let notes = (0..<bars * 4).map { Note(onset: $0 * 480, duration: 480, pitch: 60 + $0 % 13, velocity: 90) }
    let drums = (0..<bars).map { Note(onset: $0 * 1920, duration: 60, pitch: 36, velocity: 100) }
    return Score(
      ticksPerQuarter: 480,
      tracks: [
        Track(name: "<Fiddle> & \"co\"", program: 40, notes: notes), Track(isDrum: true, notes: drums),
      ],
      length: bars * 1920)
  }

  @Test("A strip has a stroke for each note, in time") func aStripHasAStrokeForEachNote() throws {
    let strip = PianoRollStrip(score(bars: 4), label: "<all>")
    #expect(strip.element.contains("aria-label=\"&lt;all&gt;\"") && strip.seconds == 8)
    let paths = strip.element.split(separator: "<path ").dropFirst().map {
      $0.split(separator: "M").count - 1
    }
    #expect(paths == [4, 16, 4])
    #expect(strip.element.contains("M250 0v"))
    let parser = XMLParser(data: Data(strip.element.utf8))
    #expect(parser.parse())
    // A picture that begins later leaves out what is before, and cuts what sounds over its edge.
    #expect(PianoRollStrip(score(bars: 4), from: 2, label: "").seconds == 6)
  }

  @Test("Every note is drawn once") func everyNoteIsDrawnOnce() throws {
    #expect(try rectangles(PianoRoll().svg(of: score(bars: 20), title: "a & b")) == 100)
  }

  @Test("A note across the systems edge is drawn in both") func aNoteAcrossTheSystemsEdgeIsDrawnInBoth()
    throws
  {
    let note = Note(onset: 0, duration: 3 * 1920, pitch: 60, velocity: 90)
    let long = Score(ticksPerQuarter: 480, tracks: [Track(notes: [note])], length: 3 * 1920)
    #expect(try rectangles(PianoRoll(barsPerSystem: 1).svg(of: long, title: "")) == 3)
  }

  @Test("An empty score is a picture too") func anEmptyScoreIsAPictureToo() throws {
    #expect(try rectangles(PianoRoll().svg(of: Score(ticksPerQuarter: 96), title: "nothing")) == 0)
  }

  @Test("A piece of many bars is cut and says so") func aPieceOfManyBarsIsCutAndSaysSo() throws {
    let last = Note(onset: 480 * 4 * 3_000, duration: 480, pitch: 60, velocity: 90)
    let long = Score(ticksPerQuarter: 480, tracks: [Track(notes: [last])], length: last.end)
    #expect(PianoRoll().svg(of: long, title: "").contains("The first 2000 of 3001 bars."))
  }

  @Test("Names of pitches and sounds follow general MIDI") func namesOfPitchesAndSoundsFollowGeneralMIDI() {
    #expect(
      pitchName(60) == "C4" && pitchName(0) == "C-1" && pitchName(127) == "G9" && pitchName(66) == "F#4")
    #expect(GeneralMIDI.programNames.count == 128)
    #expect(GeneralMIDI.programName(73) == "Flute" && GeneralMIDI.programName(128) == nil)
    #expect(GeneralMIDI.drumName(35) == "Acoustic Bass Drum" && GeneralMIDI.drumName(81) == "Open Triangle")
    #expect(GeneralMIDI.drumName(82) == nil && GeneralMIDI.familyName(ofProgram: 73) == "Pipe")
  }
}

private final class RectangleCounter: NSObject, XMLParserDelegate {
  private let group: String
  private var path: [String] = []
  private(set) var count = 0

  init(group: String) { self.group = group }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    if name == "rect", path.last == group { count += 1 }
    path.append(attributes["class"] ?? name)
  }

  func parser(_ parser: XMLParser, didEndElement: String, namespaceURI: String?, qualifiedName: String?) {
    path.removeLast()
  }
}
