#!/usr/bin/env bash
# Every test, once `make setup` has been run. Three lines of tests run side by side, which is what two cores can do: the
# tests over HTTP wait much, the others compute. Each line shows what it has to say when all are done; the containers
# run alone at the end, since they take the whole machine.
set -uo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
rm -rf .local/aws-calls .local/sam-builds
mkdir -p .local/aws-calls
# Which AWS calls the functions make is recorded; what they may do is held against that.
export RECORD_AWS_CALLS="$PWD/.local/aws-calls"
# What one line builds of the template, the containers run.
export SAM_BUILDS="$PWD/.local/sam-builds"
# Stacks are started over and over, and would compile the same modules each time.
unset PYTHONDONTWRITEBYTECODE

run() { "$python" -m pytest "$@" || failed=1; }

over_http() {
  failed=0
  make --no-print-directory tools
  run tests/e2e
  return "$failed"
}

of_faults() {
  failed=0
  run tests/faults
  run tests/contract
  return "$failed"
}

inside() {
  failed=0
  nice make -j2 --no-print-directory aws-tools >.local/aws-tools.log 2>&1 & local tools=$!
  run tests/functional tests/unit
  # Without them the tests say what is missing.
  wait "$tools" || cat .local/aws-tools.log >&2
  run tests/sam --ignore tests/sam/test_containers.py
  return "$failed"
}

over_http >.local/tests-over-http.log 2>&1 & over_http=$!
of_faults >.local/tests-of-faults.log 2>&1 & of_faults=$!
inside || lines=failed
wait "$over_http" || lines=failed
wait "$of_faults" || lines=failed
cat .local/tests-over-http.log .local/tests-of-faults.log
test -z "${lines:-}" || exit 1
failed=0
run tests/privileges
run tests/sam/test_containers.py
exit "$failed"
