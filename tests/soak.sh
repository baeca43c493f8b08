#!/usr/bin/env bash
# The long forms of every tier, in two lines side by side, which is what two cores can do; three hours or so in all.
# What can be counted is whole: every crash case, every real document. What is drawn at random has a size that fits into
# this time; each variable makes its part longer or shorter. Names of tiers run those alone: tests/soak.sh fuzz exports.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
python=.venv/bin/python
wanted=("$@")
# shellcheck source=tests/tiers.sh
. tests/tiers.sh

run() {
  [ ${#wanted[@]} = 0 ] || [[ " ${wanted[*]} " == *" $1 "* ]] || return 0
  run_tier "$@" || failed=1
}

export FAULTS_INTERLEAVINGS=${FAULTS_INTERLEAVINGS:-2000} MODEL_STEPS=${MODEL_STEPS:-20000} WRITERS_SEEDS=${WRITERS_SEEDS:-300}
export FUZZ_CASES=${FUZZ_CASES:-20000} ANSWER_QUESTIONS=${ANSWER_QUESTIONS:-3000}
crashes=tests/faults/test_crashes.py

of_crashes() {
  failed=0
  run crashes make --no-print-directory faults TESTS="$crashes"
  run exports env EXPORT_ITEMS="${EXPORT_ITEMS:-1000000}" $python -m pytest tests/functional/lifecycle/test_exports.py \
    -k many_items --timeout 0
  return "$failed"
}

of_sizes() {
  failed=0
  run setup $python -m pytest tests/setup/real_setup.py -s
  run clients env CLIENT_PYTHONS="3.11 3.12 3.13" $python -m pytest tests/clients
  run generated env GENERATED_CLIENTS=all LONG_FORMS=1 $python -m pytest tests/contract/test_generated_clients.py \
    tests/contract/test_request_values.py -s --timeout 0
  run schemathesis env SCHEMATHESIS_EXAMPLES="${SCHEMATHESIS_EXAMPLES:-12}" $python -m pytest \
    tests/contract/test_schemathesis.py --timeout 0
  run fuzz make --no-print-directory fuzz
  run faults make --no-print-directory faults TESTS="tests/faults --ignore $crashes"
  run kb env KB_KILLS=50 KB_STACK_KILLS=50 KB_SEEDS=200 $python -m pytest tests/e2e/test_kb_kills.py \
    tests/clients/command/test_interference.py --timeout 0
  run folders env FOLDER_EXAMPLES="${FOLDER_EXAMPLES:-2000}" FOLDER_FILES=20000 FOLDER_MANY=100000 $python -m pytest tests/clients/folder \
    tests/clients/command/test_many_files.py tests/clients/command/test_real_folders_published.py --timeout 0
  run kb-handlers env KB_API=handlers $python -m pytest tests/clients/command --timeout 0
  run portal env LONG_FORMS=1 $python -m pytest tests/e2e/test_portal_content.py --timeout 0
  run coverage env LONG_FORMS=1 make --no-print-directory coverage
  return "$failed"
}

of_crashes & of_crashes=$!
failed=0
of_sizes || failed=1
wait "$of_crashes" || failed=1
tell_results
exit "$failed"
