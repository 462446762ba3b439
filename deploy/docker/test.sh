#!/bin/bash
# Tries docker-compose.yml on a real Docker engine: the one that runs, else one of its own with a network
# of its own, of which nothing stays. Images come from the release build; none is fetched. What is tried is a
# copy, since the conf is edited. Needs root; prints a line for each check.
#
#   PORT    the port on 127.0.0.1 that lbd is published at    (8080)
set -u
cd "$(dirname "$0")/../.."

fail() { echo "test-docker: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "needs root"
for binary in lbd replicad lbctl; do
  [ -x ".build/shipped/$binary" ] || fail "no $binary in .build/shipped; run make build"
done

missing=
command -v dockerd >/dev/null || missing="$missing docker.io"
command -v docker-compose >/dev/null || docker compose version >/dev/null 2>&1 ||
  missing="$missing docker-compose"
command -v curl >/dev/null || missing="$missing curl"
command -v iptables >/dev/null || missing="$missing iptables"
command -v ip >/dev/null || missing="$missing iproute2"
if [ -n "$missing" ]; then
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update && apt-get install -y --no-install-recommends $missing; } >/dev/null ||
    fail "cannot install$missing"
fi
compose() {
  local command="docker-compose"
  command -v docker-compose >/dev/null || command="docker compose"
  timeout 120 $command -p lbd-test "$@"
}

export LBD_PUBLISH=127.0.0.1:${PORT:-8080}
work=$(mktemp -d)
mkdir "$work/tree"
cp -a --parents .dockerignore docker-compose.yml deploy/docker .build/shipped/{lbd,lbctl,replicad} "$work/tree"
cd "$work/tree"
engine=
inside= # What runs a command in the engine's network.
finish() {
  trap - EXIT
  compose down --rmi local -v >"$work/down" 2>&1
  if [ -n "$engine" ]; then
    kill "$engine" 2>/dev/null
    wait "$engine"
    awk -v at="$work/" 'index($2, at) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount
  fi
  cd /
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

if ! docker info >/dev/null 2>&1; then
  export DOCKER_HOST=unix://$work/sock
  unshare --net sh -c "ip link set lo up && exec dockerd --data-root '$work/data' --exec-root '$work/exec' \
    --pidfile '$work/pid' --host '$DOCKER_HOST'" >"$work/engine" 2>&1 &
  engine=$!
  inside="nsenter --target $engine --net"
  for ((i = 0; i < 150; i++)); do
    docker info >/dev/null 2>&1 && break
    kill -0 "$engine" 2>/dev/null || break
    sleep 0.2
  done
  docker info >/dev/null 2>&1 || { tail -n 20 "$work/engine" >&2; fail "the Docker engine does not start"; }
fi

failed=0
passed=0
# check NAME COMMAND...: one line, and what the command said if it failed.
check() {
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then
    echo "ok    $name"
    passed=$((passed + 1))
  else
    echo "FAIL  $name: $(tail -c 600 <<<"$said")"
    failed=$((failed + 1))
  fi
}
# within SECONDS COMMAND...: true once the command is.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.2
  done
}
is() { [ "$1" = "$2" ] || { echo "\"$1\", not \"$2\""; return 1; }; }
ask() { $inside curl -sS -m 5 "http://$LBD_PUBLISH/$1"; }
lbctl() { compose exec -T lbd /usr/bin/lbctl "$@"; }
states() { lbctl pool --json | grep -o '"state":"[a-z]*"' | cut -d '"' -f 4 | tr '\n' ' '; }
states_are() { is "$(states)" "$1 "; }
gone() { states | grep -q '^up \(ejected\|down\|unresolved\) up $'; }
ports() {
  for ((i = 0; i < $1; i++)); do ask getInfo | grep -o '"port":"[0-9]*"' | grep -o '[0-9]*'; done | tr '\n' ' '
}
# in_turn N PORT...: whether N requests meet the ports in turn, from whichever is next.
in_turn() {
  local count=$1 seen expected= i
  shift
  seen=$(ports "$count")
  for ((i = 0; i < $#; i++)); do
    [ "$1" = "${seen%% *}" ] && break
    set -- "${@:2}" "$1"
  done
  for ((i = 0; i < count; i++)); do expected+="${*:i % $# + 1:1} "; done
  is "$seen" "$expected"
}
answers() { for ((i = 0; i < $1; i++)); do ask getInfo | grep -q '"port"' || return 1; done; }
health() { docker inspect -f '{{.State.Health.Status}}' "$(compose ps -q lbd)"; }
exit_status() { docker inspect -f '{{.State.ExitCode}}' "$(compose ps -aq "$1" 2>/dev/null || compose ps -q "$1")"; }

check "the compose file is valid" compose config -q
loopback() { (unset LBD_PUBLISH; compose config) | grep -A 3 ports: | grep -q '127\.0\.0\.1'; }
check "it publishes on this machine alone" loopback
check "lbd starts alone" compose up -d --build --no-deps lbd
check "it listens" within 10 eval 'ask getInfo >/dev/null'
check "names that nobody has yet are unresolved" states_are "unresolved unresolved unresolved"
check "it says 503" eval 'ask getInfo | grep -q "no replica is available"'
check "docker-compose up starts the replicas" compose up -d --build
check "their names resolve and they come up" within 15 states_are "up up up"
check "30 requests go in turn" in_turn 30 8081 8082 8083
check "lbctl test answers" lbctl test -n 6
sed -i 's#^path .*#path = /health?edited#' deploy/docker/lb.conf
check "an edited config is applied by lbctl reload" lbctl reload
check "as it is after the edit" eval 'lbctl config | grep -q "health?edited"'
check "Docker calls lbd healthy" within 30 eval '[ "$(health)" = healthy ]'

check "docker-compose stop replica2" compose stop replica2
check "no request fails meanwhile" answers 6
check "it leaves the pool" within 15 gone
check "the others take its turns" in_turn 10 8081 8083
# probed SECONDS: whether Docker has asked for lbd's health twice since then.
probed() {
  local since=$1 start count=0
  while IFS= read -r start; do
    [ "$(date -d "$start" +%s)" -lt "$since" ] || count=$((count + 1))
  done < <(docker inspect -f '{{json .State.Health.Log}}' "$(compose ps -q lbd)" | grep -o '"Start":"[^"]*"' | cut -d '"' -f 4)
  [ "$count" -ge 2 ]
}
check "Docker goes on asking for lbd's health" within 40 probed "$(date +%s)"
check "and calls it healthy, since it serves" is "$(health)" healthy
check "docker-compose start replica2" compose start replica2
check "it comes back" within 20 states_are "up up up"
check "and has its turn" in_turn 9 8081 8082 8083

# The engine gives the lowest free address: who had the higher one starts first, and gets the other's.
address() { docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$(compose ps -q "$1")"; }
lower=$(for name in replica2 replica3; do echo "$(address $name) $name"; done | sort -V | head -n 1)
case $lower in
*replica2) order="replica3 replica2" ;;
*) order="replica2 replica3" ;;
esac
exchange() { compose stop $order && for name in $order; do compose start "$name" || return 1; done; }
check "two replicas exchange their addresses" exchange
[ "$(address "${lower#* }")" != "${lower% *}" ] || echo "      (the engine gave each its own again)"
check "both are found again" within 20 states_are "up up up"
check "and have their turns" in_turn 9 8081 8082 8083

check "docker-compose restart lbd" compose restart lbd
check "it finds them all again" within 15 states_are "up up up"
$inside curl -sS -m 20 -o "$work/body" -w '%{http_code}' "http://$LBD_PUBLISH/delay/2s" >"$work/inflight" 2>&1 &
request=$!
sleep 0.5
check "docker-compose stop lbd" compose stop lbd
wait "$request"
check "what was in flight has ended well" is "$(cat "$work/inflight")" 200
check "it stopped cleanly" is "$(exit_status lbd)" 0
check "docker-compose down" compose down --rmi local
check "nothing is left of it" is "$(docker ps -aq --filter label=com.docker.compose.project=lbd-test)" ""

if [ "$failed" = 0 ]; then
  echo "passed: $passed checks"
else
  echo "failed: $failed of $((passed + failed)) checks"
  exit 1
fi
