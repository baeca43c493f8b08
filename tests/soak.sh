#!/usr/bin/env bash
# The long forms of every tier, two at a time, which is what two cores can do; three hours or so in all.
# What can be counted is whole: every crash case, every real document. What is drawn at random has a size that fits into
# this time; each variable makes its part longer or shorter. Names of tiers run those alone: tests/soak.sh fuzz exports.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
python=.venv/bin/python
all=(faults crashes exports fuzz coverage folders kb generated schemathesis clients setup kb-handlers portal)
for name in "$@"; do
  [[ " ${all[*]} " == *" $name "* ]] || { echo "error: there is no tier $name; there are ${all[*]}" >&2 && exit 2; }
done
# shellcheck source=tests/tiers.sh
. tests/tiers.sh

export FAULTS_INTERLEAVINGS=${FAULTS_INTERLEAVINGS:-2000} MODEL_STEPS=${MODEL_STEPS:-20000} WRITERS_SEEDS=${WRITERS_SEEDS:-300}
export FUZZ_CASES=${FUZZ_CASES:-20000} ANSWER_QUESTIONS=${ANSWER_QUESTIONS:-3000}
of_crashes=tests/faults/test_crashes.py

faults() { run_tier faults make --no-print-directory faults TESTS="tests/faults --ignore $of_crashes"; }
crashes() { run_tier crashes make --no-print-directory faults TESTS="$of_crashes"; }
exports() {
  run_tier exports env EXPORT_ITEMS="${EXPORT_ITEMS:-1000000}" $python -m pytest \
    tests/functional/lifecycle/test_exports.py -k many_items --timeout 0
}
fuzz() { run_tier fuzz make --no-print-directory fuzz; }
coverage() { run_tier coverage env LONG_FORMS=1 make --no-print-directory coverage; }
folders() {
  run_tier folders env FOLDER_EXAMPLES="${FOLDER_EXAMPLES:-2000}" FOLDER_FILES=20000 FOLDER_MANY=100000 $python -m pytest \
    tests/clients/folder tests/clients/command/test_many_files.py tests/clients/command/test_real_folders_published.py \
    --timeout 0
}
kb() {
  run_tier kb env KB_KILLS=50 KB_STACK_KILLS=50 KB_SEEDS=200 $python -m pytest tests/e2e/test_kb_kills.py \
    tests/clients/command/test_interference.py --timeout 0
}
generated() {
  run_tier generated env GENERATED_CLIENTS=all LONG_FORMS=1 $python -m pytest tests/contract/test_generated_clients.py \
    tests/contract/test_request_values.py -s --timeout 0
}
schemathesis() {
  run_tier schemathesis env SCHEMATHESIS_EXAMPLES="${SCHEMATHESIS_EXAMPLES:-12}" $python -m pytest \
    tests/contract/test_schemathesis.py --timeout 0
}
clients() { run_tier clients env CLIENT_PYTHONS="3.11 3.12 3.13" $python -m pytest tests/clients; }
setup() { run_tier setup $python -m pytest tests/setup/real_setup.py -s; }
kb-handlers() { run_tier kb-handlers env KB_API=handlers $python -m pytest tests/clients/command --timeout 0; }
portal() { run_tier portal env LONG_FORMS=1 $python -m pytest tests/e2e/test_portal_content.py --timeout 0; }

[ $# = 0 ] || all=("$@")
failed=0
in_lines 2 "${all[@]}" || failed=1
tell_results
exit "$failed"
