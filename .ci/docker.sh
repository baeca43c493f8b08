#!/usr/bin/env bash
# Provides what the containers of `sam local` need, and prints it as `export` lines for a shell to evaluate:
#
#     eval "$(.ci/docker.sh)"
#
# A Docker daemon: the one that answers already, or one of Debian's docker.io, which is installed and started. An image
# of the Lambda runtime: the one that SAM_INVOKE_IMAGE names, or a stand-in that is built from Debian's Python 3.13 and
# AWS's runtime interface client, so that no container registry is asked. Everything is kept in one folder of the
# user's cache, so that the next run finds it; a second call at the same time waits for the first.
set -euo pipefail
cd "$(dirname "$0")"
PATH=$PATH:/usr/sbin:/sbin
state=${XDG_CACHE_HOME:-$HOME/.cache}/lambda-containers
python=python3.13 release=trixie
mkdir -p "$state"
exec 9>"$state/lock"
flock 9

say() { echo "docker.sh: $*" >&2; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# provide PROGRAM PACKAGE...: installs for the whole system, unless the program is there.
provide() {
  command -v "$1" >/dev/null && return
  shift
  say "installing with apt-get, for the whole system: $*"
  # RUNLEVEL=1 keeps the packages from starting daemons of their own.
  local get=(env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq -o DPkg::Lock::Timeout=300)
  as_root "${get[@]}" update >&2
  as_root "${get[@]}" install -y --no-install-recommends "$@" >&2
}

answers() { DOCKER_HOST=$1 timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

start_daemon() {
  local daemon
  as_root setsid dockerd --host "$own" --data-root "$state/docker" --exec-root "$state/exec" \
    --pidfile "$state/dockerd.pid" "$@" >"$state/dockerd.log" 2>&1 9>&- </dev/null &
  daemon=$!
  for _ in $(seq 150); do
    answers "$own" && return
    kill -0 "$daemon" 2>/dev/null || return 1
    sleep 0.2
  done
  return 1
}

find_or_start_daemon() {
  own=unix://$state/docker.sock
  for host in "${DOCKER_HOST:-}" unix:///var/run/docker.sock "$own"; do
    if [ -n "$host" ] && answers "$host"; then return; fi
  done
  provide dockerd docker.io iptables cgroupfs-mount
  # Debian 13 has the client in a package of its own.
  provide docker docker-cli
  grep -q ' - cgroup2\? ' /proc/self/mountinfo || as_root cgroupfs-mount
  say "starting dockerd in $state"
  # Some sandboxes' kernels have no iptables; containers then reach this machine, and nothing else.
  start_daemon || start_daemon --iptables=false --ip6tables=false --ip-masq=false \
    || { tail -n 20 "$state/dockerd.log" >&2; return 1; }
  [ "$(id -u)" = 0 ] || as_root chown "$(id -u)" "$state/docker.sock"
  host=$own
}

# Lays a Debian with nothing but Python, and the runtime's packages, beside the files of lambda-image/.
lay_image() {
  local folder=$1 architecture=$2 mirror
  # Debian from wherever this machine has it.
  # shellcheck disable=SC2016
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | awk '!/security/ && !seen++')
  local platform=manylinux2014_x86_64 also=manylinux_2_28_x86_64
  [ "$architecture" = amd64 ] || platform=manylinux2014_aarch64 also=manylinux_2_28_aarch64
  provide mmdebstrap mmdebstrap debian-archive-keyring
  python3 -m pip --version >/dev/null 2>&1 || provide "" python3-pip
  cp lambda-image/* "$folder"
  # Nothing of it is run: it may be another release than this machine's.
  as_root mmdebstrap --quiet --mode=root --variant=extract --architectures="$architecture" \
    --include="base-files,libc-bin,dash,coreutils,libstdc++6,$python" --aptopt='Apt::Install-Recommends "false"' \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg "$release" "$folder/rootfs.tar" "$mirror" >&2
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-compile \
    --target "$folder/runtime" --implementation cp --python-version "${python#python}" --only-binary :all: \
    --platform "$platform" --platform "$also" --requirement lambda-image/requirements.txt "$boto3" >&2
}

find_or_build_image() {
  image=${SAM_INVOKE_IMAGE:-}
  if [ -n "$image" ]; then return; fi
  local architecture digest folder=$state/image
  architecture=$(dpkg --print-architecture)
  boto3=$(grep -o 'boto3==[0-9.]*' ../pyproject.toml)
  digest=$({ cat docker.sh lambda-image/* && echo "$boto3"; } | sha256sum | cut -c1-12)
  image=lambda-stand-in:$architecture-$digest
  if docker image inspect "$image" >/dev/null 2>&1; then return; fi
  say "building $image: Debian's $python and AWS's runtime interface client"
  as_root rm -rf "$folder"
  mkdir "$folder"
  lay_image "$folder" "$architecture"
  DOCKER_BUILDKIT=0 docker build --quiet --build-arg PYTHON="$python" --tag "$image" "$folder" >"$state/build.log" 2>&1 \
    || { cat "$state/build.log" >&2; return 1; }
  as_root rm -rf "$folder"
}

find_or_start_daemon
export DOCKER_HOST=$host
find_or_build_image
say "Docker at $host, with $image"
echo "export DOCKER_HOST=$host SAM_INVOKE_IMAGE=$image SAM_CLI_TELEMETRY=0"
