#!/bin/sh
# Tries the package under a real systemd: boots a Debian in systemd-nspawn with a network of its own,
# where trial.sh installs it and uses it. Needs root; prints a line for each check.
#
#   DEB     the package               (made of the release build)
#   SUITE   which Debian to boot      (bookworm; trixie has another glibc and systemd than most builds)
#   ROOTFS  where it is, made if absent and kept    (.build-systemd/SUITE)
set -eu
cd "$(dirname "$0")/../.."
suite=${SUITE:-bookworm}
root=${ROOTFS:-.build-systemd/$suite}

fail() { echo "test-systemd: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "needs root"

missing=
command -v systemd-nspawn >/dev/null || missing="$missing systemd-container"
command -v debootstrap >/dev/null || missing="$missing debootstrap"
if [ -n "$missing" ]; then
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update && apt-get install -y --no-install-recommends $missing; } >/dev/null ||
    fail "cannot install$missing"
fi

packages=systemd,systemd-sysv,dbus,procps,curl,logrotate,libnss-myhostname
if [ "$(cat "$root.made" 2>/dev/null)" != "$packages" ]; then
  echo "test-systemd: making a Debian in $root, once"
  rm -rf "$root"  # one that broke off
  mkdir -p "$root"
  timeout 600 debootstrap --variant=minbase --include="$packages" \
    "$suite" "$(realpath "$root")" >"$root.log" 2>&1 || fail "debootstrap failed; see $root.log"
  echo "$packages" >"$root.made"
fi

# What goes on top of the Debian, and where the report comes back.
work=$(mktemp -d)
nspawn=
trap 'trap - EXIT; [ -z "$nspawn" ] || kill "$nspawn" 2>/dev/null || :; wait; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
if [ -z "${DEB:-}" ]; then
  deploy/dist.sh "$work/dist"
  DEB=$(echo "$work"/dist/lbd_*.deb)
fi
cp "$DEB" "$work/lbd.deb"
install -m 755 deploy/systemd/trial.sh "$work/trial.sh"

# Without systemd on this machine there is nobody to register the container with.
options=
[ -d /run/systemd/system ] || options="--register=no --keep-unit"
timeout -k 10 300 systemd-nspawn -q $options -D "$root" --volatile=overlay --private-network \
  --machine=lbd-test --bind="$work:/trial" --console=pipe --boot \
  systemd.run=/trial/trial.sh systemd.run_success_action=exit systemd.run_failure_action=exit \
  </dev/null >"$work/console" 2>&1 &
nspawn=$!
status=0
wait "$nspawn" || status=$?
nspawn=
if [ ! -e "$work/report" ]; then
  cat "$work/console" >&2
  fail "the Debian did not boot (exit $status)"
fi
cat "$work/report"
[ "$status" = 0 ] && tail -n 1 "$work/report" | grep -q '^passed' && exit 0
cat "$work/console" >&2
[ ! -e "$work/journal" ] || cat "$work/journal" >&2
fail "failed (exit $status)"
