# Functions to run tiers of tests in lines side by side, and to tell at the end how each went. Sourced by run.sh,
# check.sh and soak.sh, at the root of the checkout.
# shellcheck shell=bash
tiers=.local/tiers
rm -rf "$tiers" && mkdir -p "$tiers"
started=$SECONDS

# Where the tests' files go: indexes and stacks wait for the disk at every write, so it is memory where there is plenty.
# What Docker mounts stays on the disk.
scratch=
free_gib=$(awk '/MemAvailable/ {print int($2 / 1024 / 1024)}' /proc/meminfo 2>/dev/null)
room_gib=$(df --output=avail --block-size=1G /dev/shm 2>/dev/null | tail -n 1)
if [ "${free_gib:-0}" -ge 12 ] && [ "${room_gib:-0}" -ge 6 ] && scratch=$(mktemp -d /dev/shm/tests-XXXXXX); then
  # As /tmp is: tests become somebody else, who may pass.
  chmod 1777 "$scratch"
  printf '#!/bin/sh\n' >"$scratch/runs" && chmod +x "$scratch/runs"
  # It may be there for data alone.
  "$scratch/runs" 2>/dev/null || { rm -rf "$scratch" && scratch=; }
fi
trap '[ -z "$scratch" ] || rm -rf "$scratch"' EXIT

# run_tier NAME COMMAND...: runs it, shows all it said when it is done, and notes how it went. False when it failed.
run_tier() {
  local name=$1 began=$SECONDS status=0
  local log=$tiers/$name.log
  shift
  echo "$name begins ..."
  case ${scratch:+$name} in
    "" | sam | containers) "$@" >"$log" 2>&1 || status=$? ;;
    *) TMPDIR=$scratch "$@" >"$log" 2>&1 || status=$? ;;
  esac
  local seconds=$((SECONDS - began)) passed failed skipped
  passed=$(counted "$log" passed) failed=$(($(counted "$log" failed) + $(counted "$log" 'errors?')))
  skipped=$(counted "$log" skipped)
  # What ends without a closing line has crashed.
  [ "$status" = 0 ] || [ "$failed" != 0 ] || failed=1
  printf '%s\t%s\t%s\t%s\t%s\n' "$name" "$passed" "$failed" "$skipped" "$seconds" >>"$tiers/results"
  # In one piece: the lines' tiers end when they do.
  printf -- '--- %s, %s s\n%s\n' "$name" "$seconds" "$(cat "$log")"
  [ "$status" = 0 ]
}

# in_lines COUNT TIER...: runs each tier, which is a function of that name, so many at a time. Whichever line is free takes
# the next, so with the longest first all end at much the same time. False when one failed.
in_lines() {
  local count=$1 lines=() status=0 each
  shift
  for ((each = 1; each < count; each++)); do
    take_tiers "$@" & lines+=($!)
  done
  take_tiers "$@" || status=1
  for each in "${lines[@]}"; do wait "$each" || status=1; done
  return "$status"
}

take_tiers() {
  local tier status=0
  for tier in "$@"; do
    # Of all who try, one makes the folder.
    if mkdir "$tiers/.$tier" 2>/dev/null; then "$tier" || status=1; fi
  done
  return "$status"
}

# counted LOG WORD: the number before a word in pytest's closing line.
counted() {
  local line
  line=$(grep -E '(passed|failed|skipped|errors?|deselected).* in [0-9.]+s' "$1" | tail -n 1)
  [[ $line =~ ([0-9]+)\ $2 ]] && echo "${BASH_REMATCH[1]}" || echo 0
}

# tell_results: a table of all tiers, and below it their sum in a line of its own.
tell_results() {
  local rest=$((SECONDS - started))
  echo
  awk -F '\t' -v took="$rest" '
    function clock(s) { return sprintf("%d:%02d", s / 60, s % 60) }
    BEGIN { printf "%-16s %7s %7s %8s %7s\n", "tier", "passed", "failed", "skipped", "time" }
    { printf "%-16s %7d %7d %8d %7s\n", $1, $2, $3, $4, clock($5); p += $2; f += $3; s += $4 }
    END {
      printf "%-16s %7d %7d %8d %7s\n\n", "all", p, f, s, clock(took)
      printf "%d passed, %d failed, %d skipped\n", p, f, s
    }' "$tiers/results"
}
