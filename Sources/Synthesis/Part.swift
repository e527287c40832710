/// A part's controllers, as General MIDI level 1 and the recommended practices define them.
struct Part {
  var isDrum: Bool
  var program: Int
  private var volume = 100
  private var expression = 127
  private var pan = 64
  private var reverb = 40
  private var modulation = 0
  private var pressure = 0
  private var isSoft = false
  private(set) var pedalIsDown = false
  private var wheel = 0
  private var bendRange: Float = 2
  private var fineTuning: Float = 0
  private var coarseTuning: Float = 0
  private var parameter: (coarse: Int, fine: Int) = (127, 127)
  private var dataEntry: (coarse: Int, fine: Int) = (0, 0)
  /// The gains that are heard, which follow the controllers smoothly: left, right, reverb.
  private(set) var gains = SIMD4<Float>(repeating: 0)

  init(isDrum: Bool, program: Int) {
    self.isDrum = isDrum
    self.program = program
  }

  /// Makes the center as loud as without panning: √2.
  private static let center: Float = 1.414_213_6

  /// What a controller asks for besides a change of the part's values.
  enum Effect {
    case none
    /// The sustain pedal was released.
    case releaseSustained
    /// Keys are released; the pedal still holds.
    case releaseAll
    /// Silence at once.
    case silence
  }

  /// Semitones of the pitch wheel and the tuning parameters together.
  var bend: Float { Float(wheel) / 8192 * bendRange + fineTuning + coarseTuning }

  /// How much vibrato is requested, 0...1.
  var vibrato: Float { Float(max(modulation, pressure)) / 127 }

  mutating func setWheel(_ value: Int) { wheel = min(max(value, -8192), 8191) }
  mutating func setPressure(_ value: Int) { pressure = value }

  mutating func control(_ controller: Int, _ value: Int) -> Effect {
    switch controller {
    case 1: modulation = value
    case 6: setData(coarse: value, fine: nil)
    case 7: volume = value
    case 10: pan = value
    case 11: expression = value
    case 38: setData(coarse: nil, fine: value)
    case 64:
      let wasDown = pedalIsDown
      pedalIsDown = value >= 64
      return wasDown && !pedalIsDown ? .releaseSustained : .none
    case 67: isSoft = value >= 64
    case 91: reverb = value
    // Data entries after a non-registered parameter are ignored.
    case 98, 99: parameter = (127, 127)
    case 100: selectParameter(coarse: nil, fine: value)
    case 101: selectParameter(coarse: value, fine: nil)
    case 120: return .silence
    case 121: return resetControllers()
    case 123...127: return .releaseAll
    default: break
    }
    return .none
  }

  private mutating func selectParameter(coarse: Int?, fine: Int?) {
    if let coarse { parameter.coarse = coarse }
    if let fine { parameter.fine = fine }
    dataEntry = parameter == (0, 0) ? (2, 0) : (64, 0)
  }

  private mutating func setData(coarse: Int?, fine: Int?) {
    if let coarse { dataEntry = (coarse, 0) }
    if let fine { dataEntry.fine = fine }
    switch parameter {
    case (0, 0): bendRange = min(24, Float(dataEntry.coarse) + Float(dataEntry.fine) / 100)
    case (0, 1): fineTuning = Float(dataEntry.coarse * 128 + dataEntry.fine - 8192) / 8192
    case (0, 2): coarseTuning = isDrum ? 0 : Float(dataEntry.coarse - 64)
    default: break
    }
  }

  /// Reset All Controllers leaves volume, pan, program and reverb alone (MMA RP-015).
  private mutating func resetControllers() -> Effect {
    let wasDown = pedalIsDown
    modulation = 0
    pressure = 0
    expression = 127
    wheel = 0
    pedalIsDown = false
    isSoft = false
    parameter = (127, 127)
    return wasDown ? .releaseSustained : .none
  }

  /// Releases the pedal at the end of the piece, whatever the file says.
  mutating func liftPedal() { pedalIsDown = false }

  /// Moves the gains towards what the controllers ask for; `share` 1 is all of the way.
  mutating func follow(share: Float) {
    // Volume and expression in decibels: 40·log₁₀(value / 127), as General MIDI recommends.
    let loudness = Float(volume * expression) / (127 * 127)
    let gain = loudness * loudness * (isSoft ? 0.7 : 1)
    let angle = Float(max(pan - 1, 0)) / 126 * .pi / 2
    let target = SIMD4(
      gain * cosine(angle) * Self.center, gain * sine(angle) * Self.center, gain * Float(reverb) / 40, 0)
    gains += (target - gains) * share
  }
}
