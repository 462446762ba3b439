#!/bin/sh
# strip.sh FROM TO: the program as it is shipped, without symbols; they are in TO.debug, which a debugger
# finds by its name beside the program, or below /usr/lib/debug.
set -eu
from=$1 to=$2
objcopy=objcopy
# The toolchain brings one along, too.
command -v objcopy >/dev/null || objcopy=llvm-objcopy
mkdir -p "$(dirname "$to")"
work=$(mktemp -d "$to.XXXXXX")
trap 'rm -rf "$work"' EXIT
name=$(basename "$to")
"$objcopy" --only-keep-debug --compress-debug-sections "$from" "$work/$name.debug"
"$objcopy" --strip-all --remove-section='.gnu.warning.*' "$from" "$work/$name"
"$objcopy" --add-gnu-debuglink="$work/$name.debug" "$work/$name"
chmod 755 "$work/$name"
chmod 644 "$work/$name.debug"
mv -f "$work/$name.debug" "$work/$name" "$(dirname "$to")"
