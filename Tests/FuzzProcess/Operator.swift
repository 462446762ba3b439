// Who runs lbd, and does it badly: confs of any sort, signals at any time, a state that is none, replicas that
// crash, an lbd that is replaced.

import Glibc
import LinuxIO

/// The operator's thread owns it, and between rounds the run.
struct Operator {
  let scene: Scene
  let conf: Conf
  let lbd: LoadBalancer
  let replicads: Replicads
  let children: Children
  let lbctl: String
  let lbdProgram: String
  private var fixed = Conf.Fixed()
  private var replacements = 0

  init(
    _ scene: Scene, _ conf: Conf, _ lbd: LoadBalancer, _ replicads: Replicads, _ children: Children,
    directory: String
  ) {
    (self.scene, self.conf, self.lbd, self.replicads) = (scene, conf, lbd, replicads)
    self.children = children
    (lbctl, lbdProgram) = ("\(directory)/lbctl", "\(directory)/lbd")
  }

  // MARK: The loop

  /// Acts until the round is over, which lasts so many seconds.
  mutating func run(seconds: Int) {
    let start = Clock.now()
    // The last lbd of a round lives long enough to show what it loses.
    var due = [15, 35, 55].map { start + UInt64(seconds * $0) * 10_000_000 }
    while !scene.isQuiet {
      var random = Seeded(scene.seed, 0x0E4A, scene.nextCase())
      if let next = due.first, Clock.now() >= next {
        due.removeFirst()
        replace(&random)
      } else {
        act(&random)
      }
      scene.beat("operator")
      Clock.sleep(milliseconds: random.number(20...400))
    }
    scene.rest("operator")
  }

  private mutating func act(_ random: inout Seeded) {
    switch random.number(0...99) {
    case 0..<25: reloadMildly(&random)
    case 25..<35: moveListener(&random)
    case 35..<50: reloadWildly(&random)
    case 50..<53: for _ in 0..<random.number(2...10) { signal(SIGHUP) }
    case 53..<61: spoilState(&random)
    case 61..<68: rotate()
    case 68..<74: pause(random.number(10...500))
    case 74..<80:
      replicads.crash(random.number(0...replicads.ports.count - 1), for: random.number(0...800))
    case 80..<85:
      replicads.pause(random.number(0...replicads.ports.count - 1), for: random.number(10...1500))
    case 85..<91: ask(&random)
    default: makeReady()
    }
  }

  private func signal(_ number: Int32) {
    scene.ledger.count(.signals)
    children.signal(lbd.pid, number)
  }

  private func pause(_ milliseconds: Int) {
    signal(SIGSTOP)
    Clock.sleep(milliseconds: milliseconds)
    signal(SIGCONT)
  }

  // MARK: Confs

  private func write(_ bytes: [UInt8], to path: String? = nil) {
    do {
      try Files.write(bytes, to: path ?? scene.confPath)
    } catch {
      scene.ledger.violated("no conf can be written: \(error)")
    }
  }

  private mutating func reloadMildly(_ random: inout Seeded) {
    write(Array(conf.mild(fixed, port: scene.portIndex, &random).utf8))
    if random.chance(50) { signal(SIGHUP) } else { reload(mustPass: true) }
  }

  /// To the other port, and what was on its way to the former one may be lost.
  private mutating func moveListener(_ random: inout Seeded) {
    let next = scene.portIndex == 0 ? 1 : 0
    let text = conf.mild(fixed, port: next, &random)
    scene.ledger.excused {
      write(Array(text.utf8))
      reload(mustPass: true)
      scene.use(port: next)
      Clock.sleep(milliseconds: 300)
    }
  }

  private func reload(mustPass: Bool) {
    scene.ledger.count(.reloads)
    guard var outcome = run([lbctl, "--socket", scene.socketPath, "reload"]) else { return }
    // An impostor is the next lbd until it is given up, a minute at most.
    for _ in 0..<150 where mustPass && outcome.output.contains("another lbd is taking over") {
      Clock.sleep(milliseconds: 500)
      guard let next = run([lbctl, "--socket", scene.socketPath, "reload"]) else { return }
      outcome = next
    }
    guard mustPass && outcome.status != 0 && !outcome.output.contains("is starting") else { return }
    scene.ledger.violated(
      "lbctl reload of a right conf exits with \(outcome.status): \(outcome.output)")
  }

  private func run(_ command: [String]) -> Children.Outcome? {
    guard let found = try? children.run(command, log: "\(scene.directory)/tool.log") else {
      if !scene.ledger.isOver { scene.ledger.violated("\(command) does not end") }
      return nil
    }
    guard !found.diedBySignal else {
      scene.ledger.violated("\(command) died with \(found.status): \(found.output)")
      return nil
    }
    return found
  }

  /// Any conf at all, in force only where it harms nobody else; then a right one again.
  private mutating func reloadWildly(_ random: inout Seeded) {
    let bytes = conf.wild(fixed, &random)
    let trial = "\(scene.directory)/trial/lb.conf"
    write(bytes, to: trial)
    scene.ledger.count(.confs)
    guard let shown = run([lbdProgram, "-T", "-c", trial]) else { return }
    guard [0, 1].contains(shown.status) else {
      return scene.ledger.violated("lbd -T exits with \(shown.status): \(shown.output)")
    }
    guard shown.status == 1 || conf.isHarmless(shown.output) else { return }
    scene.ledger.excused {
      write(bytes)
      signal(SIGHUP)
      let outcome = run([lbctl, "--socket", scene.socketPath, "reload"])
      if shown.status == 1, let outcome, outcome.status == 0 {
        scene.ledger.violated("a conf is taken up that lbd -T refuses:\n\(shown.output)")
      }
      Clock.sleep(milliseconds: random.number(0...600))
      write(Array(conf.mild(fixed, port: scene.portIndex, &random).utf8))
      reload(mustPass: true)
      Clock.sleep(milliseconds: 300)
    }
  }

  // MARK: State and logs

  private func spoilState(_ random: inout Seeded) {
    let path = scene.statePath
    let text = "lbd-state 1\norder r0 drain\nweight r1 7\nend\n"
    try? Files.remove(path)
    try? Files.removeDirectory(path)
    var bytes = Array(text.utf8)
    switch random.number(0...8) {
    case 0: bytes = random.noise(5000)
    case 1: bytes = Array(bytes.prefix(random.number(0...bytes.count)))
    case 2:
      Mutation.apply(to: &bytes, times: 3, words: ["order", "weight", "end\n", "\n"], &random)
    case 3:
      bytes = Array("lbd-state 1\n\(String(repeating: "order x maint\n", count: 20_000))end\n".utf8)
    case 4:
      let lines = (0..<random.number(0...3000)).map { "weight n\($0) \(random.number(1...256))\n" }
      bytes = Array("lbd-state 1\n\(lines.joined())end\n".utf8)
    case 5: return try! Files.makeDirectory(of: path + "/x")
    case 6: return FilesOfNoUse.makeFIFO(path)
    case 7: return FilesOfNoUse.link(path, to: "/dev/zero")
    default: break
    }
    try? Files.write(bytes, to: path)
  }

  /// Gives the access log another file, and looks at what the former one holds.
  private func rotate() {
    let former = scene.accessPath + ".1"
    try? Files.rename(scene.accessPath, to: former)
    signal(SIGUSR1)
    Clock.sleep(milliseconds: 300)
    let bytes = (try? Files.readEnd(former, limit: 1 << 20)) ?? []
    for line in bytes.split(separator: 0x0A).dropFirst().dropLast() {
      guard line.first == 0x7B, line.last == 0x7D, !line.contains(where: { $0 < 0x20 }) else {
        scene.ledger.violated("a line of the access log: \(String(decoding: line, as: UTF8.self))")
        break
      }
    }
    try? Files.remove(former)
  }

  // MARK: lbctl

  private func ask(_ random: inout Seeded) {
    let verbs = [
      ["pool"], ["pool", "r0"], ["explain", "h0"], ["explain", "nobody"], ["events"], ["health"],
      ["config"],
      ["config", "--diff"], ["metrics"], ["version"], ["reload", "--dry-run"], ["test", "-n", "5"],
      ["drain", "r1"], ["ready", "r1"], ["weight", "r1", "3"], ["pool", "--json"],
    ]
    guard let outcome = run([lbctl, "--socket", scene.socketPath] + random.pick(verbs)) else {
      return
    }
    guard 0...5 ~= outcome.status else {
      return scene.ledger.violated("lbctl exits with \(outcome.status): \(outcome.output)")
    }
  }

  /// What anybody has ordered is taken back.
  func makeReady() {
    for name in conf.replicas.map(\.name) {
      let body = "{\"replica\":\"\(name)\"}"
      _ = Control.ask(scene.socketPath, "POST /replicas/ready", body: body, milliseconds: 30_000)
    }
  }

  // MARK: Replacements

  private mutating func replace(_ random: inout Seeded) {
    fixed.header = random.pick(["1k", "4k", "16k", "64k"])
    fixed.connections = random.pick([150, 400, 2000])
    write(Array(conf.mild(fixed, port: scene.portIndex, &random).utf8))
    replacements += 1
    if replacements % 2 == 1 { return takeOver() }
    scene.ledger.count(.restarts)
    scene.ledger.excused {
      let isStopped =
        replacements % 4 == 0 ? lbd.stop(SIGKILL, status: 137) : lbd.stop(SIGTERM, status: 0)
      if random.chance(70) { spoilState(&random) }
      guard isStopped else { return }
      _ = lbd.start()
      Clock.sleep(milliseconds: 500)
    }
  }

  private func takeOver() {
    scene.ledger.count(.takeovers)
    scene.setTakingOver(true)
    defer { scene.setTakingOver(false) }
    // Who was asking for the listener has its answer by then.
    Clock.sleep(milliseconds: 300)
    lbd.takeOver(drain: Conf.drain)
  }

  // MARK: Between rounds

  /// lbd as it was at its start, before all replicas.
  func settle() {
    write(Array(conf.quiet(fixed).utf8))
    reload(mustPass: true)
    scene.use(port: 0)
    makeReady()
  }

  /// lbd before no replica.
  func empty() {
    write(Array(conf.empty(fixed).utf8))
    reload(mustPass: true)
  }

  func writeQuietConf() { write(Array(conf.quiet(fixed).utf8)) }
}
