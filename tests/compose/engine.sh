#!/usr/bin/env bash
# A container engine for the tests of docker-compose.yaml.
#
#   engine.sh check            say in one line whether there is one, or can be had; 1 if not
#   engine.sh run COMMAND...   build the images and run COMMAND with an engine
#
# An engine that answers is taken as it is. Otherwise one is installed from Debian's packages, and
# lives as long as this script, in namespaces of its own: no bridge, rule or mount of the machine is
# touched, and whatever ends this script ends the engine with all of its containers. It has no
# Internet there, so that the images are built before, by the same engine in the machine's network.
# Images are kept below .lake/engine: `make clean` removes them.
set -euo pipefail
cd "$(dirname "$0")/../.."

engine=$PWD/.lake/engine
# Below /run, because the path of a socket has 107 characters at most.
sockets=/run/mwaa-lake-$(cksum <<< "$PWD" | cut -d ' ' -f 1)
daemon=

# A project of its own: what a person runs from this checkout is left alone.
export COMPOSE_PROJECT_NAME=mwaa-lake-test LAKE_HOME=$PWD/.lake/compose-test
unset LAKE_BUNDLE LAKE_MWAA_IMAGE LAKE_LOCAL_RUNNER_IMAGE

fail() {
  echo "tests/compose/engine.sh: $*" >&2
  exit 1
}

answers() {
  docker version && docker compose version
} &> /dev/null

# Why none can be had here; nothing where one can.
obstacle() {
  if [ "$(id -u)" != 0 ]; then
    echo "installing one takes root"
  elif ! grep --quiet '^ID=debian$' /etc/os-release; then
    echo "one can be installed on Debian only"
  elif ! unshare --net --mount --pid --fork --mount-proc true 2> /dev/null; then
    echo "this machine lets nobody make namespaces"
  fi
}

check() {
  local reason
  if answers; then
    echo "container engine: $(docker version --format '{{.Server.Version}}')"
  elif reason=$(obstacle); [ -z "$reason" ]; then
    echo "container engine: none answers; one will be installed from Debian's packages"
  else
    fail "no container engine with Compose answers, and $reason"
  fi
}

install_packages() {
  local program package missing=() log=$engine/install.log
  for package in docker.io:dockerd mmdebstrap:mmdebstrap iptables:iptables iproute2:ip; do
    program=${package#*:}
    command -v "$program" > /dev/null || missing+=("${package%:*}")
  done
  command -v docker > /dev/null || missing+=(docker.io)
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "> installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update && apt-get install --yes --no-install-recommends "${missing[@]}"; } &> "$log" \
    || { tail --lines 20 "$log" >&2; fail "${missing[*]} cannot be installed; the log is $log"; }
}

# start NAMESPACES OPTIONS...: a daemon that ends with this script.
start() {
  local namespaces=$1
  shift
  rm -rf "$sockets"
  mkdir -p "$sockets" "$engine"
  # shellcheck disable=SC2086  # they are words
  setsid setpriv --pdeathsig KILL unshare $namespaces --kill-child \
    sh -c 'ip link set lo up && exec docker-init -- dockerd "$@"' dockerd \
    --data-root "$engine/data" --exec-root "$sockets/exec" --pidfile "$sockets/pid" \
    --host "$DOCKER_HOST" "$@" &> "$engine/daemon.log" &
  daemon=$!
  for _ in {1..120}; do
    docker version &> /dev/null && return
    kill -0 "$daemon" 2> /dev/null || break
    sleep 0.5
  done
  tail --lines 20 "$engine/daemon.log" >&2
  fail "the engine does not start; its log is $engine/daemon.log"
}

stop() {
  [ -n "$daemon" ] || return 0
  # Its first process: all of the others end with it.
  kill $(< "/proc/$daemon/task/$daemon/children") 2> /dev/null || true
  wait "$daemon" || true
  daemon=
  rm -rf "$sockets"
}

# What the image of CPython is made of: this machine's, with the libraries that it is linked to, and
# with this machine's certificates and package index.
write_context() {
  local context=$1 prefix index
  prefix=$(.venv/bin/python -c 'import sys; print(sys.base_prefix)')
  rm -rf "$context"
  mkdir -p "$context"/{ca-certificates,etc/uv,python}
  cp tests/compose/images/* "$context"
  find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$context/ca-certificates" \;
  (
    cd "$prefix"
    shopt -s nullglob  # it may be linked statically
    tar --create --exclude site-packages --exclude test --exclude '*.a' --exclude '_tkinter.*' \
      bin/python3 bin/python3.12 lib/libpython3* lib/python3.12
  ) | tar --extract --directory "$context/python"
  find "$context/python" -name '*.so*' -exec ldd {} + 2> /dev/null \
    | awk '$2 == "=>" && $3 ~ "^/(usr/)?lib" {sub(".*/", "", $3); print "*/" $3}' | sort --unique \
    | xargs dpkg-query --search | cut -d : -f 1 | sort --unique > "$context/packages.txt"
  index=${PIP_INDEX_URL:-$(.tools/bin/pip config get global.index-url 2> /dev/null || true)}
  {
    printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n'
    [ -z "$index" ] || printf 'index-url = %s\n' "$index"
  } > "$context/etc/pip.conf"
  index=${UV_DEFAULT_INDEX:-${UV_INDEX_URL:-$index}}
  {
    printf 'system-certs = true\n'
    [ -z "$index" ] || printf '[[index]]\nurl = "%s"\ndefault = true\n' "$index"
  } > "$context/etc/uv/uv.toml"
}

# build IMAGE TARGET FOLDER ARGUMENT...: what has not changed is taken from the last time.
build() {
  local image=$1 target=$2 folder=$3 log=$engine/build-$2.log
  shift 3
  echo "$(date +%T) building $image"
  docker build --network host --target "$target" --tag "$image" \
    --build-arg HTTP_PROXY --build-arg HTTPS_PROXY --build-arg NO_PROXY "$@" "$folder" &> "$log" \
    || { tail --lines 40 "$log" >&2; fail "$image cannot be built; the log is $log"; }
}

build_images() {
  local suite mirror context=$engine/context debian
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  debian=mwaa-lake-test/debian:$suite
  if ! docker image inspect "$debian" &> /dev/null; then
    echo "> building $debian"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' "Codename: $suite" \
      | head -n 1)
    mmdebstrap --quiet --mode=root --variant=minbase --include=ca-certificates \
      "$suite" - "$mirror" | docker import - "$debian" > /dev/null
  fi
  write_context "$context"
  build "$LAKE_BASE_IMAGE" python "$context" --build-arg "DEBIAN_IMAGE=$debian"
  {
    build "$LAKE_REDIS_IMAGE" redis "$context" --build-arg "DEBIAN_IMAGE=$debian"
    build "$LAKE_POSTGRES_IMAGE" postgres "$context" --build-arg "DEBIAN_IMAGE=$debian"
  } &
  build mwaa-lake/airflow:3.3.1 airflow . --build-arg "BASE_IMAGE=$LAKE_BASE_IMAGE"
  build mwaa-lake/aws aws . --build-arg "BASE_IMAGE=$LAKE_BASE_IMAGE"
  wait "$!"
  docker image prune --force > /dev/null
}

run() {
  local reason code=0
  mkdir -p "$LAKE_HOME"
  exec 9> "$LAKE_HOME/lock"
  flock --nonblock 9 || fail "the tests run already in this checkout"
  # Inside of its network an engine of our own has no Internet: the wheels come first.
  .venv/bin/lake compose prepare --wheels
  if answers; then
    docker compose build
    "$@"
    return
  fi
  reason=$(obstacle)
  [ -z "$reason" ] || fail "no container engine with Compose answers, and $reason"
  trap stop EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  export DOCKER_HOST=unix://$sockets/docker.sock DOCKER_CONFIG=$engine/config DOCKER_BUILDKIT=0
  export LAKE_BASE_IMAGE=mwaa-lake-test/python LAKE_REDIS_IMAGE=mwaa-lake-test/redis \
    LAKE_POSTGRES_IMAGE=mwaa-lake-test/postgres
  mkdir -p "$DOCKER_CONFIG/cli-plugins"
  ln -sf "$PWD/.tools/bin/docker-compose" "$DOCKER_CONFIG/cli-plugins/docker-compose"
  install_packages
  start "--mount --pid --fork --mount-proc" --bridge none --iptables=false
  # What a run that was killed left would start again.
  docker ps --all --quiet | xargs --no-run-if-empty docker rm --force > /dev/null
  build_images
  stop
  start "--net --mount --pid --fork --mount-proc"
  nsenter --net="/proc/$daemon/ns/net" "$@" || code=$?
  return "$code"
}

case ${1:-} in
  check) check ;;
  run) shift && run "$@" ;;
  *) fail "expected check or run COMMAND, and not ${1:-nothing}" ;;
esac
