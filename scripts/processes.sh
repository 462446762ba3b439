# Processes that are known by a name, and what keeps track of them; sourced by compose.sh. A pid file holds
# the pid and the process's start time, so that a pid which the system gave to another is not taken for ours.

# ---- Processes, by name: lbd, replicad-PORT, or replicad-HOST-PORT away from lbd's own host

name_of() { [ "$1" = "$main_host" ] && echo "replicad-$2" || echo "replicad-$1-$2"; }

address_of() { case $1 in *:*) echo "[$1]:$2" ;; *) echo "$1:$2" ;; esac; }

# start_time PID: in ticks since boot; nothing for a process that ended.
start_time() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  set -- ${stat##*) }
  [ "$1" != Z ] && echo "${20}"
}

# pid_of NAME: the pid if that very process lives.
pid_of() {
  local pid start
  read -r pid start 2>/dev/null <"$RUN/$1.pid" || return 1
  [ "$(start_time "$pid")" = "$start" ] && echo "$pid"
}

# launch NAME COMMAND…: in a session of its own, so that a terminal's Ctrl-C or end does not reach it, and
# without any descriptor of the caller's, who may wait for the end of a pipe.
launch() {
  local name=$1
  shift
  (
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      if ((fd > 2)); then eval "exec $fd>&-"; fi
    done
    exec setsid "$@"
  ) </dev/null >>"$RUN/$name.log" 2>&1 &
  echo "$! $(start_time $! || echo 0)" >"$RUN/$name.pid"
}

show_log() { [ ! -s "$RUN/$1.log" ] || { echo "--- $RUN/$1.log"; tail -n 8 "$RUN/$1.log"; } >&2; }

names() { ls "$RUN" 2>/dev/null | sed -n 's/\.pid$//p'; }

# end NAME…: asks all to stop, waits until they have, and stops by force what does not.
end() {
  local name pid deadline=$((SECONDS + 40))
  for name; do if pid=$(pid_of "$name"); then kill -TERM "$pid" 2>/dev/null || true; fi; done
  for name; do
    while pid=$(pid_of "$name"); do
      if ((SECONDS >= deadline)); then
        echo "$name (pid $pid) does not stop: killed" >&2
        kill -KILL "$pid" 2>/dev/null || true
      fi
      sleep 0.05
    done
    rm -f "$RUN/$name.pid"
  done
}

# listens HOST PORT: whether anybody does.
listens() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

# start_replica HOST PORT: until it listens. Leaves one that lives alone. 1 if it ended.
start_replica() {
  local name
  name=$(name_of "$1" "$2")
  pid_of "$name" >/dev/null && return
  launch "$name" "$BIN/replicad" --host "$1" --port "$2"
  await_replica "$1" "$2"
}

await_replica() {
  local name deadline=$((SECONDS + WAIT))
  name=$(name_of "$1" "$2")
  until pid_of "$name" >/dev/null && listens "$1" "$2"; do
    pid_of "$name" >/dev/null || { rm -f "$RUN/$name.pid"; return 1; }
    ((SECONDS < deadline)) || return 1
    sleep 0.05
  done
}

# connections PORT: how many connections from here to a local port stand.
connections() {
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    awk -v port="$(printf ':%04X' "$1")" 'substr($3, length($3) - 4) == port && $4 == "01"' | wc -l
}
