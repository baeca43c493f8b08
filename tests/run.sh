#!/usr/bin/env bash
# Every test, once `make setup` has been run. Three tiers run side by side, which is what two cores can do: the tests over
# HTTP wait much, the others compute. Each tier shows what it has to say when it is done; the containers run alone at the
# end, since they take the whole machine.
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
  run_tier "$name" "$python" -m pytest --durations 12 --durations-min 5 "$@"
}

# What the tests of all tiers call is installed while the first of them run; without it they say what is missing.
install_tools() {
  make --no-print-directory tools
  nice make -j2 --no-print-directory aws-tools >.local/aws-tools.log 2>&1 &
}

e2e() {
  install_tools
  run e2e tests/e2e --ignore-glob '*/test_portal*' --ignore-glob '*/test_widget*'
}
functional() { run functional tests/functional; }
faults() { run faults tests/faults; }
browser() { run browser tests/e2e/test_portal*.py tests/e2e/test_widget*.py; }
contract() { run contract tests/contract; }
sam() {
  make --no-print-directory aws-tools >>.local/aws-tools.log 2>&1 || cat .local/aws-tools.log >&2
  run sam tests/sam --ignore tests/sam/test_containers.py
}
clients() { run clients tests/clients; }
# `make coverage` measures this one and the functional tests; measured along, they would take two thirds longer.
unit() { run unit tests/unit; }
setup() { run setup tests/setup; }

all=(e2e functional faults browser contract sam clients unit setup)
echo "Every tier, three at a time: ${all[*]}. Then privileges and containers."
echo "While a tier runs, its lines are in $tiers/."
failed=0
in_lines 3 "${all[@]}" || failed=1
if [ "$failed" = 0 ]; then
  run privileges tests/privileges || failed=1
  run containers tests/sam/test_containers.py || failed=1
else
  echo "privileges and containers are left out, since something failed before them"
fi
tell_results
exit "$failed"
