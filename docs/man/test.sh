#!/bin/sh
# Installs into a directory of its own, then has each man page rendered: a warning is a failure.
set -eu
cd "$(dirname "$0")/../.."
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
make -s install DESTDIR="$tree"
for page in "$tree"/usr/share/man/*/*; do
  said=$(LC_ALL=C.UTF-8 MANWIDTH=80 MANROFFSEQ='' man --warnings -E UTF-8 -l -Tutf8 "$page" 2>&1 >"$tree/text")
  [ -z "$said" ] || { echo "test-man: ${page##*/}: $said" >&2; exit 1; }
  [ "$(wc -l <"$tree/text")" -gt 20 ] || { echo "test-man: ${page##*/} is empty" >&2; exit 1; }
done
grep -q '^\.B trusted_proxies$' "$tree/usr/share/man/man5/lb.conf.5" || { echo "test-man: lb.conf.5 lacks keys" >&2; exit 1; }
echo "test-man: all pages render"
