#!/usr/bin/env bash
# Builds lbd and lbctl of the former release, once, from the history of this repository: former.sh DIRECTORY.
# Tests/former-release names its commit.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$1
commit=$(cat Tests/former-release)
[[ $(cat "$bin/commit" 2>/dev/null) != "$commit" ]] || exit 0

if ! git cat-file -e "$commit^{commit}" 2>/dev/null; then
  echo "test-upgrade: the former release, commit $commit, is not in this clone's history, so it cannot be" \
    "built: run \"git fetch --unshallow\", or set FORMER_BIN to a directory with its lbd and lbctl" >&2
  exit 1
fi
echo "building the former release, commit $commit, once; 3 minutes on two quiet cores"
rm -rf "$bin"
mkdir -p "$bin/source"
git archive "$commit" | tar -x -C "$bin/source"
for product in lbd lbctl; do
  swift build -c release --package-path "$bin/source" --product "$product"
  cp "$bin/source/.build/release/$product" "$bin"
done
rm -rf "$bin/source"
echo "$commit" >"$bin/commit"
