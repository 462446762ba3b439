#!/usr/bin/env bash
# Runs the tests: `swift test` with these arguments. A run has thousands of lines, so that what failed is
# said once more at its end. The exit status is that of `swift test`.
set -uo pipefail
log=$(mktemp)
trap 'rm -f "$log"' EXIT

swift test --disable-xctest "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
((status)) || exit 0

# An issue goes on until a line with a sign of its own; the first lines of each are enough here.
echo "--- what failed, once more"
awk '
  /^(◇|✔|✘|➜)/ { left = 0 }
  /recorded an issue/ { left = 6 }
  /^✘ Test run |error: |Fatal error: |Program crashed: / && !left { left = 1 }
  left { print; left-- }
' "$log"
echo "--- swift test ended with $status"
exit "$status"
