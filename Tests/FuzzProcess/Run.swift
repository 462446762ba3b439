// One run: rounds of attacks from all sides at once, each with a settlement behind it.

import Glibc
import LinuxIO
import Synchronization

/// Sets the scene, runs the rounds, ends everything.
struct Run {
  let options: Options
  let scene: Scene
  private let ledger: Ledger
  private let children: Children
  private let conf: Conf
  private let lbd: LoadBalancer
  private let replicads: Replicads
  private let hostile: [HostileReplica]
  private let director: Operator
  private let reserved: [ReservedPort]

  private static let attackers = 90
  private static let steady = 4
  private static let callers = 3
  /// How long a round lasts at most, in seconds.
  private static let longest = 60
  /// KiB of memory that lbd may have at any time.
  private static let mostMemory = 400 << 10

  init(_ options: Options, environment: [String: String], ledger: Ledger) throws {
    self.options = options
    self.ledger = ledger
    let directory = "/tmp/lbd-fuzz-\(getpid())"
    for name in ["trial", "checks", "impostor"] {
      try Files.makeDirectory(of: "\(directory)/x")
      try Files.makeDirectory(of: "\(directory)/\(name)/x")
    }
    reserved = try (0..<8).map { _ in try ReservedPort() }
    let ports = reserved.map(\.number)
    let demo = Array(ports[3..<6])
    let scene = Scene(
      seed: options.seed, ledger: ledger, directory: directory, ports: [ports[0], ports[1]],
      metricsPort: ports[2], replicaPorts: demo)
    self.scene = scene
    children = Children(environment: environment.filter { ["PATH", "HOME"].contains($0.key) })
    hostile = try (0..<4).map { index in
      let path = index == 3 ? "\(directory)/h3.sock" : nil
      return try HostileReplica(
        "h\(index)", path: path, seed: options.seed &+ UInt64(index), ledger: ledger)
    }
    conf = Conf(
      scene: scene,
      replicas: hostile.map { ($0.name, $0.address.description) }
        + demo.enumerated().map { ("r\($0.offset)", "127.0.0.1:\($0.element)") },
      deadPort: ports[6])
    lbd = LoadBalancer(scene, children, program: "\(options.programs)/lbd")
    replicads = Replicads(scene, children, program: "\(options.programs)/replicad", ports: demo)
    director = Operator(scene, conf, lbd, replicads, children, directory: options.programs)
  }

  /// Runs to the end, or to the first violation. All that was started is ended.
  func run() {
    defer { children.endAll() }
    let start = Clock.now()
    do {
      try replicads.startAll()
    } catch {
      return ledger.violated("replicad does not start: \(error)")
    }
    director.writeQuietConf()
    guard lbd.start() else { return }
    let settlement = Settlement(
      scene: scene, lbd: lbd, replicads: replicads, hostile: hostile, director: director)
    settlement.awaitAllUp()
    director.empty()
    Clock.sleep(milliseconds: 500)
    let before = settlement.holdings()
    // Each round lasts as long as the others.
    let rounds = (options.seconds + Run.longest - 1) / Run.longest
    for round in 1...rounds where !ledger.isOver {
      attack(seconds: max(1, options.seconds / rounds))
      settlement.expectOrder(before, isLast: round == rounds)
      guard !ledger.isOver else { break }
      let time = (Clock.now() - start) / 1_000_000_000
      Console.error("fuzz-process: round \(round) of \(rounds), \(time) s: \(ledger.summary)")
    }
    guard !ledger.isOver else { return }
    lbd.stop(SIGTERM, status: 0)
  }

  // MARK: A round

  private func attack(seconds: Int) {
    director.settle()
    for replica in hostile { replica.tame(false) }
    scene.begin()
    let running = Counter()
    start(running, seconds)
    let end = Clock.now() + UInt64(seconds) * 1_000_000_000
    var looks = 0
    while !ledger.isOver && Clock.now() < end {
      look(looks)
      looks += 1
      Clock.sleep(milliseconds: 200)
    }
    scene.calm()
    // Each ends what it is at, which is bounded; who hangs is found by the looks.
    while running.value > 0 && !ledger.isOver {
      look(1)
      Clock.sleep(milliseconds: 100)
    }
  }

  private func start(_ running: Counter, _ seconds: Int) {
    func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
      running.add(1)
      scene.beat(name)
      let thread = try? Thread.start("fuzz") {
        body()
        running.add(-1)
      }
      guard let thread else { return ledger.violated("no thread can be started") }
      thread.detach()
    }
    let scene = scene
    for index in 0..<Run.steady {
      start("steady client \(index)") { SteadyClient(scene, index: UInt64(index)).run() }
    }
    for index in 0..<Run.attackers {
      start("client \(index)") { Attacker(scene: scene, index: UInt64(index)).run() }
    }
    let (names, addresses) = (conf.replicas.map(\.name), conf.replicas.map(\.address))
    for index in 0..<Run.callers {
      start("control \(index)") {
        ControlAttacker(scene: scene, index: UInt64(index), names: names, addresses: addresses)
          .run()
      }
    }
    let (director, impostor) = (
      director,
      Impostor(
        scene, children, directory: options.programs, port: reserved[7], deadPort: conf.deadPort)
    )
    start("operator") {
      var director = director
      director.run(seconds: seconds)
    }
    start("impostor") {
      var impostor = impostor
      impostor.run()
    }
    let checker = ConfChecker(
      scene: scene, conf: conf, children: children, program: "\(options.programs)/lbd")
    start("conf checker") { checker.run() }
  }

  /// lbd lives, answers, and holds no more than it may; and so do the fuzzer's own threads.
  private func look(_ number: Int) {
    lbd.watch()
    if lbd.facts.memory > Run.mostMemory {
      ledger.violated("lbd has \(lbd.facts.memory) KiB of memory")
    }
    if let name = scene.silent(seconds: 150) {
      ledger.violated("nothing was heard of \(name) for 150 s")
    }
    guard number % 10 == 0 else { return }
    let start = Clock.now()
    guard Control.ask(scene.socketPath, "GET /pool", milliseconds: 60_000) == nil,
      !ledger.isExcused(since: start), !scene.isTakingOver
    else { return }
    // It may have been replaced within.
    guard Control.ask(scene.socketPath, "GET /pool", milliseconds: 60_000) == nil,
      !ledger.isExcused(since: start), !scene.isTakingOver
    else { return }
    ledger.violated("the control socket does not answer")
  }

  // MARK: What is left

  /// What a failure is explained by.
  var logTail: String { lbd.logTail }

  func removeDirectory() {
    for name in ["/trial", "/checks", "/impostor", ""] {
      for path in (try? Files.expand("\(scene.directory)\(name)/*")) ?? [] {
        try? Files.remove(path)
      }
      try? Files.removeDirectory(scene.directory + name)
    }
  }
}

/// A number that threads change.
final class Counter: Sendable {
  private let cell = Atomic(0)
  var value: Int { cell.load(ordering: .acquiring) }
  func add(_ amount: Int) { cell.wrappingAdd(amount, ordering: .acquiringAndReleasing) }
}
