internal import SoundFonts

/// The sounds that a synthesizer may be asked for: everything about them that takes time or memory is done.
final class PreparedSounds {
  /// A sound as the audio thread sees it.
  enum Sound: BitwiseCopyable {
    case silence
    /// One patch for all keys.
    case patch(PatchView)
    /// For each of 128 keys the place of its patch; −1 where it is silent.
    case kit(UnsafePointer<Int32>)
    /// Regions, of which a note sounds on all that its key and velocity are in.
    case regions(UnsafePointer<Region>, count: Int)
  }

  private let arena = Arena()
  private let patches: [Patch]
  /// Whether there are regions, and one of them.
  let anyRegion: UnsafePointer<Region>?
  /// What each address was prepared as.
  private let addresses: UnsafeMutablePointer<PresetAddress>
  private let sounds: UnsafeMutablePointer<Sound>
  private let count: Int
  /// All patches.
  let views: UnsafeMutablePointer<PatchView>
  var patchViews: [PatchView] { patches.map(\.view) }
  /// The longest release in seconds.
  let longestRelease: Float

  /// - Parameters:
  ///   - usage: What will be asked for, and on which keys.
  ///   - sampleRate: Frames a second.
  init(_ bank: any SoundBank, usage: [PresetAddress: KeySet], sampleRate: Float) {
    var workshop = Workshop(arena: arena, sampleRate: sampleRate)
    let wanted = usage.sorted { a, b in
      (a.key.isDrum ? 1 : 0, a.key.bank, a.key.program) < (b.key.isDrum ? 1 : 0, b.key.bank, b.key.program)
    }
    addresses = arena.allocate(wanted.count, of: PresetAddress(program: 0))
    sounds = arena.allocate(wanted.count, of: .silence)
    count = wanted.count
    for (index, entry) in wanted.enumerated() {
      addresses[index] = entry.key
      guard let preset = bank.sound(for: entry.key) else { continue }
      switch preset.content {
      case .instrument(let instrument):
        sounds[index] = .patch(workshop.patches[workshop.place(of: instrument)].view)
      case .kit(let kit):
        let places = arena.allocate(128, of: Int32(-1))
        for key in 0..<128 where entry.value.contains(key) {
          if let instrument = kit[key] { places[key] = Int32(workshop.place(of: instrument)) }
        }
        sounds[index] = .kit(UnsafePointer(places))
      case .zones(let preset):
        guard let regions = workshop.regions(of: preset, keys: entry.value) else { continue }
        sounds[index] = .regions(regions.first, count: regions.count)
      }
    }
    anyRegion = workshop.anyRegion
    patches = workshop.patches
    views = arena.allocate(
      max(1, patches.count),
      of: PatchView(
        layers: UnsafePointer(arena.allocate(1, of: PatchLayer.silent)), layerCount: 0, chokeGroup: 0,
        reverbSend: 0, keyPan: 0, isSustained: false))
    for (index, patch) in patches.enumerated() { views[index] = patch.view }
    longestRelease = max(workshop.longestRegionRelease, patches.map(\.longestRelease).max() ?? 0)
  }

  /// What several sounds share while they are prepared.
  private struct Workshop {
    let arena: Arena
    let sampleRate: Float
    var patches: [Patch] = []
    var anyRegion: UnsafePointer<Region>?
    var longestRegionRelease: Float = 0
    private var curves: ModulatorCurves?
    private let limits: UnsafePointer<SIMD2<Float>>
    /// Which part of which sample of which bank was prepared already.
    private var samples: [SampleUse: RegionSample] = [:]
    private var places: [Instrument: Int] = [:]
    private var wavetables: [Waveform: Wavetable] = [:]

    mutating func place(of instrument: Instrument) -> Int {
      if let place = places[instrument] { return place }
      patches.append(Patch(instrument, sampleRate: sampleRate, wavetables: &wavetables))
      places[instrument] = patches.count - 1
      return patches.count - 1
    }

    init(arena: Arena, sampleRate: Float) {
      self.arena = arena
      limits = Region.makeLimits(arena)
      self.sampleRate = sampleRate
    }

    /// A part of a sample as it is played.
    private struct SampleUse: Hashable {
      var frames: UnsafePointer<Int16>
      var addresses: [Int]
    }

    mutating func regions(
      of preset: SoundFontPreset, keys: KeySet
    ) -> (first: UnsafePointer<Region>, count: Int)? {
      let curves = curves ?? ModulatorCurves(arena: arena)
      self.curves = curves
      var list: [Region] = []
      for zone in preset.zones where keys.intersects(zone.keys) {
        list.append(Region(zone, sample: sample(of: zone), curves: curves, limits: limits, arena: arena))
      }
      guard let first = list.first else { return nil }
      let memory = arena.allocate(list.count, of: first)
      for (index, region) in list.enumerated() { memory[index] = region }
      anyRegion = UnsafePointer(memory)
      longestRegionRelease = max(longestRegionRelease, list.map(\.release).max() ?? 0)
      return (UnsafePointer(memory), list.count)
    }

    private mutating func sample(of zone: SoundFontZone) -> RegionSample {
      let addresses = zone.sample.addresses(zone.generators)
      let use = SampleUse(
        frames: zone.sample.data,
        addresses: [
          addresses.start, addresses.end, addresses.loopStart, addresses.loopEnd,
          zone.generators[.loopMode] & 3, zone.sample.sampleRate,
        ])
      if let sample = samples[use] { return sample }
      let sample = RegionSample(zone, arena: arena)
      samples[use] = sample
      return sample
    }
  }

  /// The place of an address's sound; −1 where it was not prepared.
  func place(of address: PresetAddress) -> Int {
    for index in 0..<count where addresses[index] == address { return index }
    return -1
  }

  /// The sound at a place.
  @inline(__always)
  func sound(at place: Int) -> Sound { place < 0 ? .silence : sounds[place] }
}
