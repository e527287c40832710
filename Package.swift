// swift-tools-version: 6.2
import PackageDescription

/// One room of the package: a library target under `Sources/` and, beside it, the names of what it may import.
/// `Documentation/Architecture.md` describes the rooms; the compiler enforces this table.
struct Room {
  var name: String
  var imports: [String]
  /// What its tests import beyond that.
  var testImports: [String] = []
  /// What its tests share with others.
  var testSupport: [String] = []
  /// Whether its tests have files in `Fixtures`.
  var hasFixtures = false
}

let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let rooms: [Room] = [
  Room(name: "Groundwork", imports: []),
  Room(name: "Drawing", imports: ["Groundwork"]),
  Room(name: "Arithmetic", imports: ["CKernels", "Groundwork"], testImports: ["CKernels", "KernelChecks"]),
  Room(name: "MIDI", imports: ["Groundwork"]),
  Room(name: "Music", imports: ["Drawing", "Groundwork"]),
  Room(name: "Notation", imports: ["Music", "MIDI", "Groundwork"]),
  Room(
    name: "Analysis", imports: ["Music", "Arithmetic", "Groundwork"],
    testImports: ["MIDI", "Notation"]),
  Room(
    name: "Tokenization", imports: ["Analysis", "Music", "Groundwork"], testImports: ["MIDI", "Notation"]),
  Room(
    name: "Corpora", imports: ["Tokenization", "Notation", "Analysis", "Music", "Arithmetic", "Groundwork"],
    testImports: ["MIDI"]),
  Room(name: "Recurrent", imports: ["Arithmetic", "Groundwork"], hasFixtures: true),
  Room(name: "Training", imports: ["Recurrent", "Drawing", "Arithmetic", "Groundwork"]),
  Room(
    name: "Composing",
    imports: [
      "Training", "Recurrent", "Corpora", "Tokenization", "Analysis", "Music", "Drawing", "Arithmetic",
      "Groundwork",
    ],
    testImports: ["MIDI", "Notation"], testSupport: ["LimitChecks", "ModelSupport"]),
  Room(
    name: "Evaluation",
    imports: [
      "Composing", "Training", "Recurrent", "Corpora", "Tokenization", "Analysis", "Music", "Drawing",
      "Arithmetic", "Groundwork",
    ],
    testImports: ["MIDI", "Notation"], testSupport: ["ModelSupport"]),
  Room(
    name: "Audio", imports: ["CSndfile", "CALSA", "CSoxr", "Arithmetic", "Groundwork"],
    testSupport: ["PlaybackChecks"]),
  Room(name: "SoundFonts", imports: ["Audio", "Arithmetic", "Groundwork"]),
  Room(name: "Synthesis", imports: ["SoundFonts", "Music", "Audio", "Arithmetic", "Groundwork"]),
  Room(
    name: "Performing",
    imports: [
      "Composing", "Corpora", "Tokenization", "Recurrent", "Analysis", "Synthesis", "SoundFonts", "Audio",
      "Notation",
      "MIDI", "Music", "Arithmetic", "Groundwork", "CALSA",
    ], testSupport: ["ModelSupport", "PlaybackChecks", "port-peer"]),
  Room(
    name: "Listening",
    imports: ["Audio", "Drawing", "Arithmetic", "Groundwork"]),
]

let roomTargets = rooms.flatMap { room -> [Target] in
  let imports = room.imports.map { Target.Dependency(stringLiteral: $0) }
  let testImports = Set(room.imports + room.testImports).subtracting(["CSndfile", "CALSA", "CSoxr"])
  return [
    .target(name: room.name, dependencies: imports, swiftSettings: swiftSettings),
    .testTarget(
      name: room.name + "Tests",
      dependencies: [.init(stringLiteral: room.name), "TestSupport"]
        + room.testSupport.map { .init(stringLiteral: $0) }
        + testImports.sorted().map { .init(stringLiteral: $0) },
      resources: room.hasFixtures ? [.copy("Fixtures")] : [],
      swiftSettings: swiftSettings),
  ]
}

let package = Package(
  name: "gruppetto",
  products: rooms.map { .library(name: $0.name, targets: [$0.name]) }
    + [.executable(name: "gruppetto", targets: ["gruppetto"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    .target(name: "CKernels", cSettings: [.headerSearchPath(".")]),
    .systemLibrary(name: "CSndfile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
    .systemLibrary(name: "CALSA", pkgConfig: "alsa", providers: [.apt(["libasound2-dev"])]),
    .systemLibrary(name: "CSoxr", pkgConfig: "soxr", providers: [.apt(["libsoxr-dev"])]),
  ] + roomTargets + [
    .executableTarget(
      name: "gruppetto",
      dependencies: rooms.map { .init(stringLiteral: $0.name) } + [arguments],
      swiftSettings: swiftSettings),
    .target(name: "AllocationCounter", path: "Benchmarks/AllocationCounter"),
    .executableTarget(
      name: "benchmarks",
      dependencies: rooms.map { .init(stringLiteral: $0.name) } + [
        "CKernels", "AllocationCounter", "LimitChecks",
      ],
      path: "Benchmarks",
      exclude: [
        "README.md", "AllocationCounter", "AudioThreadProbe", "Peers", "PerformingThreads", "Playback",
        "PlaybackThreads",
      ],
      swiftSettings: swiftSettings),
    .target(name: "AudioThreadProbe", path: "Benchmarks/AudioThreadProbe"),
    .executableTarget(
      name: "playback-checks",
      dependencies: ["Audio", "AudioThreadProbe", "Groundwork", "Performing", "Synthesis"],
      path: "Benchmarks/Playback", swiftSettings: swiftSettings),
    .executableTarget(
      name: "performing-threads",
      dependencies: [
        "Performing", "Composing", "Recurrent", "Tokenization", "Synthesis", "Audio", "Music", "MIDI",
        "Groundwork",
      ],
      path: "Benchmarks/PerformingThreads", swiftSettings: swiftSettings),
    .executableTarget(
      name: "playback-threads", dependencies: ["Audio", "PlaybackChecks"],
      path: "Benchmarks/PlaybackThreads", swiftSettings: swiftSettings),
    .target(
      name: "ExampleSupport", dependencies: ["Notation", "Music", "Groundwork"],
      path: "Examples/support", swiftSettings: swiftSettings),
    .executableTarget(
      name: "charlm",
      dependencies: ["ExampleSupport", "Training", "Recurrent", "Arithmetic"],
      path: "Examples/charlm", exclude: ["README.md"], swiftSettings: swiftSettings),
    .executableTarget(
      name: "compose",
      dependencies: ["ExampleSupport", "Composing", "Corpora", "Notation", "Music", "Synthesis", "Audio"],
      path: "Examples/compose", exclude: ["README.md"], swiftSettings: swiftSettings),
    .executableTarget(
      name: "features",
      dependencies: ["ExampleSupport", "Listening", "Audio"],
      path: "Examples/features", exclude: ["README.md"], swiftSettings: swiftSettings),
    .target(
      name: "HourlySeries", dependencies: ["ExampleSupport", "Recurrent", "Arithmetic"],
      path: "Examples/series", exclude: ["series.csv"], swiftSettings: swiftSettings),
    .executableTarget(
      name: "forecast",
      dependencies: ["ExampleSupport", "HourlySeries", "Arithmetic"],
      path: "Examples/forecast", exclude: ["README.md"], swiftSettings: swiftSettings),
    .executableTarget(
      name: "anomaly",
      dependencies: ["ExampleSupport", "HourlySeries"],
      path: "Examples/anomaly", exclude: ["README.md"], swiftSettings: swiftSettings),
    .executableTarget(
      name: "translate",
      dependencies: ["ExampleSupport", "Recurrent", "Arithmetic", "Drawing", "Groundwork"],
      path: "Examples/translate", exclude: ["README.md"], swiftSettings: swiftSettings),
    .executableTarget(
      name: "classify",
      dependencies: ["ExampleSupport", "Training", "Recurrent", "Music", "Arithmetic"],
      path: "Examples/classify", exclude: ["README.md"], swiftSettings: swiftSettings),
    .executableTarget(
      name: "label",
      dependencies: ["ExampleSupport", "Training", "Recurrent", "Music", "Arithmetic"],
      path: "Examples/label", exclude: ["README.md"], swiftSettings: swiftSettings),
    .executableTarget(
      name: "transcribe",
      dependencies: [
        "ExampleSupport", "Training", "Recurrent", "Listening", "Synthesis", "Audio", "Music", "Arithmetic",
      ],
      path: "Examples/transcribe", exclude: ["README.md"], swiftSettings: swiftSettings),
    .executableTarget(
      name: "surprisal",
      dependencies: ["ExampleSupport", "Composing", "Tokenization", "Music", "Notation"],
      path: "Examples/snippets/surprisal", swiftSettings: swiftSettings),
    .executableTarget(
      name: "trim",
      dependencies: ["ExampleSupport", "Music", "Notation"],
      path: "Examples/snippets/trim", swiftSettings: swiftSettings),
    .executableTarget(
      name: "own-network",
      dependencies: [
        "ExampleSupport", "Composing", "Recurrent", "Training", "Tokenization", "Music",
      ],
      path: "Examples/snippets/own-network", swiftSettings: swiftSettings),
    .executableTarget(
      name: "bar-by-bar",
      dependencies: ["ExampleSupport", "Composing", "Tokenization", "Music"],
      path: "Examples/snippets/bar-by-bar", swiftSettings: swiftSettings),
    .executableTarget(
      name: "ten-tokens",
      dependencies: ["ExampleSupport", "Composing", "Tokenization", "Music", "Notation"],
      path: "Examples/snippets/ten-tokens", swiftSettings: swiftSettings),
    .target(
      name: "KernelChecks", dependencies: ["CKernels"], path: "Tests/KernelChecks", exclude: ["driver"],
      cSettings: [.headerSearchPath(".")]),
    .target(
      name: "LimitChecks", dependencies: ["Composing", "MIDI", "Music", "Notation"],
      path: "Tests/LimitChecks",
      swiftSettings: swiftSettings),
    .target(
      name: "ModelSupport", dependencies: ["Music", "Tokenization"], path: "Tests/ModelSupport",
      swiftSettings: swiftSettings),
    .target(
      name: "PlaybackChecks", dependencies: ["Audio"], path: "Tests/PlaybackChecks",
      swiftSettings: swiftSettings),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: swiftSettings),
    .executableTarget(
      name: "port-peer", dependencies: ["Performing", "MIDI", "Groundwork"], path: "Tests/PortPeer",
      swiftSettings: swiftSettings),
    .testTarget(
      name: "GruppettoTests",
      dependencies: ["TestSupport", "Groundwork", "MIDI", "Music", "Notation", "Audio", "Performing"],
      exclude: ["Fixtures"],
      swiftSettings: swiftSettings),
  ]
)
