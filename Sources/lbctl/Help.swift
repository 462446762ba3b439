// What `--help` prints, of lbctl as a whole and of each verb.

import CommandText

/// The help texts. They go to standard output, since they were asked for.
enum Help {
  static let overall = """
    usage: lbctl VERB [OPTION...]

    Looks at a running lbd and gives it orders, through its control socket.

      pool [NAME]           the replicas: state, load, last probe; -w watches
      test [URL or path]    sends requests through lbd and tells who answered
      explain REPLICA       why it is in its state: probes, failures, orders, events
      events                changes of state, orders, reloads, own 5xx; -f follows
      drain REPLICA...      no new requests; what is in flight ends; --wait 30s
      ready REPLICA...      back into the traffic
      maint REPLICA...      like drain, and not probed either
      weight REPLICA N      its share relative to the others
      add ADDRESS           adds a replica to the running pool
      remove REPLICA        takes a replica out of the running pool
      reload                has lbd apply its conf; --dry-run only shows the changes
      upgrade               has the lbd on disk take over from the one that runs
      config                the conf in force; --diff shows what would change
      metrics               the figures as Prometheus reads them
      health                exit 0 all up, 1 some down, 2 none up, 3 unreachable
      version               the versions of lbctl and lbd
      completion SHELL      completion for bash, zsh or fish
      help [VERB]           this text, or that of a verb

      --socket PATH         the control socket; else $LBD_SOCKET, else the first of
                            /run/lbd/lbd.sock, $XDG_RUNTIME_DIR/lbd.sock and
                            run/lbd.sock here at which an lbd answers
      --json                one JSON object with "schema":1, for errors too
      --no-header           rows only: no headings over them and no summary below
      --help, --version

    A replica is named by its section in the conf, its port or its address. What may
    be any of several is an error that lists them.
    Colour only on a terminal and never with NO_COLOR. Data goes to standard output,
    messages to standard error.
    Exit: 0 done, 1 failed, 2 usage, 3 lbd not running, 4 no such replica, 5 --wait
    timed out.
    """

  static func text(for verb: Verb?) -> String {
    switch verb {
    case nil, .help: overall
    case .pool: pool
    case .test: test
    case .explain: explain
    case .events: events
    case .drain: drain
    case .ready: ready
    case .maint: maint
    case .weight: weight
    case .add: add
    case .remove: remove
    case .reload: reload
    case .upgrade: upgrade
    case .config: config
    case .metrics: metrics
    case .health: health
    case .version: version
    case .completion: completion
    }
  }

  private static let pool = """
    usage: lbctl pool [NAME] [-w[=1s]] [--wide] [--json] [--no-header]
                      [--socket PATH]

    Shows the replicas of the pool, then a line that sums up. There is one pool; its
    NAME is default.

      -w, --watch[=1s]      again and again: redraws on a terminal, appends
                            elsewhere; ends on ^C, and when nobody reads it any more
      --wide                all columns, even where there is no room for them

    A terminal shows the columns that it has room for; P50, RETRY and WEIGHT go
    first. A pipe gets those that usually fit into 80 columns, without these three.
    States: starting up slow ejected down draining maint unresolved.
    """

  private static let test = """
    usage: lbctl test [-n 10] [-c 1] [URL or path] [--json] [--socket PATH]

    Sends GET requests through lbd's own listener, to the path /getInfo unless
    another is named; to an app that has none (404, 405 or 410), and says so, to the
    path of [health], / by default. Prints each answer's body as it came, one a
    line, on standard output; then on standard error how many each replica answered,
    the latencies, and the evenness: how many times the smallest share the largest
    is. Exit 1 when an answer is missing or its status is not 2xx.

      -n COUNT              requests in all, 10 unless given
      -c COUNT              at once, each over a connection of its own, 1 unless
                            given

    A URL (http://host:port/path) need not lead to lbd; then no replica can be
    named, whatever its server says.
    """

  private static let explain = """
    usage: lbctl explain REPLICA [--json] [--socket PATH]

    Says why a replica is in its state: what the conf says, what was ordered and
    what was observed; how its requests failed, by class; its last probes; the last
    events about it. REPLICA is its name, port or address. Exit 4 when there is
    none.

    Classes of failures: connect (no connection), stale (one that had served before
    ended), reset (another one ended too early), timeout, status (one that the conf
    takes to another replica), protocol (no valid response). Counted since lbd
    began, retries that saved a request too.
    """

  private static let events = """
    usage: lbctl events [-f] [-n COUNT] [--json] [--no-header] [--socket PATH]

    Shows what happened, newest last: states of replicas with their cause, orders
    with the user who gave them, reloads, 5xx answers of lbd's own (one line for
    those of a second), start and stop. lbd keeps the last 1000, and of its own
    answers the last 200; they end with it.

      -f, --follow          goes on with new ones; waits for an lbd that restarts;
                            ends on ^C, and when nobody reads it any more
      -n COUNT              the last so many at first: all unless given, with -f 10

    With --json -f each piece of news is an object of its own on a line.
    """

  private static let drain = """
    usage: lbctl drain REPLICA... [--if ready] [--wait 30s] [--json]
                       [--socket PATH]

    Sends replicas no new requests; what is in flight ends. They are probed still.
    REPLICA is a name, a port or an address. Lasts until lbctl ready, through
    reloads and restarts of lbd.

      --if ORDER            only where ready, drain or maint is in force; exit 0
                            either way
      --wait TIME           until nothing is in flight there; says when it begins to
                            wait and what it came to; exit 5 when that takes longer

    Exit 4 when one names no replica, or several; then none of them gets an order.
    """

  private static let ready = """
    usage: lbctl ready REPLICA... [--if drain] [--wait 30s] [--json]
                       [--socket PATH]

    Takes replicas back that drain or maint took out. Each is given requests at once
    if it is up, after maint once a probe has passed.

      --if ORDER            only where ready, drain or maint is in force; exit 0
                            either way
      --wait TIME           until they are given requests; says when it begins to
                            wait and what it came to; exit 5 when that takes longer
    """

  private static let maint = """
    usage: lbctl maint REPLICA... [--wait 30s] [--json] [--socket PATH]

    Like drain, and the replicas are not probed either. Lasts until lbctl ready,
    through reloads and restarts of lbd.

      --wait TIME           until nothing is in flight there; says when it begins to
                            wait and what it came to; exit 5 when that takes longer
    """

  private static let weight = """
    usage: lbctl weight REPLICA N [--json] [--socket PATH]

    Gives a replica the weight N, 1 to 256, in the place of what the conf says.
    Lasts through reloads and restarts of lbd, until it is given the conf's own
    again.
    """

  private static let add = """
    usage: lbctl add ADDRESS [--json] [--socket PATH]

    Adds a replica to the running pool: host:port, [v6]:port or unix:/path. It is
    given requests once its first probe succeeds. It stays until lbd reloads its
    conf or ends; to keep it, name it in the conf as well.
    """

  private static let remove = """
    usage: lbctl remove REPLICA [--json] [--socket PATH]

    Takes a replica out of the running pool. REPLICA is its name, port or address.
    To keep it out, take it out of the conf as well: the next reload brings back
    what the conf names, with what was ordered of it. Exit 4 when there is none.
    """

  private static let reload = """
    usage: lbctl reload [--dry-run] [--json] [--socket PATH]

    Has lbd read its conf again and apply it, and prints what changes: + comes,
    - goes, ~ is another. Connections go on, and so does all that is known and
    ordered of replicas that stay. A conf that is refused changes nothing: what is
    wrong with it goes to standard error, exit 1. What only a restart changes is
    said there, too.

      --dry-run             only shows it; it opens nothing, and says what it could
                            not check
    """

  private static let upgrade = """
    usage: lbctl upgrade [--json] [--socket PATH]

    Has lbd start the program that lies where its own lay, with its conf. That one
    takes over: the listener, the orders, under systemd the main process; no request
    is lost, and the former lbd ends once what it has in flight has ended. Waits for
    it, 60 s at most, and says which process and version serves. Where the next lbd
    cannot start, the former one goes on as if nothing had been ordered: exit 1, and
    why. Only for lbd's own user and root.
    """

  private static let config = """
    usage: lbctl config [--diff] [--json] [--socket PATH]

    Prints the conf in force, with where each value came from, as lbd -T does for a
    file.

      --diff                what a reload would change, as lbctl reload --dry-run
                            does
    """

  private static let metrics = """
    usage: lbctl metrics [--json] [--no-header] [--socket PATH]

    Prints what Prometheus reads where the conf has [metrics] listen, which need not
    be. With --no-header the samples alone; with --json each sample with its labels
    and its value.
    """

  private static let health = """
    usage: lbctl health [--serving] [--json] [--socket PATH]

    Prints one line. Exit 0 when all replicas are up, 1 when some are not, 2 when
    none is, 3 when lbd cannot be reached. Replicas that an operator took out do not
    count.

      --serving             exit 0 as long as one replica is up: for what restarts
                            lbd when it is not healthy, such as containers'
                            orchestrators
    """

  private static let version = """
    usage: lbctl version [--json] [--socket PATH]

    Prints the versions of lbctl and of the running lbd.
    """

  private static let completion = """
    usage: lbctl completion bash|zsh|fish

    Prints what makes the shell complete verbs, options and the names of replicas,
    which it asks the running lbd for. make install puts it in its place; else

      bash                  source <(lbctl completion bash)
      zsh                   source <(lbctl completion zsh)
      fish                  lbctl completion fish | source

    lbctl completion replicas prints the names alone, one a line, without those
    that a shell would not read as they are.
    """
}
