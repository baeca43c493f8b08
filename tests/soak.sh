#!/usr/bin/env bash
# The long forms of every tier, one after the other, hours in all. Each variable can be set to make its part shorter;
# a failure prints how to run it again alone.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
# shellcheck source=tests/tiers.sh
. tests/tiers.sh

failed=0
run_tier setup .venv/bin/python -m pytest tests/setup/real_setup.py -s || failed=1
CLIENT_PYTHONS="3.11 3.12 3.13" run_tier clients .venv/bin/python -m pytest tests/clients || failed=1
GENERATED_CLIENTS=all LONG_FORMS=1 run_tier generated .venv/bin/python -m pytest tests/contract/test_generated_clients.py \
  tests/contract/test_request_values.py -s --timeout 0 || failed=1
LONG_FORMS=1 run_tier coverage make --no-print-directory coverage || failed=1
run_tier fuzz make --no-print-directory fuzz || failed=1
run_tier faults make --no-print-directory faults || failed=1
EXPORT_ITEMS=${EXPORT_ITEMS:-1000000} run_tier exports .venv/bin/python -m pytest tests/functional/lifecycle/test_exports.py \
  -k many_items --timeout 0 || failed=1
run_tier folders env FOLDER_EXAMPLES=20000 FOLDER_FILES=20000 FOLDER_MANY=100000 .venv/bin/python -m pytest tests/clients/folder \
  tests/clients/command/test_many_files.py tests/clients/command/test_real_folders_published.py --timeout 0 || failed=1
run_tier kb env KB_KILLS=50 KB_STACK_KILLS=50 KB_SEEDS=200 .venv/bin/python -m pytest tests/e2e/test_kb_kills.py \
  tests/clients/command/test_interference.py --timeout 0 || failed=1
KB_API=handlers run_tier kb-handlers .venv/bin/python -m pytest tests/clients/command --timeout 0 || failed=1
tell_results
exit "$failed"
