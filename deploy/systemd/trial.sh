#!/bin/bash
# What test.sh runs inside of the booted Debian: installs what is in /trial/tree, uses the services as
# an operator would, and writes /trial/report.
exec >/trial/report 2>&1
trap 'journalctl -o short-monotonic -u lbd -u "replicad@*" --no-pager >/trial/journal 2>&1' EXIT

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
    echo "FAIL  $name: ${said:0:600}"
    failed=$((failed + 1))
  fi
}
# within SECONDS COMMAND...: true once the command is.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}
quietly() { "$@" >/dev/null 2>&1; }
is() { [ "$1" = "$2" ] || { echo "\"$1\", not \"$2\""; return 1; }; }
property() { systemctl show -P "$2" "$1"; }
crash() { systemctl kill --kill-who=main --signal=KILL "$1"; }
states() { lbctl pool --json | grep -o '"state":"[a-z]*"' | cut -d '"' -f 4 | tr '\n' ' '; }
states_are() { is "$(states)" "$1 "; }
port() { curl -sS -m 5 http://127.0.0.1:8080/getInfo | grep -o '"port":"[0-9]*"' | grep -o '[0-9]*'; }
ports() { for ((i = 0; i < $1; i++)); do port; done | tr '\n' ' '; }
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

cp -a /trial/tree/. /
check "sysusers makes the user lbd" systemd-sysusers
systemctl daemon-reload
echo "127.0.0.1 third.internal" >>/etc/hosts
# A library of this Debian's glibc comes first where names are looked up: lbd must not load it.
sed -i 's/^hosts:.*/hosts: myhostname files dns/' /etc/nsswitch.conf

# The manual pages that the units name are not installed here.
verify() { is "$(systemd-analyze verify --man=no lbd.service replicad@8081.service 2>&1)" ""; }
check "systemd-analyze verify has nothing to say" verify

check "systemctl start lbd replicad@8081..8083" systemctl start lbd replicad@808{1..3}
check "all replicas come up" within 10 states_are "up up up"
check "lbctl health says so" lbctl health
check "30 requests go in turn" in_turn 30 8081 8082 8083
check "lbctl test answers" lbctl test -n 6
status_line() { systemctl status lbd --no-pager | grep 'Status: "3/3 replicas up"'; }
check "systemctl status tells of the replicas" status_line

operator() { setpriv --reuid nobody --regid nogroup --groups "$1" lbctl health; }
stranger() { ! operator nogroup; }
check "a member of the group lbd may use lbctl" operator lbd
check "others may not" stranger

check "systemctl stop replicad@8082" systemctl stop replicad@8082
gone() { states | grep -q '^up \(ejected\|down\) up $'; }
check "it leaves the pool" within 10 gone
check "the others take its turns" in_turn 10 8081 8083
check "systemctl status counts them" within 2 eval 'systemctl status lbd | grep -q "2/3 replicas up"'
check "systemctl start replicad@8082" systemctl start replicad@8082
check "it comes back" within 10 states_are "up up up"
check "and has its turn" in_turn 9 8081 8082 8083

before=$(property lbd MainPID)
crash replicad@8083
check "a killed replica is started again" within 15 eval '[ "$(property replicad@8083 NRestarts)" = 1 ] && states_are "up up up" >/dev/null'

sed -i 's/^ports .*/ports = 8081, 8082/' /etc/lbd/lb.conf
printf '[replica third]\naddress = third.internal:8083\n' >>/etc/lbd/lb.conf
check "systemctl reload lbd" systemctl reload lbd
named() { lbctl pool --json | grep -q '"name":"third","address":"third.internal:8083"' && states_are "up up up"; }
check "a replica given by name comes up" within 10 eval 'named >/dev/null'
check "the same process goes on" is "$(property lbd MainPID)" "$before"

curl -sS -m 20 -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/delay/2s >/tmp/inflight 2>&1 &
inflight=$!
sleep 0.5
check "systemctl stop lbd" systemctl stop lbd
wait $inflight
check "what was in flight has ended well" is "$(cat /tmp/inflight)" 200
check "it stopped cleanly" is "$(property lbd Result) $(property lbd ExecMainStatus)" "success 0"
refused() { quietly curl -m 5 http://127.0.0.1:8080/getInfo; is $? 7; }
check "its port is closed" refused
check "nothing is left in /run/lbd" eval '[ ! -e /run/lbd ]'

cp /etc/lbd/lb.conf /tmp/lb.conf
echo 'intervall = 1s' >>/etc/lbd/lb.conf
check "systemctl start with a bad conf fails" eval '! systemctl start lbd'
sleep 2.5
check "it exits 78" is "$(property lbd ExecMainStatus)" 78
check "and is not started again" is "$(property lbd ActiveState) $(property lbd NRestarts)" "failed 0"
check "systemctl status shows the mistake" eval 'systemctl status lbd | grep -q "unknown key \"intervall\""'
cp /tmp/lb.conf /etc/lbd/lb.conf

# The other order, and a crash.
systemctl stop 'replicad@*'
check "lbd starts without its replicas" systemctl start lbd
check "and says 503" eval 'curl -sS http://127.0.0.1:8080/getInfo | grep -q "no replica is available"'
check "replicas may come later" systemctl start replicad@808{1..3}
check "they come up" within 10 states_are "up up up"
crash lbd
check "a killed lbd is started again" within 10 eval '[ "$(property lbd NRestarts)" = 1 ] && quietly lbctl health'

for unit in lbd replicad@8081; do
  echo "      $(systemd-analyze security --no-pager "$unit.service" | tail -1)"
done
if [ "$failed" = 0 ]; then
  echo "passed: $passed checks"
else
  echo "failed: $failed of $((passed + failed)) checks"
  exit 1
fi
