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
  run_tier "$name" .venv/bin/python -m pytest -q -m "not long" "$@"
}

lint() { run_tier lint make --no-print-directory lint; }
unit() { run unit tests/unit tests/setup tests/clients; }
# In two by the first letters, so that both lines take as long.
functional-1() { run functional-1 tests/functional/lifecycle tests/functional/staging tests/functional/test_[ab]*.py; }
functional-2() {
  run functional-2 tests/functional --ignore tests/functional/lifecycle --ignore tests/functional/staging \
    --ignore-glob '*/functional/test_[ab]*.py'
}

echo "The linters, the unit tests and most of the functional ones, two at a time. All tests: make test"
failed=0
in_lines 2 functional-2 lint unit functional-1 || failed=1
tell_results
exit "$failed"
