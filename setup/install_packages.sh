#!/usr/bin/env bash
# Installs packages into a virtual environment and tells how far it has come:
#
#     setup/install_packages.sh FOLDER ARGUMENT...      the arguments are pip's
#
# All that pip says is in .local/; its end is shown when it fails.
set -euo pipefail
folder=$1
shift
mkdir -p .local
log=.local/set-up-${folder#.}.log
# A Ctrl-C is no failure of pip's.
trap 'exit 130' INT TERM

# On a terminal one line that changes; elsewhere a line for every 25 packages.
tell() {
  local line names found=0
  while IFS= read -r line; do
    case $line in
      "Collecting "* | "Processing "*)
        found=$((found + 1))
        line=${line#* }
        line=${line##*/}
        if [ -t 1 ]; then
          printf '\r\033[K  %d packages found: %s' "$found" "${line%% *}"
        elif [ $((found % 25)) = 0 ]; then
          echo "  $found packages found ..."
        fi
        ;;
      "Installing collected packages: "*)
        names=${line//[!,]/}
        [ ! -t 1 ] || printf '\r\033[K'
        echo "  packages to install: $((${#names} + 1)) ..."
        ;;
    esac
  done
}

PYTHONUNBUFFERED=1 "$folder/bin/python" -m pip install --disable-pip-version-check "$@" 2>&1 | tee -a "$log" | tell || {
  echo "error: pip could not install into $folder; $log ends in:" >&2
  grep -v '^WARNING' "$log" | tail -n 15 >&2
  exit 1
}
