#!/usr/bin/env bash
# Builds libFuzzer targets and runs each for a while, beginning with what is in seeds/ and what earlier
# runs found: run.sh SECONDS [TARGET...]. Everything it makes is in .build/fuzz; a find is repeated with
# `.build/fuzz/TARGET FILE`.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=$1
shift
(($#)) || set -- RequestHeads ResponseHeads ChunkedBodies ProxyHeaders Conf
out=.build/fuzz
mkdir -p "$out/finds"

# The module's sources and the target make one module; the settings are those of Package.swift.
build() {
  local module=HTTPWire shared=(Tests/Fuzz/Input.swift Tests/TestSupport/Seeded.swift)
  case $1 in
    Conf) module=Configuration ;;
    *Heads) shared+=(Tests/Fuzz/Line.swift) ;;
  esac
  swiftc -O -wmo -sanitize=fuzzer,address -use-ld=lld -parse-as-library -swift-version 6 \
    -module-name "$module" -package-name lbd -strict-memory-safety -warnings-as-errors \
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault \
    -enable-upcoming-feature MemberImportVisibility -enable-experimental-feature Lifetimes \
    Sources/"$module"/*.swift "${shared[@]}" "Tests/Fuzz/$1.swift" -o "$out/$1"
}

# One line says what came of it; all that the fuzzer wrote is in a log.
run() {
  local target=$1 log=$out/$1.log dictionary=http status=0
  [[ $target != Conf ]] || dictionary=conf
  mkdir -p "$out/corpus/$target"
  "$out/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -detect_leaks=1 \
    -print_final_stats=1 -verbosity=1 -dict="Tests/Fuzz/$dictionary.dict" \
    -artifact_prefix="$out/finds/$target-" "$out/corpus/$target" "Tests/Fuzz/seeds/$target" \
    >"$log" 2>&1 </dev/null || status=$?
  local runs edges
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  edges=$(grep -o ' cov: [0-9]*' "$log" | tail -n 1 | grep -o '[0-9]*$' || true)
  if ((status)); then
    grep -E 'Fatal error|^==|SUMMARY|Test unit written' "$log" || tail -n 20 "$log"
    echo "fuzz $target: FAILED after ${runs:-?} runs, ${edges:-?} edges; see $log"
  else
    echo "fuzz $target: $runs runs in $seconds s, $edges edges, no crash, hang or leak"
  fi
  return "$status"
}

# The sanitizer's report is the better one.
export SWIFT_BACKTRACE=enable=no
failed=0
for target; do
  build "$target"
  run "$target" || failed=1
done
exit "$failed"
