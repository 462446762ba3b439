#!/usr/bin/env bash
# lbd and its local replicas as plain processes: what docker compose is for containers. The Makefile calls
# it; the conf says what there is. Each process has a log and a pid file in run/.
#
# Environment: CONF, RUN (where logs and pid files are), BIN (where the binaries are), WAIT (seconds).

set -euo pipefail

CONF=${CONF:-etc/lb.conf}
RUN=${RUN:-run}
BIN=${BIN:-.build/release}
WAIT=${WAIT:-30}
export LBD_SOCKET=$RUN/lbd.sock

. "$(dirname "$0")/processes.sh"

fail() { printf '%s\n' "$@" >&2; exit 1; }

# ---- The conf, as lbd itself reads it

# read_conf: what every verb but `down` and `logs` needs.
read_conf() {
  [ -x "$BIN/lbd" ] || fail "there is no $BIN/lbd: run make build first"
  effective=$("$BIN/lbd" -T -c "$CONF") || exit 1
  main_host=$(setting host)
  case $main_host in 0.0.0.0) main_host=127.0.0.1 ;; ::) main_host=::1 ;; esac
  LBD_SOCKET=$(setting control)
}

# setting KEY: a value of [lbd].
setting() {
  awk -v key="$1" '/^\[/ { own = $0 == "[lbd]" }
    own && $1 == key && $2 == "=" { sub(/^[^=]*= /, ""); sub(/ +;.*/, ""); print }' <<<"$effective"
}

# "HOST PORT" of each address that is on this machine.
local_addresses() {
  local address host
  while read -r address; do
    host=${address%:*} host=${host#[} host=${host%]}
    case $host in
      127.* | localhost | ::1 | "$main_host") printf '%s %s\n' "$host" "${address##*:}" ;;
    esac
  done
}

# "HOST PORT" of each local replica that the conf names.
conf_replicas() {
  {
    setting ports | tr -d ' ' | tr ',' '\n' | while IFS=- read -r first last; do
      [ -z "$first" ] || seq -f "$main_host:%.0f" "$first" "${last:-$first}"
    done
    awk '/^\[/ { own = $1 == "[replica" } own && $1 == "address" { print $3 }' <<<"$effective"
  } | local_addresses
}

ctl() { "$BIN/lbctl" --socket "$LBD_SOCKET" "$@"; }

# "HOST PORT" of each local replica in the running pool, "NAME ADDRESS STATE" of every one.
pool_rows() { ctl pool --no-header 2>/dev/null | awk '{ print $1, $2, $3 }' || true; }
pool_replicas() { pool_rows | cut -d' ' -f2 | local_addresses; }

# await_pool: until lbd says that all of its replicas are up.
await_pool() {
  local health deadline=$((SECONDS + WAIT))
  until health=$(ctl health 2>&1); do
    if ! pid_of lbd >/dev/null; then show_log lbd; rm -f "$RUN/lbd.pid"; fail "lbd ended"; fi
    if ((SECONDS >= deadline)); then show_log lbd; fail "not all are up after $WAIT s: $health"; fi
    sleep 0.05
  done
}

# await_up HOST PORT: until lbd says that this one is.
await_up() {
  local state deadline=$((SECONDS + WAIT))
  until state=$(pool_state "$1" "$2") && [ "$state" = up ]; do
    ((SECONDS < deadline)) || fail "$1:$2 is $state after $WAIT s; see make logs"
    sleep 0.05
  done
}

# join HOST PORT: into the running pool, until it gets requests.
join() {
  ctl add "$(address_of "$1" "$2")"
  await_up "$1" "$2"
}

# The conf that lbd was started with, if it runs.
running_conf() { if pid_of lbd >/dev/null; then cat "$RUN/lbd.conf.path"; fi; }

require_lbd() { pid_of lbd >/dev/null || fail "lbd does not run: make up starts it"; }

# ---- Verbs

start_lbd() {
  if pid_of lbd >/dev/null; then
    # An edited conf takes force without a connection lost.
    if [ "$CONF" -nt "$RUN/lbd.conf.path" ]; then
      kill -HUP "$(pid_of lbd)"
      touch "$RUN/lbd.conf.path"
      sleep 0.2
    fi
  else
    echo "$CONF" >"$RUN/lbd.conf.path"
    launch lbd "$BIN/lbd" -c "$CONF"
  fi
}

up() {
  local host port name running
  read_conf
  running=$(running_conf)
  [ "${running:-$CONF}" = "$CONF" ] || fail "lbd runs with $running: make down first, then make up CONF=$CONF"
  while read -r host port; do
    if ! start_replica "$host" "$port"; then
      name=$(name_of "$host" "$port")
      show_log "$name"
      fail "replicad did not start on $host:$port"
    fi
  done < <(conf_replicas)
  start_lbd
  await_pool
  # What scale had taken out of the pool.
  while read -r host port; do
    [ "$(pool_state "$host" "$port")" != - ] || join "$host" "$port"
  done < <(conf_replicas)
  ctl pool
  docs=$(ctl pool --json | grep -o '"docs":"[^"]*"' | cut -d'"' -f4 || true)
  [ -z "$docs" ] || echo "$docs"
}

down() {
  if pid_of lbd >/dev/null; then end lbd; fi
  end $(names)
  rm -f "$RUN/lbd.conf.path"
}

ps() {
  local host port
  read_conf
  {
    echo "NAME PID STATE POOL PORT UPTIME"
    ps_row lbd "$(setting main_port)" -
    { conf_replicas; pool_replicas; own_replicas; } | sort -u -k2,2n -k1,1 | while read -r host port; do
      ps_row "$(name_of "$host" "$port")" "$port" "$(pool_state "$host" "$port")"
    done
  } | column -t
}

# "HOST PORT" of each replica that was started here.
own_replicas() {
  local rest
  names | sed -n 's/^replicad-//p' | while read -r rest; do
    case $rest in *-*) echo "${rest%-*} ${rest##*-}" ;; *) echo "$main_host $rest" ;; esac
  done
}

pool_state() {
  local name address state
  while read -r name address state; do
    [ "$(local_addresses <<<"$address")" = "$1 $2" ] && echo "$state" && return
  done < <(pool_rows)
  echo -
}

ps_row() {
  local pid state=stopped uptime=-
  if pid=$(pid_of "$1"); then
    state=running
    uptime=$(awk -v start="$(start_time "$pid")" -v hertz="$(getconf CLK_TCK)" \
      '{ s = int($1 - start / hertz); h = int(s / 3600); m = int(s % 3600 / 60)
         print h ? h "h" m "m" : m ? m "m" s % 60 "s" : s "s" }' /proc/uptime)
  elif [ -e "$RUN/$1.pid" ]; then
    state=exited
  fi
  echo "$1 ${pid:--} $state $3 $2 $uptime"
}

logs() {
  compgen -G "$RUN/*.log" >/dev/null || fail "no logs in $RUN: make up starts lbd"
  if [ -n "${F:-}" ]; then exec tail -n 20 -F "$RUN"/*.log; fi
  tail -n 20 "$RUN"/*.log
}

scale() {
  local wanted=${1:-} count
  [[ $wanted =~ ^[0-9]{1,3}$ ]] || fail "say how many replicas: make scale N=5"
  read_conf
  require_lbd
  count=$(pool_replicas | wc -l)
  while ((count < wanted)); do grow; count=$((count + 1)); done
  while ((count > wanted)); do shrink; count=$((count - 1)); done
  ctl pool
}

# One replica more, on the port behind the highest that is free.
grow() {
  local port
  port=$({ conf_replicas; pool_replicas; own_replicas; } | cut -d' ' -f2 | sort -n | tail -n 1)
  while ((++port < 65536)); do
    listens "$main_host" "$port" && continue
    if start_replica "$main_host" "$port"; then
      join "$main_host" "$port"
      return
    fi
  done
  fail "no port is free"
}

# The pool's last local replica less: lbd sends it nothing more, and it stops when what was under way ended.
shrink() {
  local host port deadline=$((SECONDS + 35))
  read -r host port < <(pool_replicas | tail -n 1)
  ctl remove "$(address_of "$host" "$port")"
  while (($(connections "$port") > 0 && SECONDS < deadline)); do sleep 0.05; done
  end "$(name_of "$host" "$port")"
}

stop_replica() {
  local name
  [ -n "${1:-}" ] || fail "say which: make stop-replica PORT=8082"
  name=$(names | grep -m 1 -- "^replicad.*-$1\$") || fail "no replica runs on port $1; see make ps"
  end "$name"
}

start_replica_on() {
  local host port
  [ -n "${1:-}" ] || fail "say which: make start-replica PORT=8082"
  read_conf
  read -r host port < <({ conf_replicas; pool_replicas; } | grep -m 1 " $1\$" || echo "$main_host $1")
  if ! start_replica "$host" "$port"; then
    show_log "$(name_of "$host" "$port")"
    fail "replicad did not start on $host:$port"
  fi
  if ! pid_of lbd >/dev/null; then return; fi
  if [ "$(pool_state "$host" "$port")" = - ]; then
    echo "it is not in the pool: lbctl add $(address_of "$host" "$port") adds it"
  else
    await_up "$host" "$port"
  fi
}

mkdir -p "$RUN"
verb=${1:-}
case $verb in
  up | down | scale | stop-replica | start-replica)
    # One at a time.
    exec 9>"$RUN/.lock"
    flock -w 60 9 || fail "another make works in $RUN"
    ;;
esac
[ "$verb" = up ] || [ "$verb" = restart ] || [ -z "$(running_conf)" ] || CONF=$(running_conf)
case $verb in
  up | down | ps | logs) "$verb" ;;
  restart) "$0" down && "$0" up ;;
  scale) scale "${2:-}" ;;
  stop-replica) stop_replica "${2:-}" ;;
  start-replica) start_replica_on "${2:-}" ;;
  *) fail "usage: $0 up|down|ps|logs|restart|scale N|stop-replica PORT|start-replica PORT" ;;
esac
