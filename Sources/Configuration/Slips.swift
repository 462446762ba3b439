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
    server servers upstream upstreams backend backends replicas replica target targets nodes
      members endpoints proxy_pass reverse_proxy to origin origins dial default_backend
      use_backend | * |
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
    balance lb_policy lb_algorithm load_balancing policy strategy method lb least_conn ip_hash
      random round_robin roundrobin | lbd balance replica |
      write algorithm = round_robin in [balance]
    sticky cookie session_affinity sticky_session stick_table stick_on | * |
      no client is kept at one replica, remove it

    # Probes.
    health_check healthcheck health_uri health_path httpchk option_httpchk check_path check_url
      uri url endpoint http_path option probe | lbd health replica |
      write path = /health in [health]
    inter health_interval check_interval period period_seconds every | * |
      write interval = 1s in [health]
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
    expected_status health_status http_check_expect expect_status status code codes match |
      health |
      write expect = 200-399 in [health]
    expected_body health_body string contains | health | write body = ok in [health]
    health_port check_port | * | write port = 9000 in [health]
    health_headers header headers | health | write host = app.internal in [health]

    # Times.
    keepalive_timeout timeout_http_keep_alive idle_timeout keep_alive_timeout | * |
      write client_idle = 60s in [timeouts]
    client_header_timeout timeout_http_request read_header_timeout header_timeout | * |
      write client_header = 10s in [timeouts]
    proxy_connect_timeout timeout_connect dial_timeout connect_timeout | * |
      write connect = 1s in [timeouts]
    proxy_read_timeout timeout_server response_header_timeout read_timeout response_timeout
      request_timeout upstream_timeout timeout_backend | * |
      write response = 30s and idle = 60s in [timeouts]
    proxy_send_timeout send_timeout write_timeout client_body_timeout timeout_client client | * |
      write idle = 60s in [timeouts]
    timeout_tunnel tunnel tunnel_timeout websocket_timeout | * |
      write tunnel_idle = 1h in [timeouts]
    grace grace_period shutdown_timeout worker_shutdown_timeout hard_stop_after stop_timeout | *
      |
      write drain = 30s in [timeouts]
    timeout timeouts | lbd replica forward | write response = 30s and idle = 60s in [timeouts]

    # Retries and waiting.
    proxy_next_upstream retry_on retry_match | * | write statuses = 502-504 in [retry]
    proxy_next_upstream_tries retries max_retries tries redispatch option_redispatch | * |
      write attempts = 2 in [retry]
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
    worker_connections maxconn max_connections max_conns limit_conn | * |
      write connections = 1000 in [limits]
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
    error_log log_level loglevel verbosity verbose debug logging | * |
      write level = info in [log]
    access_log accesslog log_access httplog option_httplog file filename output path | lbd log |
      write access = ./access.log in [log]
    log_format encoder type | lbd log | write format = json in [log]
    metrics prometheus stats stub_status stats_port stats_uri metrics_port metrics_path
      status_port | * |
      write listen = 127.0.0.1:9090 in [metrics]

    # What lbd does not do, or does by itself.
    user group daemon daemonize master_process pid pidfile chroot uid gid | * |
      lbd stays in the foreground as who started it, leave that to systemd or the shell
    ssl tls ssl_certificate ssl_certificate_key cert certificate key crt https acme auto_https
      certresolver | * |
      lbd speaks plain HTTP, have TLS end before it
    location root index try_files alias rewrite return redirect route routes rule rules handle
      path_prefix acl path error_page | lbd replica |
      every request goes to the pool whatever its path, remove it
    remove_header remove_headers hide_header proxy_hide_header header_drop | * |
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
    server servers frontend frontends listen listener main global http events entrypoint
      entrypoints core general settings common defaults default web proxy_server |
      write main_port = 8080 in [lbd]
    upstream upstreams backend backends replicas node nodes target targets service services
      cluster member members app apps pool pools origin |
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

  /// Values that are not accepted, by their key.
  static let values = rows(
    """
    log.level | warn warnings | is no level, write level = warning
    log.level | notice verbose information informational | is no level, write level = info
    log.level | err fatal crit critical alert emerg panic off none quiet |
      is no level, write level = error
    log.level | trace all finest debugging | is no level, write level = debug
    log.format | plain console logfmt pretty human common combined clf main |
      is no format, write format = text
    log.format | structured ecs jsonl | is no format, write format = json
    log.access | on true yes enabled 1 |
      is no path, write access = stdout or access = ./access.log
    log.access | no false none disabled 0 | is no path, write access = off
    log.access | stderr | is no place for it, write access = stdout
    balance.algorithm | roundrobin rr wrr weighted weighted_round_robin static_rr |
      is called otherwise, write algorithm = round_robin
    balance.algorithm | least_conn leastconn least_connections least_request lc wlc p2c random
      power_of_two first least_time |
      is not there, a weight tells replicas of unequal strength apart: write algorithm =
      round_robin
    balance.algorithm | ip_hash hash source uri url_param cookie sticky consistent maglev
      ring_hash |
      is not there, no client is kept at one replica; write algorithm = round_robin
    health.check | on true yes enabled https get web url |
      is no kind of check, write check = http
    health.check | connect port l4 ping | is no kind of check, write check = tcp
    health.check | none no false disabled 0 | is no kind of check, write check = off
    health.expect | ok success any up | is no status, write expect = 200-399
    health.port | same default traffic | is no port, write port = auto
    health.jitter | off none no | is no percentage, write jitter = 0%
    health.failures | off none no never | is no number, write failures = 0
    retry.attempts | off none no | is no number, write attempts = 0
    retry.budget | off none no | is no percentage, write budget = 0%
    retry.budget | unlimited all | is no percentage, write budget = 100%
    retry.statuses | off no false 0 | is no status, write statuses = none
    retry.statuses | error timeout gateway_error conn_failure empty_response connect_failure |
      goes to another replica by itself where that is safe; write statuses = 502-504 for answers
    hold.timeout | 0 no none false 0s 0ms | is no time, write timeout = off
    limits.body | 0 -1 none no off infinite | is no size, write body = unlimited
    limits.connections | 0 -1 unlimited none off max | is no number, write connections = auto
    lbd.workers | 0 max cores default | is no number, write workers = auto
    lbd.docs | enable enabled 1 | is neither, write docs = on
    lbd.docs | disable disabled 0 none | is neither, write docs = off
    forward.forwarded | enable enabled 1 | is neither, write forwarded = on
    forward.forwarded | disable disabled 0 none | is neither, write forwarded = off
    lbd.main_port | http web | is no number, write main_port = 80
    lbd.main_port | https 443/tcp |
      is no number, and lbd speaks plain HTTP; write main_port = 80
    forward.proxy_protocol | on true yes send_proxy_v2 2 |
      is no version, write proxy_protocol = v2
    forward.proxy_protocol | send_proxy 1 | is no version, write proxy_protocol = v1
    forward.proxy_protocol | none no false | is no version, write proxy_protocol = off
    forward.trusted_proxies | private private_ranges local internal rfc1918 |
      is no network, write trusted_proxies = 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fd00::/8
    forward.trusted_proxies | loopback localhost |
      is no address, write trusted_proxies = 127.0.0.0/8, ::1
    forward.trusted_proxies | all any * true |
      would trust what every stranger says, write trusted_proxies = 10.0.0.0/8
    forward.trusted_proxies | off no false | is no network, write trusted_proxies = none
    metrics.listen | on true yes enabled 1 prometheus /metrics |
      is no address, write listen = 127.0.0.1:9090
    metrics.listen | no false none disabled 0 | is no address, write listen = off
    """
  ).map { (key: $0[0], words: $0[1], hint: $0[2]) }

  /// How lines begin that are no `key = value`.
  static let lines = rows(
    """
    --- | this is no YAML, remove it
    // | a comment begins with #
    /* | a comment begins with #
    -- | a comment begins with #
    < | this is no XML, write key = value
    " | this is no JSON, write key = value without quotes
    { | there are no braces, write [lbd] and below it key = value
    } | there are no braces, a section ends where the next one begins: remove it
    $ | ${VAR} stands in values only, write key = ${VAR}
    - | items stand in one line behind commas, write ports = 8081, 8082 in [lbd]
    """
  ).map { (start: $0[0], hint: $0[1]) }

  private static func rows(_ text: String) -> [[String]] {
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
