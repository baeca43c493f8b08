#!/usr/bin/env bash
# Installs the programs that the published quickstart and the examples call, since tests run them as they are written,
# and the browser whose page tries to get into the local stack.
# Says what before it does; with APT=no it leaves the system alone, and the tests that need a tool are skipped.
set -euo pipefail
missing=()
for tool in curl:curl jq:jq openssl:openssl uuidgen:uuid-runtime chromium:chromium; do
  command -v "${tool%%:*}" >/dev/null || missing+=("${tool##*:}")
done
[ ${#missing[@]} != 0 ] || exit 0

if [ "${APT:-}" = no ]; then
  why="APT=no"
elif ! command -v apt-get >/dev/null; then
  why="there is no apt-get"
elif [ "$(id -u)" != 0 ]; then
  why="only root may install them"
else
  echo "Installing with apt-get, for the whole system: ${missing[*]} (tests call them; APT=no to go without) ..."
  install=(apt-get install -y -qq --no-install-recommends "${missing[@]}")
  "${install[@]}" >/dev/null 2>&1 || { apt-get update -qq && "${install[@]}"; } >/dev/null && exit 0
  why="apt-get failed"
fi
echo "note: missing, so tests that call them will be skipped: ${missing[*]} ($why)" >&2
