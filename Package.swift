// swift-tools-version: 6.3
import PackageDescription

/// Held by every target: memory safety is checked, a warning is an error, names come from the module
/// that is imported. `-enable-cmo-everything` lets a release build inline and specialise across our
/// own modules; without it each tiny package function on the request path costs a call.
let swiftSettings: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
  .unsafeFlags(["-enable-cmo-everything"], .when(configuration: .release)),
]

/// One file that runs on any Linux of this architecture.
let staticExecutable: [LinkerSetting] = [
  .unsafeFlags(["-static-executable"], .when(configuration: .release))
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func command(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, swiftSettings: swiftSettings,
    linkerSettings: staticExecutable)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

let package = Package(
  name: "lbd",
  targets: [
    .target(name: "CLinux"),
    library("LinuxIO", ["CLinux"]),
    library("HTTPWire"),
    library("Balancing"),
    library("Configuration"),
    library("ControlProtocol"),
    library("Proxy", ["HTTPWire", "Balancing", "LinuxIO"]),
    command(
      "lbd", ["Proxy", "Configuration", "ControlProtocol", "Balancing", "HTTPWire", "LinuxIO"]),
    command("replicad", ["HTTPWire", "LinuxIO"]),
    command("lbctl", ["ControlProtocol", "HTTPWire", "LinuxIO"]),
    tests("LinuxIOTests", ["LinuxIO"]),
    tests("HTTPWireTests", ["HTTPWire"]),
    tests("BalancingTests", ["Balancing"]),
    tests("ConfigurationTests", ["Configuration"]),
    tests("ControlProtocolTests", ["ControlProtocol"]),
    tests("LbctlTests", ["lbctl", "ControlProtocol", "HTTPWire", "LinuxIO"]),
    tests("ProcessTests", ["ControlProtocol"]),
  ]
)
