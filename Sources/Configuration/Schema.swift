/// Every key of the conf, each once: its section, where its value goes, how it is written and within
/// which bounds, and its help. The default stands at the property that the key path names.
///
/// The binder, `lbd -T` and `--help-config` all walk these tables: a new key is one line here and one
/// property; nothing else in this module names it.
enum Schema {
  static let sections = [
    lbd, balance, health, timeouts, retry, hold, limits, forward, log, metrics,
  ]

  private static let lbd = Section<Configuration>(
    kind: "lbd", help: "where lbd listens, and for whom",
    keys: [
      Key("host", \.host, .host, "the address to listen on"),
      Key("main_port", \.mainPort, .number(1...65535), "the port to listen on"),
      Key("ports", \.ports, .ports, "each a replica at host:port, in this order"),
      Key(
        "workers", \.workers, .word("auto", or: .number(1...1024)), "threads; auto is one per core",
        isFixed: true),
      Key(
        "control", \.control, .socketPath,
        "the Unix socket that lbctl talks to; who may not make it there has"
          + " $XDG_RUNTIME_DIR/lbd.sock, or run/lbd.sock where lbd is started",
        isFixed: true),
      Key(
        "half_close", \.halfClose, .onOff,
        "serve clients that have ended their sending side; off counts them as gone"),
      Key(
        "docs", \.docs, .docsScope,
        "answer /docs and /openapi.json; full tells everyone all about the pool"),
    ])

  /// Stands as often as there are replicas in the long form, as `[replica NAME]`.
  static let replica = Section<ReplicaConfiguration>(
    kind: "replica", help: "one replica in the long form, as [replica NAME]",
    keys: [
      Key("address", \.address, .address, "where it is reached", isRequired: true),
      Key(
        "weight", \.weight, .number(ReplicaConfiguration.weights),
        "its share relative to the other replicas"),
      Key(
        "max_requests", \.maxRequests, .number(0...1_000_000),
        "in flight at once, more wait; 0 is no limit"),
    ])

  private static let balance = Section<Configuration>(
    kind: "balance", help: "how a replica is picked",
    keys: [
      Key("algorithm", \.algorithm, .choice, "round_robin: each in turn")
    ])

  private static let health = Section<Configuration>(
    kind: "health", help: "how each replica is probed",
    keys: [
      Key("check", \.health.check, .choice, "a request, a connect, or no probe at all"),
      Key("method", \.health.method, .choice, "how an http check asks"),
      Key("path", \.health.path, .urlPath, "what an http check asks for"),
      Key(
        "host", \.health.host, .word("auto", or: .hostField),
        "the Host it states; auto is each replica's address"),
      Key(
        "port", \.health.port, .word("auto", or: .number(1...65535)),
        "where probes go; auto is each replica's own port"),
      Key("expect", \.health.expect, .statuses, "the statuses that pass"),
      Key(
        "body", \.health.body, .word("none", or: .bodyText),
        "what the answer's body must contain, in its first 64k", isText: true),
      Key("interval", \.health.interval, .duration(.tick, .hours(1)), "from probe to probe"),
      Key("timeout", \.health.timeout, .duration(.milliseconds(1), .minutes(1)), "for one probe"),
      Key("rise", \.health.rise, .number(1...100), "passes in a row that bring it back"),
      Key("fall", \.health.fall, .number(1...100), "failures in a row that take it out"),
      Key(
        "fast_interval", \.health.fastInterval, .duration(.tick, .hours(1)),
        "from probe to probe while a verdict is open, if shorter"),
      Key("jitter", \.health.jitterPercent, .percent(0...50), "how far the interval strays"),
      Key(
        "failures", \.health.failures, .number(0...1000),
        "requests in a row it fails with 502, 503, 504 or worse until it is out; 0 is never"),
      Key(
        "ejection", \.health.ejection, .duration(.tick, .seconds(60)),
        "for how long, the n-th time in a row n times, 60s at most"),
    ])

  private static let timeouts = Section<Configuration>(
    kind: "timeouts", help: "how long lbd waits",
    keys: [
      Key("connect", \.timeouts.connect, .duration(.tick, .minutes(5)), "for a connection"),
      Key(
        "response", \.timeouts.response, .duration(.tick, .hours(24)), "for the head of a response"),
      Key("idle", \.timeouts.idle, .duration(.tick, .hours(24)), "between two bytes"),
      Key(
        "tunnel_idle", \.timeouts.tunnelIdle, .duration(.tick, .hours(24)),
        "between two bytes of a WebSocket or another tunnel"),
      Key(
        "client_header", \.timeouts.clientHeader, .duration(.tick, .hours(1)),
        "for a whole request head"),
      Key(
        "client_idle", \.timeouts.clientIdle, .duration(.tick, .hours(24)),
        "for a client's next request"),
      Key(
        "drain", \.timeouts.drain, .duration(.tick, .hours(24)), "for what is in flight at a stop"),
    ])

  private static let retry = Section<Configuration>(
    kind: "retry", help: "a request that failed at one replica goes to another",
    keys: [
      Key("attempts", \.retry.attempts, .number(0...10), "after the first, each elsewhere"),
      Key(
        "budget", \.retry.budget, .percent(0...100),
        "of the requests of the last 10 s, but 3 always may"),
      Key(
        "statuses", \.retry.statuses, .word("none", or: .failures),
        "answers that send an idempotent request elsewhere"),
    ])

  private static let hold = Section<Configuration>(
    kind: "hold", help: "requests wait for a replica while none can take them",
    keys: [
      Key(
        "timeout", \.hold.timeout, .word("off", or: .duration(.tick, .minutes(5))),
        "what one request may wait before it is answered 503"),
      Key("queue", \.hold.queue, .number(1...1_000_000), "requests that may wait at once"),
    ])

  private static let limits = Section<Configuration>(
    kind: "limits", help: "what clients may use",
    keys: [
      Key(
        "header", \.limits.header, .size(1 << 10...64 << 10), "of a request or response head",
        isFixed: true),
      Key(
        "fields", \.limits.fields, .number(LimitConfiguration.fieldBounds),
        "field lines in a request's or response's head"),
      Key("body", \.limits.body, .word("unlimited", or: .size(1...1 << 40)), "of a request's body"),
      Key(
        "connections", \.limits.connections, .word("auto", or: .number(1...10_000_000)),
        "clients at once; auto is from the descriptor limit", isFixed: true),
      Key(
        "max_connections", \.limits.maxConnections, .word("off", or: .number(1...10_000_000)),
        "of one client address at once; an IPv6 address counts with its /64"),
      Key(
        "body_rate", \.limits.bodyRate, .size(0...100 << 20),
        "bytes a second a client must send of a request, after 20s; 0 is any"),
      Key(
        "resting", \.limits.resting, .number(0...1_000_000),
        "unused connections that a thread keeps open to a replica"),
      Key(
        "replica_connections", \.limits.replicaConnections,
        .word("unlimited", or: .number(1...1_000_000)),
        "connections to one replica at once; more requests wait as [hold] says"),
    ])

  private static let forward = Section<Configuration>(
    kind: "forward", help: "what replicas are told of the client, and whom lbd trusts",
    keys: [
      Key(
        "trusted_proxies", \.forward.trustedProxies, .word("none", or: .networks),
        "proxies before lbd that are trusted on who the client is"),
      Key("forwarded", \.forward.forwarded, .onOff, "state Forwarded (RFC 7239) too"),
      Key("via", \.forward.via, .onOff, "state Via; off lets loops of lbds go round"),
      Key(
        "drop", \.forward.drop, .word("none", or: .fieldNames),
        "request fields that no replica gets, a trusted proxy's neither"),
      Key(
        "proxy_protocol", \.forward.proxyProtocol, .choice,
        "the PROXY header that connections to replicas begin with"),
      Key(
        "proxy_protocol_in", \.forward.proxyProtocolIn, .choice,
        "required: only trusted proxies connect, and begin with a PROXY header"),
    ])

  private static let log = Section<Configuration>(
    kind: "log", help: "what goes to stderr, and where each request is recorded",
    keys: [
      Key("level", \.log.level, .choice, "the least severe message written"),
      Key("format", \.log.format, .choice, "auto: text on a terminal, else JSON"),
      Key("access", \.log.access, .accessTarget, "where each request has a line of JSON"),
    ])

  private static let metrics = Section<Configuration>(
    kind: "metrics", help: "Prometheus text at GET /metrics; lbctl metrics prints the same",
    keys: [
      Key("listen", \.metrics.listen, .word("off", or: .listener), "where it is answered")
    ])

  /// Whether a key takes a text.
  static func accepts(_ text: String, for key: String, in kind: String) -> Bool {
    if kind == replica.kind, let key = replica[key] {
      var trial = ReplicaConfiguration(name: "", address: .unix(""))
      return key.set(text, &trial) == nil
    }
    guard let key = sections.first(where: { $0.kind == kind })?[key] else { return false }
    var trial = Configuration()
    return key.set(text, &trial) == nil
  }

  /// Not a value: the reader follows it. Stands before the first section or in `[lbd]`, often.
  static let include = (
    name: "include", form: "a path or a pattern, relative to this file",
    help: "reads those files here, in the order of their names"
  )
}

extension Duration {
  /// The shortest that lbd keeps apart.
  fileprivate static var tick: Duration { .milliseconds(10) }
  fileprivate static func minutes(_ count: Int) -> Duration { .seconds(60 * count) }
  fileprivate static func hours(_ count: Int) -> Duration { .seconds(3600 * count) }
}
