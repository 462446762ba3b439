#!/bin/sh
# Prints a man page. Standard input has the part of lb.conf(5) that is made from the keys.
set -eu
cd "$(dirname "$0")"
if [ -e "$1" ]; then cat "$1"; else sed '/^\.\\" KEYS:/{
r /dev/stdin
d
}' "$1.in"; fi
