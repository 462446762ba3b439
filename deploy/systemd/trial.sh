#!/bin/bash
# What test.sh runs inside of the booted Debian: installs /trial/lbd.deb, uses the services as an
# operator would, and writes /trial/report.
exec >/trial/report 2>&1
trap 'journalctl -o short-monotonic -u lbd -u lbd.socket -u "replicad@*" --no-pager >/trial/journal 2>&1' EXIT

failed=0
passed=0
skipped=0
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
# with VERB NAME COMMAND...: a check of what this lbctl must be able to do.
with() {
  if lbctl help "$1" >/dev/null 2>&1; then check "${@:2}"; else
    echo "skip  $2: there is no lbctl $1"
    skipped=$((skipped + 1))
  fi
}
# within SECONDS COMMAND...: true once the command is.
within() {
  local end=$((SECONDS + $1)) said
  shift
  until said=$("$@" 2>&1); do
    [ "$SECONDS" -lt "$end" ] || { echo "$said"; return 1; }
    sleep 0.1
  done
}
quietly() { "$@" >/dev/null 2>&1; }
is() { [ "$1" = "$2" ] || { echo "\"$1\", not \"$2\""; return 1; }; }
property() { systemctl show -P "$2" "$1"; }
send() { systemctl kill --kill-who=main --signal="$2" "$1"; }
states() { lbctl pool --json | grep -o '"state":"[a-z]*"' | cut -d '"' -f 4 | tr '\n' ' '; }
states_are() { is "$(states)" "$1 "; }
port() { curl -sS -m 5 http://127.0.0.1:8080/getInfo | grep -o '"port":"[0-9]*"' | grep -o '[0-9]*'; }
ports() { for ((i = 0; i < $1; i++)); do port; done | tr '\n' ' '; }
status_says() { systemctl status "$1" --no-pager -n 30 | grep -q "$2"; }
journal_has() { journalctl -q -o cat "${@:2}" | grep -q "$1"; }
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
# under_load COMMAND...: runs it while requests go on, over connections that are kept and over new
# ones, each slow enough to be in flight; every one of them must be answered with 200.
under_load() {
  local stop=/tmp/load.stop loops=() sums=/tmp/load.sums i answers
  rm -f $stop
  : >$sums
  for i in 1 2 3; do
    while [ ! -e $stop ]; do
      curl -s -m 30 -o /dev/null -w '%{http_code} %{errormsg}\n' "http://127.0.0.1:${load_port:-8080}/delay/20ms" >>$sums
    done &
    loops+=($!)
  done
  # By its URL: between two lives of lbd there is no control socket to ask for it.
  until [ -e $stop ]; do lbctl test -n 40 -c 4 "http://127.0.0.1:${load_port:-8080}/delay/10ms" >/dev/null 2>/tmp/load.test || cat /tmp/load.test >>$sums; done &
  loops+=($!)
  answered 10
  "$@"
  local status=$?
  answered $(($(wc -l <$sums) + 10)) || status=1
  touch $stop
  wait "${loops[@]}"
  grep -v '^200 $' $sums | head -20
  [ "$status" = 0 ] && ! grep -qv '^200 $' $sums
}
# answered N: waits until the load has had so many answers.
answered() { within 60 eval '[ "$(wc -l </tmp/load.sums)" -ge '"$1"' ] || { echo "too few answers"; false; }'; }

check "dpkg -i" dpkg -i /trial/lbd.deb
check "lbctl's completions are installed" eval 'grep -q lbctl /usr/share/bash-completion/completions/lbctl &&
  grep -q lbctl /usr/share/zsh/vendor-completions/_lbctl &&
  grep -q lbctl /usr/share/fish/vendor_completions.d/lbctl.fish'
check "nothing was started" eval '[ "$(property lbd ActiveState) $(property replicad@8081 ActiveState)" = "inactive inactive" ]'
check "it made the user and the group lbd" eval 'getent passwd lbd && getent group lbd'
echo "127.0.0.1 third.internal" >>/etc/hosts
# A library of this Debian's glibc comes first where names are looked up: lbd must not load it.
sed -i 's/^hosts:.*/hosts: myhostname files dns/' /etc/nsswitch.conf
# A watchdog that need not be waited for.
mkdir -p /etc/systemd/system/lbd.service.d
printf '[Service]\nWatchdogSec=3s\n' >/etc/systemd/system/lbd.service.d/trial.conf
systemctl daemon-reload

# The manual pages that the units name are left out of this Debian.
verify() { is "$(systemd-analyze verify --man=no lbd.service lbd.socket lbd.target replicad@8081.service 2>&1)" ""; }
check "systemd-analyze verify has nothing to say" verify

check "systemctl start lbd replicad@8081..8083" systemctl start lbd replicad@808{1..3}
check "all replicas come up" within 10 states_are "up up up"
check "lbctl health says so" lbctl health
check "30 requests go in turn" in_turn 30 8081 8082 8083
check "lbctl test answers" lbctl test -n 6
check "systemctl status tells of the replicas" status_says lbd 'Status: "3/3 replicas up, .* req/s"'
check "and of the requests a second" within 12 status_says lbd 'Status: "3/3 replicas up, [1-9].* req/s"'

operator() { setpriv --reuid nobody --regid nogroup --groups "$1" lbctl health; }
stranger() { ! operator nogroup; }
check "a member of the group lbd may use lbctl" operator lbd
check "others may not" stranger

check "systemctl stop replicad@8082" systemctl stop replicad@8082
gone() { states | grep -q '^up \(ejected\|down\) up $'; }
check "it leaves the pool" within 10 gone
check "the others take its turns" in_turn 10 8081 8083
check "systemctl status counts them" within 2 status_says lbd '2/3 replicas up'
check "journalctl finds what befell it by its name" journal_has 'replica 8082 is down\|replica 8082 is ejected' LBD_REPLICA=8082
kind=$(grep -o '`state` | `[0-9a-f]*`' /usr/share/doc/lbd/log.md | grep -o '[0-9a-f]\{32\}')
check "and by the kind of event" journal_has 'replica 8082' "MESSAGE_ID=$kind" _SYSTEMD_UNIT=lbd.service
check "systemctl start replicad@8082" systemctl start replicad@8082
check "it comes back" within 10 states_are "up up up"
check "and has its turn" in_turn 9 8081 8082 8083

before=$(property lbd MainPID)
send replicad@8083 KILL
check "a killed replica is started again" within 15 eval '[ "$(property replicad@8083 NRestarts)" = 1 ] && states_are "up up up" >/dev/null'

for replica in 8081 8082 8083; do
  check "systemctl restart replicad@$replica costs no request" under_load systemctl restart replicad@$replica
  check "it is up again" within 10 states_are "up up up"
done
drained() { journal_has 'drain was ordered' LBD_REPLICA=8083; }
with drain "each was drained first" drained

sed -i 's/^ports .*/ports = 8081, 8082/' /etc/lbd/lb.conf
printf '[replica third]\naddress = third.internal:8083\n' >>/etc/lbd/lb.conf
with reload "systemctl reload lbd costs no request" under_load systemctl reload lbd
named() { lbctl pool --json | grep -q '"name":"third","address":"third.internal:8083"' && states_are "up up up"; }
with reload "a replica given by name comes up" within 10 eval 'named >/dev/null'
with reload "the same process goes on" is "$(property lbd MainPID)" "$before"
cp /etc/lbd/lb.conf /tmp/lb.conf
echo 'intervall = 1s' >>/etc/lbd/lb.conf
with reload "systemctl reload with a bad conf fails" eval '! systemctl reload lbd'
with reload "systemctl status shows where the mistake is" status_says lbd 'lb.conf:[0-9]*:1: error: unknown key "intervall"'
check "and all goes on as before" eval 'is "$(property lbd ActiveState) $(property lbd MainPID)" "active $before" && states_are "up up up"'
cp /tmp/lb.conf /etc/lbd/lb.conf

check "systemctl restart lbd refuses no connection" under_load systemctl restart lbd

# A download that takes longer than anybody would wait; what comes meanwhile has an answer within a second.
sed -i 's/^;drain .*/drain = 6s/' /etc/lbd/lb.conf
systemctl reload lbd
slowest() {
  curl -s -m 60 -o /dev/null "http://127.0.0.1:${load_port:-8080}/stream?chunks=600&interval=100ms" &
  local download=$! restart worst=0 time
  within 10 eval 'lbctl pool --json | grep -q "\"active\":1"'
  systemctl restart lbd &
  restart=$!
  while kill -0 $restart 2>/dev/null; do
    time=$(curl -sS -m 30 -o /dev/null -w '%{time_total}' "http://127.0.0.1:${load_port:-8080}/getInfo") || { echo "no answer"; return 1; }
    [ "${time/./}" -le "${worst/./}" ] || worst=$time
    sleep 0.02
  done
  kill $download 2>/dev/null
  echo "the slowest of all took $worst s"
  [ "${worst%%.*}" = 0 ]
}
check "systemctl restart lbd with a download open keeps nobody waiting for a second" slowest
cp /tmp/lb.conf /etc/lbd/lb.conf
systemctl reload lbd
check "all replicas are up after it" within 10 states_are "up up up"
check "its socket was held meanwhile" journal_has 'listens on http://127.0.0.1:8080, the socket it had before' LBD_EVENT=start
check "all replicas are up again" within 10 states_are "up up up"

# The stanza as the document has it.
sed -n '\#^/var/log/lbd/access.log {#,/^}/p' /usr/share/doc/lbd/access-log.md >/etc/logrotate.d/lbd
sed -i 's#^;access .*#access = /var/log/lbd/access.log#' /etc/lbd/lb.conf
logs() { [ -s /var/log/lbd/access.log ]; }
logged() { port >/dev/null && within 10 logs; }
with reload "an access log is opened" eval 'systemctl reload lbd && logged'
check "logrotate as documented has its lines go to a new file" eval 'logrotate -f /etc/logrotate.d/lbd && logged'
cp /tmp/lb.conf /etc/lbd/lb.conf
systemctl restart lbd
check "all replicas are up" within 10 states_are "up up up"

sed -i 's/^host .*/host = 0.0.0.0/' /etc/lbd/lb.conf
moved() { systemctl restart lbd && [ "$(property lbd NRestarts)" = 0 ] && journal_has 'listens on http://0.0.0.0:8080$' LBD_EVENT=start; }
check "another address of the same port is taken up by a restart" moved
cp /tmp/lb.conf /etc/lbd/lb.conf
check "and the former one" systemctl restart lbd

# The same file under a new inode, as a package's update leaves it.
renewed() { cp /usr/bin/lbd /usr/bin/lbd.new && mv /usr/bin/lbd.new /usr/bin/lbd; }
upgraded() {
  local before=$(property lbd MainPID)
  renewed && lbctl upgrade && within 5 eval '[ "$(property lbd MainPID)" != '"$before"' ]' || return 1
  is "$(property lbd ActiveState) $(property lbd NRestarts)" "active $1" &&
    is "$(lbctl pool --json | grep -o '"pid":[0-9]*' | head -1)" "\"pid\":$(property lbd MainPID)" &&
    within 10 eval "[ ! -e /proc/$before ]"
}
restarts=$(property lbd NRestarts)
with upgrade "lbctl upgrade costs no request, and the next lbd is the main process" under_load upgraded "$restarts"
with upgrade "another one follows that" upgraded "$restarts"
others_upgrade() { ! setpriv --reuid nobody --regid nogroup --groups lbd lbctl upgrade; }
with upgrade "only root and lbd's user may order it" others_upgrade
# Longer than the watchdog waits.
sleep 4
with upgrade "the watchdog hears of the next one" is "$(property lbd NRestarts)" "$restarts"
cp /usr/bin/lbd /tmp/lbd.good
main=$(property lbd MainPID)
broken() { printf '#!/bin/sh\nexit 7\n' >/usr/bin/lbd.new && chmod 755 /usr/bin/lbd.new && mv /usr/bin/lbd.new /usr/bin/lbd; ! lbctl upgrade; }
with upgrade "one that cannot start leaves the one that runs" eval 'broken && [ "$(property lbd MainPID)" = $main ] && quietly lbctl health'
cp /tmp/lbd.good /usr/bin/lbd.new && chmod 755 /usr/bin/lbd.new && mv /usr/bin/lbd.new /usr/bin/lbd
with upgrade "systemctl restart lbd after it refuses no connection" under_load systemctl restart lbd
with upgrade "and its socket was held" journal_has 'the socket it had before' LBD_EVENT=start "_PID=$(property lbd MainPID)"
check "all replicas are up after that" within 10 states_are "up up up"

with drain "lbctl drain 8082" lbctl drain 8082
before=$(property lbd NRestarts)
send lbd KILL
check "a killed lbd is started again" within 10 eval '[ "$(property lbd NRestarts)" = $((before + 1)) ] && quietly lbctl health'
check "connections waited for it" journal_has 'the socket it had before' LBD_EVENT=start "_PID=$(property lbd MainPID)"
with drain "and keeps the order" within 10 states_are "up draining up"
with drain "systemctl restart lbd keeps it, too" eval 'systemctl restart lbd && within 10 states_are "up draining up"'
with drain "lbctl ready 8082" lbctl ready 8082
check "all are up" within 10 states_are "up up up"

before=$(property lbd NRestarts)
send lbd STOP
check "the watchdog ends a lbd that stands still, and it is started again" within 15 \
  eval '[ "$(property lbd NRestarts)" = $((before + 1)) ] && quietly lbctl health'
check "systemd says why" journal_has 'Watchdog timeout' -u lbd
check "all are up" within 10 states_are "up up up"
before=$(property lbd NRestarts)

curl -sS -m 20 -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/delay/2s >/tmp/inflight 2>&1 &
inflight=$!
sleep 0.5
check "systemctl stop lbd" systemctl stop lbd
wait $inflight
check "what was in flight has ended well" is "$(cat /tmp/inflight)" 200
check "it stopped cleanly" is "$(property lbd Result) $(property lbd ExecMainStatus)" "success 0"
refused() { quietly curl -m 5 "http://127.0.0.1:$1/getInfo"; is $? 7; }
check "its port is closed" refused 8080
check "nothing is left in /run/lbd" eval '[ ! -e /run/lbd ]'
check "logrotate as documented has nothing to say while lbd is stopped" eval 'is "$(logrotate -f /etc/logrotate.d/lbd 2>&1; echo $?)" 0'
check "an idle lbd was never taken for one that hangs" eval '[ "$(journalctl -q -u lbd | grep -c "Watchdog timeout")" = 1 ]'

echo 'intervall = 1s' >>/etc/lbd/lb.conf
check "systemctl start with a bad conf fails" eval '! systemctl start lbd'
sleep 1.5
check "it exits 78" is "$(property lbd ExecMainStatus)" 78
check "and is not started again" is "$(property lbd ActiveState) $(property lbd NRestarts)" "failed 0"
check "systemctl status shows the mistake" status_says lbd 'unknown key "intervall"'
cp /tmp/lb.conf /etc/lbd/lb.conf

# The other order.
systemctl stop 'replicad@*'
check "lbd starts without its replicas" systemctl start lbd
check "and says 503" eval 'curl -sS http://127.0.0.1:8080/getInfo | grep -q "no replica is available"'
check "replicas may come later" systemctl start replicad@808{1..3}
check "they come up" within 10 states_are "up up up"

systemctl stop lbd
check "systemctl enable --now lbd.socket" systemctl enable --now lbd.socket
check "a connection to port 80 starts lbd, which answers it" eval 'curl -sS -m 10 http://127.0.0.1/getInfo'
check "the log says that the unit's socket counts" journal_has 'a socket from lbd.socket: host and main_port do not count' LBD_EVENT=start
check "it is not at main_port" refused 8080
unprivileged() { is "$(ps -o user= -p "$(property lbd MainPID)")" lbd && is "$(grep CapEff "/proc/$(property lbd MainPID)/status" | cut -f 2)" 0000000000000000; }
check "it runs as lbd without a capability" unprivileged
check "all are up" within 10 states_are "up up up"
load_port=80
check "systemctl restart lbd refuses no connection to port 80" under_load systemctl restart lbd
with upgrade "lbctl upgrade costs no request to port 80" under_load upgraded 0
check "and it goes on there" eval 'curl -sS -m 10 http://127.0.0.1/getInfo && refused 8080'
check "systemctl restart lbd with a download open keeps nobody at port 80 waiting" slowest
echo 'intervall = 1s' >>/etc/lbd/lb.conf
systemctl stop lbd
quietly curl -m 5 http://127.0.0.1/getInfo
sleep 1
starts() { journalctl -q -u lbd.service -b | grep -c 'Starting lbd.service'; }
before=$(starts)
sleep 3
check "a bad conf ends in no loop there, either" is "$(starts)" "$before"
cp /tmp/lb.conf /etc/lbd/lb.conf
check "once it is mended, systemctl start brings the socket, too" eval 'systemctl start lbd && curl -sS -m 10 http://127.0.0.1/getInfo'

enabled() { systemctl enable --quiet lbd replicad@808{1..3}; }
check "systemctl enable lbd replicad@8081..8083" enabled
check "systemctl restart lbd.target" eval 'systemctl start lbd.target && systemctl restart lbd.target && within 10 states_are "up up up"'
check "systemctl stop lbd.target ends all" eval 'systemctl stop lbd.target && within 10 refused 80 && within 10 refused 8081'

for unit in lbd replicad@8081; do
  score=$(systemd-analyze security --no-pager "$unit.service" | grep -o 'level.*: [0-9.]*' | grep -o '[0-9.]*$')
  check "systemd-analyze security $unit: $score, at most 1.3" eval '[ "${score/./}" -le 13 ]'
done

check "dpkg -r leaves the conf" eval 'dpkg -r lbd && [ -e /etc/lbd/lb.conf ] && [ ! -e /usr/bin/lbd ]'
check "dpkg -P takes all" eval 'dpkg -P lbd && [ ! -e /etc/lbd ] && [ ! -e /var/lib/lbd ]'

if [ "$failed" = 0 ]; then
  echo "passed: $passed checks, $skipped skipped, in $SECONDS s"
else
  echo "failed: $failed of $((passed + failed)) checks"
  exit 1
fi
