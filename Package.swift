// swift-tools-version: 6.3
import PackageDescription

/// Held by every target: memory safety is checked, a warning is an error, names come from the module
/// that is imported.
let swiftSettings: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
]

/// Held by the modules of the request path: a release build inlines and specialises across them.
/// Without it each tiny package function costs a call, each generic one a witness table.
let pathSettings =
  swiftSettings + [.unsafeFlags(["-enable-cmo-everything"], .when(configuration: .release))]

/// One file that runs on any Linux of this architecture, at whatever address the kernel chooses, and
/// whose tables of addresses are read-only once it runs. `link.sh` says why it stands between.
/// `-enable-cmo-everything` gives each module strong copies of the same specialised functions of the
/// standard library; they are alike, so the linker may take the first.
let staticExecutable: [LinkerSetting] = [
  .unsafeFlags(
    [
      "-static-executable", "-use-ld=lld", "-Xclang-linker", "-static-pie",
      "-Xclang-linker", "--ld-path=\(Context.packageDirectory)/deploy/link.sh",
      "-Xlinker", "-T", "-Xlinker", "\(Context.packageDirectory)/deploy/link.ld",
      "-Xlinker", "-z", "-Xlinker", "now", "-Xlinker", "--allow-multiple-definition",
    ],
    .when(configuration: .release))
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func pathLibrary(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: pathSettings)
}

func command(
  _ name: String, _ dependencies: [Target.Dependency], libraries: [String] = []
) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, swiftSettings: swiftSettings,
    linkerSettings: staticExecutable
      + libraries.map { .linkedLibrary($0, .when(configuration: .release)) })
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

let package = Package(
  name: "lbd",
  targets: [
    .target(name: "CLinux"),
    pathLibrary("LinuxIO", ["CLinux"]),
    pathLibrary("HTTPWire"),
    pathLibrary("Balancing"),
    library("Configuration"),
    library("ConfigurationIO", ["Configuration", "ControlProtocol", "LinuxIO"]),
    library("ControlProtocol"),
    library("CommandText", ["ControlProtocol"]),
    pathLibrary("Plan", ["Balancing", "HTTPWire", "LinuxIO"]),
    pathLibrary("Ledger", ["Balancing", "LinuxIO", "Plan"]),
    pathLibrary("Proxy", ["Balancing", "HTTPWire", "Ledger", "LinuxIO", "Plan"]),
    // The control thread's own: none of them imports another but the roster.
    library("ControlServer", ["ControlProtocol", "HTTPWire", "LinuxIO"]),
    library("Discovery", ["LinuxIO"]),
    library("Pages", ["ControlProtocol"]),
    library("Probing", ["Balancing", "Configuration", "ControlProtocol", "HTTPWire", "LinuxIO"]),
    pathLibrary("Roster", ["Balancing", "Configuration", "ControlProtocol", "LinuxIO"]),
    library(
      "Telemetry",
      [
        "Balancing", "Configuration", "ControlProtocol", "HTTPWire", "Ledger", "LinuxIO", "Roster",
      ]),
    command(
      "lbd",
      [
        "Balancing", "Configuration", "ConfigurationIO", "ControlProtocol", "ControlServer",
        "Discovery", "HTTPWire", "Ledger", "LinuxIO", "Pages", "Plan", "Probing", "Proxy",
        "Roster", "Telemetry",
      ]),
    command("replicad", ["ControlProtocol", "HTTPWire", "LinuxIO"]),
    // JSON is read by Foundation, whose own parts a static link has to be told of.
    command(
      "lbctl", ["CommandText", "ControlProtocol", "HTTPWire", "LinuxIO"],
      libraries: ["_FoundationCollections", "_FoundationCShims"]),
    command(
      "compose",
      ["CommandText", "Configuration", "ConfigurationIO", "ControlProtocol", "LinuxIO"],
      libraries: ["_FoundationCollections", "_FoundationCShims"]),
    // Asked by `make bench`.
    .executableTarget(
      name: "bench", dependencies: ["CommandText", "LinuxIO"], path: "bench/Sources",
      swiftSettings: swiftSettings, linkerSettings: staticExecutable),
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
    .executableTarget(
      name: "allocation-probe",
      dependencies: [
        "AllocationCounter", "Ledger", "LinuxIO", "Plan", "Proxy", "TestSupport",
      ],
      path: "Tests/AllocationProbe", swiftSettings: swiftSettings,
      linkerSettings: [.unsafeFlags(["-Xlinker", "--allow-multiple-definition"])]),
    // Asked by `make fuzz-differential`.
    .executableTarget(
      name: "head-probe", dependencies: ["HTTPWire"], path: "Tests/HeadProbe",
      swiftSettings: swiftSettings,
      linkerSettings: [.unsafeFlags(["-Xlinker", "--allow-multiple-definition"])]),
    // Asked by `make fuzz-process`.
    .executableTarget(
      name: "fuzz-process", dependencies: ["LinuxIO"], path: "Tests/FuzzProcess",
      swiftSettings: swiftSettings, linkerSettings: staticExecutable),
    // What several test targets share.
    .target(
      name: "TestSupport",
      dependencies: ["Balancing", "ControlProtocol", "HTTPWire", "LinuxIO", "Plan"],
      path: "Tests/TestSupport", swiftSettings: swiftSettings),
    tests("LinuxIOTests", ["LinuxIO", "TestSupport"]),
    tests("HTTPWireTests", ["HTTPWire", "TestSupport"]),
    tests("BalancingTests", ["Balancing"]),
    tests("LedgerTests", ["Balancing", "Ledger", "LinuxIO", "Plan"]),
    tests("DiscoveryTests", ["Discovery", "LinuxIO"]),
    tests("ProbingTests", ["Configuration", "ControlProtocol", "LinuxIO", "Probing"]),
    tests("RosterTests", ["ControlProtocol", "Roster"]),
    tests(
      "TelemetryTests",
      ["Balancing", "Configuration", "ControlProtocol", "Ledger", "LinuxIO", "Telemetry"]),
    tests(
      "ProxyTests", ["Balancing", "HTTPWire", "Ledger", "LinuxIO", "Plan", "Proxy", "TestSupport"]),
    tests("ConfigurationTests", ["Configuration", "TestSupport"]),
    tests("ControlProtocolTests", ["ControlProtocol", "TestSupport"]),
    tests(
      "LbctlTests",
      ["lbctl", "CommandText", "ControlProtocol", "HTTPWire", "LinuxIO", "TestSupport"]),
    tests("BenchTests", ["bench"]),
    tests("ReplicadTests", ["replicad", "HTTPWire", "LinuxIO"]),
    tests("ProcessTests", ["ControlProtocol", "LinuxIO", "TestSupport"]),
    tests("DocsTests", ["Configuration", "Pages", "TestSupport"]),
    tests("LbdTests", ["lbd", "Ledger"]),
    // Needs Chromium and the release build of lbd and replicad: see Browser and Stage.
    tests("BrowserTests", ["LinuxIO", "TestSupport"]),
  ]
)
