#!/usr/bin/env bash
# The inner loop: the linters, the unit tests, and of the functional ones those that take no seconds each, in two lines
# side by side. What is left out is marked `long`, or needs its whole tier.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
# shellcheck source=tests/tiers.sh
. tests/tiers.sh

run() {
  local name=$1
  shift
  run_tier "$name" .venv/bin/python -m pytest -q -m "not long" "$@" || failed=1
}

first() {
  failed=0
  run_tier lint make --no-print-directory lint || failed=1
  run unit tests/unit tests/setup tests/clients
  # The first letters of the others, so that both lines take as long.
  run functional-1 tests/functional/lifecycle tests/functional/staging tests/functional/test_[ab]*.py
  return "$failed"
}

second() {
  failed=0
  run functional-2 tests/functional --ignore tests/functional/lifecycle --ignore tests/functional/staging \
    --ignore-glob '*/functional/test_[ab]*.py'
  return "$failed"
}

echo "The linters, the unit tests and most of the functional ones, in two lines side by side. All tests: make test"
failed_line=0
second & other=$!
first || failed_line=1
wait "$other" || failed_line=1
tell_results
exit "$failed_line"
