/// What people write who come from nginx, HAProxy, Caddy, Traefik, YAML, TOML or JSON, and what they meant:
/// a table for the errors. Words are held against it without regard to case, `_`, `-` and `.`.
///
/// A hint names only what there is: what it says to write loads. A test goes through every row. A row is
/// a line of fields between bars, and goes on in lines that begin with a space; `#` begins a remark.
enum Slips {
  /// Keys that there are not, or not there: words, the sections that they are written in (`*` for any),
  /// the hint. Of rows with the same word the first one that fits counts.
  static let keys = rows(
    """
    # Where lbd listens, and where its replicas are.
    port host address bind path url interface expose | metrics |
      write listen = 127.0.0.1:9090 in [metrics]
    listen enabled enable | health | write check = http in [health]
    host port server url uri target upstream backend ip endpoint socket bind listen hostname |
      replica |
      write address = app.internal:8000 in [replica NAME]
    server_name server_names hostname domain domains | * | lbd answers to every name, remove it
    listen port bind http_port http server_port listen_port bind_port entrypoint entrypoints
      bind_address listen_address addr | lbd |
      write host = 0.0.0.0 and main_port = 8080 in [lbd]
    timeout_server server backend upstream response_header_timeout response_timeout
      timeout_backend | timeouts |
      write response = 30s in [timeouts]
    default_backend use_backend | * | there is one pool, remove it
    server servers upstream upstreams backend backends replicas replica target targets nodes
      members endpoints proxy_pass reverse_proxy to origin origins dial | * |
      write ports = 8081, 8082 in [lbd], or address = app.internal:8000 in [replica NAME]
    bind listen | * | write host = 0.0.0.0 and main_port = 8080 in [lbd]
    worker_processes nbthread nbproc threads procs processes concurrency | * |
      write workers = auto in [lbd]
    stats_socket admin admin_socket control_socket sock socket api | * |
      write control = run/lbd.sock in [lbd]
    docs_path swagger openapi | * | write docs = on in [lbd]

    # What a replica gets.
    max_conns maxconn max_connections maxqueue limit | replica |
      write max_requests = 100 in [replica NAME]
    priority ratio share | * | write weight = 100 in [replica NAME]
    disabled down maintenance enabled state drain | replica |
      lbctl maint takes a replica out of a running pool, and leaves it out
    backup | * | no replica is kept for later; lbctl drain holds one back
    pool group | replica | there is one pool, remove it
    slow_start slowstart warmup | * | a replica that is up gets its whole share, remove it
    least_conn leastconn least_connections least_request least_requests | * |
      only round_robin is there; weight in [replica NAME] is for stronger replicas
    balance lb_policy lb_algorithm load_balancing policy strategy method lb ip_hash random
      round_robin roundrobin | lbd balance replica |
      write algorithm = round_robin in [balance]
    sticky cookie session_affinity sticky_session stick_table stick_on | * |
      no client is kept at one replica, remove it

    # Probes.
    health_check healthcheck health_uri health_path httpchk option_httpchk check_path check_url
      uri url endpoint http_path option probe | lbd health replica |
      write path = /health in [health]
    inter health_interval check_interval period period_seconds every | * |
      write interval = 1s in [health]
    check health | timeouts | write timeout = 500ms in [health]
    health_timeout check_timeout timeout_check timeout_seconds | * |
      write timeout = 500ms in [health]
    fastinter downinter fastinterval | * | write fast_interval = 250ms in [health]
    unhealthy_threshold failure_threshold health_fails | * | write fall = 3 in [health]
    healthy_threshold success_threshold health_passes passes | * | write rise = 2 in [health]
    max_fails consecutive_5xx consecutive_gateway_failure outlier_detection error_limit on_error
      unhealthy_status | * |
      write failures = 5 in [health]
    fail_timeout base_ejection_time ejection_time fail_duration | * |
      write ejection = 5s in [health]
    expected_status health_status expect_status status code codes match |
      health |
      write expect = 200-399 in [health]
    http_check_expect_status http_check_expect | * | write expect = 200-399 in [health]
    expected_body health_body string contains | health | write body = ok in [health]
    health_port check_port | * | write port = 9000 in [health]
    health_headers header headers | health | write host = app.internal in [health]

    # Times.
    http_keep_alive keepalive keep_alive | timeouts | write client_idle = 60s in [timeouts]
    keepalive_timeout timeout_http_keep_alive idle_timeout keep_alive_timeout | * |
      write client_idle = 60s in [timeouts]
    http_request header | timeouts | write client_header = 10s in [timeouts]
    client_header_timeout timeout_http_request read_header_timeout header_timeout | * |
      write client_header = 10s in [timeouts]
    proxy_connect_timeout timeout_connect dial_timeout connect_timeout | * |
      write connect = 1s in [timeouts]
    timeout_server response_header_timeout response_timeout timeout_backend | * |
      write response = 30s in [timeouts]
    proxy_read_timeout read_timeout request_timeout upstream_timeout | * |
      write response = 30s and idle = 60s in [timeouts]
    proxy_send_timeout send_timeout write_timeout client_body_timeout timeout_client client | * |
      write idle = 60s in [timeouts]
    timeout_tunnel tunnel tunnel_timeout websocket_timeout | * |
      write tunnel_idle = 1h in [timeouts]
    grace grace_period shutdown_timeout worker_shutdown_timeout hard_stop_after stop_timeout | *
      |
      write drain = 30s in [timeouts]
    timeout timeouts | lbd replica forward timeouts | write response = 30s and idle = 60s in [timeouts]

    # Retries and waiting.
    proxy_next_upstream retry_on retry_match | * | write statuses = 502-504 in [retry]
    proxy_next_upstream_tries retries max_retries tries redispatch option_redispatch | * |
      write attempts = 2 in [retry]
    queue | timeouts | write timeout = 2s in [hold]
    proxy_next_upstream_timeout timeout_queue queue_timeout lb_try_duration try_duration | * |
      write timeout = 2s in [hold]
    max_queue queue_size max_pending_requests | * | write queue = 1024 in [hold]

    # Limits.
    client_max_body_size max_body_size max_request_body body_size request_body_max body max_size
      | lbd limits replica forward |
      write body = 10m in [limits]
    client_header_buffer_size large_client_header_buffers max_header_size max_header_bytes
      header_size tune_bufsize | * |
      write header = 16k in [limits]
    max_conns | * |
      write max_requests = 100 in [replica NAME], or replica_connections = 100 in [limits]
    maxconn | * |
      write max_requests = 100 in [replica NAME], or replica_connections = 100 in [limits], for
      each replica, or connections = 1000 in [limits] for all clients
    worker_connections max_connections limit_conn | * | write connections = 1000 in [limits]
    maxconn_per_ip limit_conn_per_ip per_ip max_connections_per_ip conn_limit | * |
      write max_connections = 100 in [limits]
    max_idle_conns_per_host max_idle_conns keepalive_connections | * | write resting = 64 in [limits]
    limit_req rate_limit ratelimit rate burst | * |
      requests are not limited by rate; connections = 1000 in [limits] bounds how many clients
      there are

    # Fields and proxies before lbd.
    set_real_ip_from real_ip_header real_ip_recursive trusted_ips trust_proxy trustedproxies
      forwarded_headers forwardfor option_forwardfor accept_proxy real_ip | *
      |
      write trusted_proxies = 10.0.0.0/8 in [forward]
    send_proxy send_proxy_v2 | * | write proxy_protocol = v2 in [forward]
    add_header headers header request_header proxy_set_header http_request http_response
      header_up header_down reqadd | lbd replica forward |
      header fields pass as they are, but for those of [forward]: remove it

    # Logs and figures.
    log error_log log_level loglevel verbosity verbose debug logging | * |
      write level = info in [log]
    access_log accesslog log_access httplog option_httplog | lbd log |
      write access = ./access.log in [log]
    file filename output path | log | write access = ./access.log in [log]
    log_format encoder type | lbd log | write format = json in [log]
    metrics prometheus stats stub_status stats_port stats_uri metrics_port metrics_path
      status_port | * |
      write listen = 127.0.0.1:9090 in [metrics]

    # What lbd does not do, or does by itself.
    mode | * | lbd speaks HTTP only, remove it
    frontend | * | lbd has one frontend: write host = 0.0.0.0 and main_port = 8080 in [lbd]
    user group daemon daemonize master_process pid pidfile chroot uid gid | * |
      lbd stays in the foreground as who started it, leave that to systemd or the shell
    ssl tls ssl_certificate ssl_certificate_key cert certificate key crt https acme auto_https
      certresolver | * |
      lbd speaks plain HTTP, have TLS end before it
    location root index try_files alias rewrite return redirect route routes rule rules handle
      path_prefix acl error_page | lbd replica |
      every request goes to the pool whatever its path, remove it
    hide_header proxy_hide_header | * | the fields of responses pass as they are, remove it
    remove_header remove_headers header_drop | * |
      write drop = X-Client-IP in [forward]
    gzip compress compression encode cache proxy_cache expires | * |
      bodies pass as they are, remove it
    resolver resolvers dns nameserver nameservers | * |
      names are looked up as on this machine, remove it
    http2 h2 http_version alpn proxy_http_version http3 | * |
      lbd speaks HTTP/1.1 to both sides, remove it
    upgrade websocket websockets connection | * | WebSockets pass by themselves, remove it
    keepalive keepalive_requests http_reuse | * |
      connections to replicas are kept by themselves, remove it
    proxy_buffering proxy_request_buffering flush_interval buffering sendfile tcp_nopush
      tcp_nodelay proxy_buffer_size proxy_buffers | * |
      bodies are streamed as they come, remove it
    pass_host_header preserve_host host_header passhostheader | * |
      replicas get the client's Host as it came, remove it
    """
  ).map { (words: $0[0], sections: $0[1], hint: $0[2]) }

  /// Sections that there are not.
  static let sections = rows(
    """
    global main core general settings common |
      remove it: workers and control go in [lbd], connections in [limits], level in [log]
    defaults default |
      remove it: times go in [timeouts], attempts in [retry], and a key left out has its default
    events | remove it: connections goes in [limits], workers in [lbd]
    http | remove it: lbd speaks HTTP only; host and main_port go in [lbd]
    frontend frontends listener listeners entrypoint entrypoints web proxy_server |
      lbd has one frontend: write host = 0.0.0.0 and main_port = 8080 in [lbd]
    listen server servers |
      write host = 0.0.0.0 and main_port = 8080 in [lbd] for where lbd listens, and address =
      app.internal:8000 in [replica NAME] for a server behind it
    backend backends upstream upstreams cluster pool pools |
      lbd has one pool: write address = app.internal:8000 in [replica NAME] for each server,
      and algorithm = round_robin in [balance]
    replicas node nodes target targets service services member members app apps origin |
      write address = app.internal:8000 in [replica NAME]
    route routes router routers location rule rules |
      every request goes to the one pool, remove it
    healthcheck health_check healthchecks check checks probe probes |
      write path = /health in [health]
    logging logs accesslog access_log logger | write level = info in [log]
    prometheus stats admin status monitoring telemetry |
      write listen = 127.0.0.1:9090 in [metrics]
    balancer loadbalancer load_balancer lb load_balancing balancing |
      write algorithm = round_robin in [balance]
    proxy headers forwarded forwarding real_ip | write trusted_proxies = 10.0.0.0/8 in [forward]
    retries redispatch | write attempts = 2 in [retry]
    queue queues wait | write timeout = 2s in [hold]
    security rate_limit | write connections = 1000 in [limits]
    tls ssl certificate certificates acme | lbd speaks plain HTTP, have TLS end before it
    """
  ).map { (words: $0[0], hint: $0[1]) }

  /// The fields of each row of a table.
  static func rows(_ text: String) -> [[String]] {
    var rows: [String] = []
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      if line.hasPrefix(" "), let last = rows.popLast() {
        rows.append("\(last) \(trimmed(line))")
      } else {
        rows.append(String(line))
      }
    }
    return rows.map { row in row.split(separator: "|").map { trimmed($0) } }
  }
}
