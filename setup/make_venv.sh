#!/usr/bin/env bash
# Makes a virtual environment and installs into it:
#
#     setup/make_venv.sh FOLDER FILE ARGUMENT...      FILE names the packages, the arguments are pip's
#
# When FILE is newer than the environment, its packages are installed again. `.ready` lies in the environment only while
# it is whole: what a Ctrl-C left half made, and what lost its Python, is thrown away and made anew.
# PYTHON names the interpreter; without it, the first one on the PATH that can make an environment is taken.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1 packages=$2
shift 2
log=.local/set-up-${folder#.}.log
# Otherwise bash would go on after a command that ends well in spite of a Ctrl-C.
trap 'exit 130' INT TERM

is_whole() { [ -e "$folder/.ready" ] && "$folder/bin/python" -c 'import pip' 2>/dev/null; }

is_current() { is_whole && [ ! "$packages" -nt "$folder/.ready" ]; }

# Two that set up the same folder at once would throw away each other's work. Where there is no flock, nothing is held.
wait_for_others() {
  command -v flock >/dev/null || return 0
  exec 9>".local/set-up-${folder#.}.lock"
  flock --nonblock 9 || { echo "Waiting for another set-up of $folder ..." && flock 9; }
}

candidates() {
  if [ -n "${PYTHON:-}" ]; then
    command -v "$PYTHON" || echo "$PYTHON"
  else
    # All of them: the first may be a shim of a version that is switched off or gone.
    for name in python3.11 python3.12 python3.13 python3; do type -aP "$name" || true; done
  fi
}

# Makes the environment with one interpreter; says why not otherwise.
make_with() {
  local python=$1 version
  version=$("$python" -c 'import sys; print(sys.implementation.name, *sys.version_info[:3], sep=".")' 2>>"$log") \
    || { echo "does not run"; return 1; }
  case $version in
    cpython.3.11.* | cpython.3.12.* | cpython.3.13.*) ;;
    *) echo "is $version"; return 1 ;;
  esac
  for module in venv virtualenv ""; do
    local command=("$python" -m "$module")
    [ -n "$module" ] || command=(virtualenv --python "$python")
    rm -rf "$folder"
    "${command[@]}" "$folder" >>"$log" 2>&1 && "$folder/bin/python" -c 'import pip' 2>>"$log" && return
  done
  rm -rf "$folder"
  echo "has neither ensurepip nor virtualenv: install python3-venv (apt) or virtualenv (pip)"
  return 1
}

make_environment() {
  local python reason reasons=()
  while read -r python; do
    if reason=$(make_with "$python"); then
      echo "  made with $python"
      return
    fi
    reasons+=("  $python $reason")
  done < <(candidates | awk '!seen[$0]++')
  echo "error: $folder needs a CPython 3.11 to 3.13 that can make virtual environments; name one with PYTHON=" >&2
  [ ${#reasons[@]} = 0 ] || printf '%s\n' "${reasons[@]}" >&2
  return 1
}

! is_current || exit 0
mkdir -p .local
wait_for_others
! is_current || exit 0
: >"$log"
if is_whole; then
  echo "Bringing $folder up to date with $packages:"
  # Without network the environment that was there goes on being used, and the next call tries again. But a Ctrl-C may
  # come in the middle of a package.
  trap '[ $? = 130 ] || touch -t 200001010000 "$folder/.ready"' EXIT
else
  echo "Setting up $folder for what $packages names, once, about a minute:"
  make_environment
fi
rm -f "$folder/.ready"
setup/install_packages.sh "$folder" "$@"
trap - EXIT
touch "$folder/.ready"
echo "  $folder is ready after $SECONDS s"
