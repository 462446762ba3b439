// The families of metrics of lbd as a whole and of each worker, each once: name, type, labels and help.
// Those of each replica are in `ReplicaFigure`. docs/metrics.md says the same, and a test holds the two
// together.

package import ControlProtocol

// MARK: lbd as a whole

extension MetricFamily {
  package static let up = MetricFamily("up", .gauge, "1 while lbd answers.")
  package static let build = MetricFamily(
    "build_info", .gauge, ["version"], "1, with lbd's version.")
  package static let start = MetricFamily(
    "start_time_seconds", .gauge, "When lbd began, since 1970.")
  package static let uptime = MetricFamily("uptime_seconds", .gauge, "Since lbd began.")
  package static let workers = MetricFamily("workers", .gauge, "Worker threads.")
  package static let descriptors = MetricFamily(
    "descriptors_limit", .gauge, "Descriptors that lbd may have open.")
  package static let connections = MetricFamily(
    "connections_limit", .gauge, "Connections from clients that lbd may have at once.")
  package static let reloadTime = MetricFamily(
    "last_reload_timestamp_seconds", .gauge,
    "When the conf in force was applied, since 1970.")
  package static let reloadSuccess = MetricFamily(
    "last_reload_success", .gauge, "1 when the last conf that was read was applied, 0 if rejected.")
  package static let reloads = MetricFamily(
    "reloads_total", .counter, ["result"], "Reloads of the conf: done or refused.")
  package static let logDrops = MetricFamily(
    "log_lines_dropped_total", .counter, "Log lines that a slow reader left no room for.")
  package static let accessDrops = MetricFamily(
    "access_log_lines_dropped_total", .counter,
    "Lines of the access log that a slow disk left no room for.")
  package static let ownResponses = MetricFamily(
    "own_responses_total", .counter, ["code"],
    "Responses that lbd gave itself, by the class of their status.")
  package static let held = MetricFamily(
    "held_requests", .gauge, "Requests that wait for a replica now.")
  package static let holds = MetricFamily(
    "holds_total", .counter, ["result"],
    "Requests for which no replica was usable or had a place: served after a wait, expired after as"
      + " long as they may wait, or refused at once.")
  package static let clientsClosed = MetricFamily(
    "clients_closed_total", .counter, ["reason"],
    "Connections of clients that lbd closed for its limits: at rest when another client came at the"
      + " limit of connections, or one more of its address than may be.")
  package static let replicas = MetricFamily(
    "replicas", .gauge, ["pool", "state"], "Replicas by state.")
}

// MARK: Each worker

extension MetricFamily {
  static let clients = MetricFamily(
    "worker_client_connections", .gauge, ["worker"], "Connections from clients that are open.")
  static let accepted = MetricFamily(
    "worker_client_connections_accepted_total", .counter, ["worker"],
    "Connections from clients that were accepted.")
  static let limitMet = MetricFamily(
    "worker_connections_limit_met_total", .counter, ["worker"],
    "Times that a client came when the worker had as many as it may.")
  static let requests = MetricFamily(
    "worker_requests_total", .counter, ["worker"],
    "Requests that were answered, by a replica or by lbd itself.")
  static let upstreams = MetricFamily(
    "worker_replica_connections", .gauge, ["worker"],
    "Connections to replicas that are open, in use or idle.")
  static let idleUpstreams = MetricFamily(
    "worker_replica_connections_idle", .gauge, ["worker"],
    "Connections to replicas that wait for the next request.")

  /// In the order of the text.
  static let all =
    [
      up, build, start, uptime, workers, descriptors, connections, reloadTime, reloadSuccess,
      reloads, logDrops, accessDrops, ownResponses, held, holds, clientsClosed, replicas,
    ] + ReplicaFigure.all.compactMap(\.metric) + [
      clients, accepted, limitMet, requests, upstreams, idleUpstreams,
    ]
}
