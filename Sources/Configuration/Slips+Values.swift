/// The parts of the table of slips that are not about names: values, and lines.

extension Slips {
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
      has another name here, write round_robin
    balance.algorithm | least_conn leastconn least_connections least_request least_requests lc
      wlc p2c random power_of_two first least_time |
      does not exist; only round_robin is there; weight in [replica NAME] is for stronger replicas
    balance.algorithm | ip_hash hash source uri url_param cookie sticky consistent maglev
      ring_hash |
      does not exist; only round_robin is there; no client is kept at one replica
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
    hold.timeout | no none false | is no time, write timeout = off
    limits.body | -1 | is out of bounds, write body = unlimited
    limits.body | none no off infinite | is no size, write body = unlimited
    limits.connections | -1 | is out of bounds, write connections = auto
    limits.connections | unlimited none off max | is no number, write connections = auto
    lbd.workers | max cores default | is no number, write workers = auto
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
}
