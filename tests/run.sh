#!/usr/bin/env bash
# Every test, once `make setup` has been run. Three lines of tests run side by side, which is what two cores can do: the
# tests over HTTP wait much, the others compute. Each tier shows what it has to say when it is done; the containers
# run alone at the end, since they take the whole machine.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
python=.venv/bin/python
rm -rf .local/aws-calls .local/sam-builds
mkdir -p .local/aws-calls
# Which AWS calls the functions make is recorded; what they may do is held against that.
export RECORD_AWS_CALLS="$PWD/.local/aws-calls"
# What one line builds of the template, the containers run.
export SAM_BUILDS="$PWD/.local/sam-builds"
# Stacks are started over and over, and would compile the same modules each time.
unset PYTHONDONTWRITEBYTECODE
# shellcheck source=tests/tiers.sh
. tests/tiers.sh

run() {
  local name=$1
  shift
  run_tier "$name" "$python" -m pytest --durations 12 --durations-min 5 "$@" || failed=1
}

over_http() {
  failed=0
  make --no-print-directory tools
  nice make -j2 --no-print-directory aws-tools >.local/aws-tools.log 2>&1 & local tools=$!
  run e2e tests/e2e
  # Without them the tests say what is missing.
  wait "$tools" || cat .local/aws-tools.log >&2
  run sam tests/sam --ignore tests/sam/test_containers.py
  return "$failed"
}

of_faults() {
  failed=0
  run faults tests/faults
  # The other line has installed the tools of these by now.
  run contract tests/contract
  run clients tests/clients
  return "$failed"
}

inside() {
  failed=0
  run functional tests/functional
  # `make coverage` measures these two; measured along, they would take two thirds longer.
  run unit tests/unit
  run setup tests/setup
  return "$failed"
}

echo "Every tier, in three lines side by side: e2e, sam; faults, contract, clients; functional, unit, setup. Then privileges and"
echo "containers. While a tier runs, its lines are in $tiers/."
lines=0
over_http & over_http=$!
of_faults & of_faults=$!
inside || lines=1
wait "$over_http" || lines=1
wait "$of_faults" || lines=1
failed=$lines
if [ "$lines" = 0 ]; then
  run privileges tests/privileges
  run containers tests/sam/test_containers.py
else
  echo "privileges and containers are left out, since something failed before them"
fi
tell_results
exit "$failed"
