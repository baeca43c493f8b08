#!/usr/bin/env bash
# Provides what compiles and runs the C# example where there is no .NET SDK: Debian's mono-mcs, and, aside in
# .venv-dotnet/, the runtime that PyPI's dotnetcore2 carries and the OpenSSL 1.1 that this runtime asks for.
# It says what it installs for the whole system before it does. Without apt (or with APT=no), or without being root, it
# says what is missing; the tests are then skipped, but in CI they fail.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${1:-.venv/bin/python}
# Debian 11 was the last with OpenSSL 1.1, so it is only unpacked, never installed.
release="bullseye-security main"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

mkdir -p .venv-dotnet
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

note() { echo "note: $1; the C# example is not tested" >&2; }

install_compiler() {
  command -v mcs >/dev/null && return
  [ "${APT:-}" != no ] && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || return 1
  echo "Installing with apt-get, for the whole system: mono-mcs (it compiles the C# example; APT=no to go without) ..."
  apt-get install -y -qq --no-install-recommends mono-mcs >"$work/log" 2>&1 \
    || { apt-get update -qq && apt-get install -y -qq --no-install-recommends mono-mcs; } >"$work/log" 2>&1
}

install_runtime() {
  [ -x .venv-dotnet/runtime/dotnetcore2/bin/dotnet ] && return
  "$python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$work/runtime" dotnetcore2==3.1.23 \
    >"$work/log" 2>&1 || return 1
  chmod +x "$work/runtime/dotnetcore2/bin/dotnet"
  rm -rf .venv-dotnet/runtime && mv "$work/runtime" .venv-dotnet/runtime
}

install_openssl() {
  [ -e .venv-dotnet/openssl/libssl.so.1.1 ] && return
  command -v apt-get >/dev/null || return 1
  mkdir -p "$work"/{lists,cache,unpacked}/partial
  # Wherever this machine has its security updates from.
  local archive
  archive=$(apt-get indextargets --no-release-info --format '$(REPO_URI)' | awk '/-security/ && !seen++')
  [ -n "$archive" ] || return 1
  echo "deb [signed-by=$keyring] $archive $release" >"$work/sources.list"
  # apt with lists of its own, so that the system's stay as they are.
  local options=(-qq -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::Cache=$work/cache"
    -o "Dir::State::Lists=$work/lists" -o APT::Sandbox::User=root)
  (cd "$work" && apt-get "${options[@]}" update && apt-get "${options[@]}" download libssl1.1) >"$work/log" 2>&1 \
    || return 1
  dpkg-deb --extract "$work"/libssl1.1_*.deb "$work/unpacked" || return 1
  rm -rf .venv-dotnet/openssl && mkdir .venv-dotnet/openssl
  mv "$work"/unpacked/usr/lib/*/lib{ssl,crypto}.so.1.1 .venv-dotnet/openssl/
}

for part in compiler runtime openssl; do
  "install_$part" || { note "the $part could not be installed"; tail -n 3 "$work/log" >&2 2>/dev/null || true; exit 0; }
done
