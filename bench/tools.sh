#!/usr/bin/env bash
# The programs of others that `make bench` needs: installs Debian's packages where they are missing and
# this is root, else says which to install. No service is started by that.
set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin
missing=()
for pair in nginx:nginx-light haproxy:haproxy wrk:wrk taskset:util-linux; do
  command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
((${#missing[@]})) || exit 0
if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
  echo "bench: install Debian's ${missing[*]} first" >&2
  exit 1
fi

# Debian starts a service when it is installed, unless this says no. It says so only meanwhile.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
echo "bench: installing Debian's ${missing[*]}" >&2
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -qqy --no-install-recommends "${missing[@]}" >/dev/null
for service in nginx haproxy; do
  if [[ " ${missing[*]} " == *" $service"* ]]; then
    echo "bench: $service's service was not started; systemctl disable $service keeps it so" >&2
  fi
done
