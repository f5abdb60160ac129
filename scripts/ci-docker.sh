#!/usr/bin/env bash
# Brings a machine to where the images can be built and tried, so that the same tests run on a laptop, on a bare Debian
# machine and on GitHub.
#   usage: scripts/ci-docker.sh [engine|images|all|stop]      exit status: 0 ready, 3 it cannot be done here
#   variables: ENGINE_SUITE (the Debian suite that a missing engine is taken from), ENGINE_FOLDER, WORK
#
# engine: if none answers, puts one under ENGINE_FOLDER from Debian's signed archive and starts it (root on Debian).
# images: pulls the base images that the Dockerfiles name. Where no registry answers, makes stand-ins of the same names from
#         Debian's packages and the uv wheel: good for testing, not for publishing.
# stop:   ends the engine that this script started, if it did. What the next build can use of what it built is kept.
set -euE -o pipefail
cd "$(dirname "$0")/.."

ENGINE_SUITE=${ENGINE_SUITE:-forky}
ENGINE_FOLDER=${ENGINE_FOLDER:-/opt/sda-engine}
WORK=${WORK:-${TMPDIR:-/tmp}/sda-base-images}
OLDEST_ENGINE=23   # as in preflight.sh: BuildKit with bind and cache mounts
PATIENCE=60        # seconds for an engine to start
KEPT=16gb          # of what was built: uv's cache and one layer with torch
SOCKET=${DOCKER_HOST:-unix:///var/run/docker.sock}

# What is said goes past the logs that the commands below write into.
exec 3>&2
say() { printf '%s\n' "$*" >&3; }

give_up() {
  say "Containers cannot be built and run here: $1"
  exit 3
}

# Whatever fails on the way (no network, no mirror, no right to do something) means the same: it cannot be done here.
step="look for an engine"
trap 'give_up "it was not possible to $step (exit status $?)."' ERR

export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n --preserve-env=DEBIAN_FRONTEND,NEEDRESTART_SUSPEND "$@"; fi; }

# The default that Dockerfile.cpu gives a build argument: the names of the base images are written there and nowhere else.
default_of() { sed -n "s/^ARG $1=//p" Dockerfile.cpu | head -n 1; }

# The Debian mirror of this machine, as apt knows it.
mirror() {
  { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } |
    sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb (\[[^]]*\] )?([^ ]+) .*/\2/p' | sed -nE 's|(/debian)/?$|\1|p' | head -n 1
}

answers() {
  local version
  version=$(docker version --format '{{.Server.Version}}' 2>/dev/null) || return 1
  [ "${version%%.*}" -ge "$OLDEST_ENGINE" ] && docker buildx version >/dev/null 2>&1 && docker compose version >/dev/null 2>&1
}

# The suite's own packages, unpacked beside the system: a system of an older release stays as it is.
fetch_engine() {
  local folder=$ENGINE_FOLDER/apt archive
  archive=$(mirror)
  [ -n "$archive" ] || give_up "this is not a Debian machine."
  step="fetch an engine from $archive"
  as_root apt-get -q update >/dev/null
  as_root apt-get -qy install --no-install-recommends iptables runc tini ca-certificates >/dev/null
  as_root mkdir -p "$folder/lists/partial" "$folder/archives/partial" "$ENGINE_FOLDER/packages" "$ENGINE_FOLDER/root"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $ENGINE_SUITE main" |
    as_root tee "$folder/sources.list" >/dev/null
  local options=(-q -o "Dir::Etc::sourcelist=$folder/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$folder/lists"
    -o "Dir::Cache=$folder" -o APT::Update::Post-Invoke-Success::= -o Acquire::Languages=none -o APT::Sandbox::User=root)
  as_root apt-get "${options[@]}" update >/dev/null
  (cd "$ENGINE_FOLDER/packages" && as_root apt-get "${options[@]}" download \
    docker.io docker-cli docker-buildx docker-compose containerd >/dev/null)
  local package
  for package in "$ENGINE_FOLDER"/packages/*.deb; do as_root dpkg -x "$package" "$ENGINE_FOLDER/root"; done
  # The command and its plugins, where docker itself and the user's shell look for them.
  as_root mkdir -p /usr/local/lib/docker/cli-plugins
  as_root ln -sf "$ENGINE_FOLDER"/root/usr/libexec/docker/cli-plugins/docker-* /usr/local/lib/docker/cli-plugins/
  as_root ln -sf "$ENGINE_FOLDER/root/usr/bin/docker" "$ENGINE_FOLDER/docker"
  [ -e /usr/local/bin/docker ] || as_root ln -s "$ENGINE_FOLDER/docker" /usr/local/bin/docker
}

start_engine() {
  step="start the engine"
  # Collecting garbage while torch is being built throws out uv's cache, 7 GB that the next build would fetch again.
  echo '{"builder": {"gc": {"enabled": false}}}' | as_root tee "$ENGINE_FOLDER/daemon.json" >/dev/null
  local path=$ENGINE_FOLDER/root/usr/sbin:$ENGINE_FOLDER/root/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin
  # In a session of its own and with none of this script's outputs: whoever waits for those would wait for the engine.
  # shellcheck disable=SC2016 # the inner shell, which may be root's, opens the log
  as_root env PATH="$path" ENGINE_FOLDER="$ENGINE_FOLDER" SOCKET="$SOCKET" setsid sh -c '
    exec dockerd --config-file "$ENGINE_FOLDER/daemon.json" --data-root "$ENGINE_FOLDER/data" \
      --exec-root "$ENGINE_FOLDER/run" --pidfile "$ENGINE_FOLDER/dockerd.pid" --host "$SOCKET" \
      >"$ENGINE_FOLDER/dockerd.log" 2>&1' </dev/null >/dev/null 2>&1 3>&- &
  local second
  for ((second = 0; second < PATIENCE; second++)); do
    if answers; then return; fi
    sleep 1
  done
  tail -n 5 "$ENGINE_FOLDER/dockerd.log" >&3 || true
  give_up "dockerd does not answer (its log: $ENGINE_FOLDER/dockerd.log)."
}

engine() {
  if ! answers; then
    local running
    if running=$(docker version --format '{{.Server.Version}}' 2>/dev/null); then
      give_up "the engine that runs here ($running) is older than $OLDEST_ENGINE, or lacks buildx or compose; it is left alone."
    fi
    [ "$(uname -s)" = Linux ] || give_up "open Docker Desktop, then run this again."
    [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null || give_up "that takes root."
    command -v apt-get >/dev/null || give_up "this script knows Debian's packages only; install Docker, then run this again."
    [ -x "$ENGINE_FOLDER/root/usr/sbin/dockerd" ] || fetch_engine
    start_engine
  fi
  say "Engine: $(docker version --format '{{.Server.Version}}')"
}

stop() {
  local pid
  pid=$(cat "$ENGINE_FOLDER/dockerd.pid" 2>/dev/null) || return 0
  docker image prune --force >/dev/null 2>&1 || true
  docker buildx prune --force --max-used-space "$KEPT" >/dev/null 2>&1 || true
  as_root kill "$pid" 2>/dev/null || return 0
  while as_root kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
}

# A small Debian as the official image has it: no documents, no translations, security updates included.
small_debian() { # suite, folder
  local archive list
  archive=$(mirror)
  as_root rm -rf "$2"
  as_root debootstrap --variant=minbase "$1" "$2" "$archive" >"$WORK/debootstrap.log" 2>&1
  list=$(printf 'deb %s %s main\ndeb %s %s-updates main\ndeb %s-security %s-security main' \
    "$archive" "$1" "$archive" "$1" "$archive" "$1")
  echo "$list" | as_root tee "$2/etc/apt/sources.list" >/dev/null
  printf '%s\n' 'path-exclude /usr/share/doc/*' 'path-include /usr/share/doc/*/copyright' 'path-exclude /usr/share/man/*' \
    'path-exclude /usr/share/locale/*' | as_root tee "$2/etc/dpkg/dpkg.cfg.d/small" >/dev/null
  as_root cp /etc/resolv.conf "$2/etc/resolv.conf"
}

stand_in_python() { # name:tag, such as python:3.11-slim-bookworm
  local tag=${1#*:} suite version folder
  suite=${tag##*-} version=${tag%%-*} folder=$WORK/python
  command -v debootstrap >/dev/null || as_root apt-get -qy install --no-install-recommends debootstrap >/dev/null
  small_debian "$suite" "$folder"
  as_root chroot "$folder" sh -ec "export DEBIAN_FRONTEND=noninteractive
    apt-get -q update; apt-get -qy upgrade
    apt-get -qy install --no-install-recommends ca-certificates netbase tzdata python3 python3-venv
    apt-get clean; rm -rf /var/lib/apt/lists/* /usr/share/man/* /usr/share/locale/*
    find /usr/share/doc -type f ! -name copyright -delete
    # In the official image Python lives in /usr/local and is nobody else's business.
    for name in python python3 python$version; do ln -sf /usr/bin/python$version /usr/local/bin/\$name; done
    rm -f /usr/lib/python$version/EXTERNALLY-MANAGED; : >/etc/resolv.conf" >"$WORK/python.log" 2>&1
  as_root tar -C "$folder" --numeric-owner --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' -c . |
    docker import --change 'CMD ["python3"]' --change 'ENV LANG=C.UTF-8' \
      --change 'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin' - "$1" >/dev/null
  as_root rm -rf "$folder"
}

stand_in_uv() { # name:version
  local folder=$WORK/uv
  rm -rf "$folder" && mkdir -p "$folder/image"
  python3 -m pip download -qq --disable-pip-version-check --no-deps --only-binary :all: \
    --platform "musllinux_1_1_$(uname -m)" --dest "$folder" "uv==${1##*:}"
  python3 - "$folder" <<'PYTHON'
import pathlib, sys, zipfile
folder = pathlib.Path(sys.argv[1])
[wheel] = folder.glob("*.whl")
with zipfile.ZipFile(wheel) as packed:
    for name in packed.namelist():
        if name.endswith(("/scripts/uv", "/scripts/uvx")):
            program = folder / "image" / name.rpartition("/")[2]
            program.write_bytes(packed.read(name))
            program.chmod(0o755)
PYTHON
  tar -C "$folder/image" --owner=0 --group=0 -c uv uvx | docker import --change 'ENTRYPOINT ["/uv"]' - "$1" >/dev/null
  rm -rf "$folder"
}

image() { # name, what makes a stand-in for it
  if docker image inspect "$1" >/dev/null 2>&1; then
    say "Base image $1: is there"
  elif docker pull --quiet "$1" >/dev/null 2>&1; then
    say "Base image $1: pulled"
  else
    step="make a stand-in for $1, which no registry gives (logs: $WORK)"
    mkdir -p "$WORK"
    "$2" "$1"
    say "Base image $1: no registry answers; a stand-in was made"
  fi
}

images() {
  image "$(default_of PYTHON_IMAGE)" stand_in_python
  image "$(default_of UV_IMAGE)" stand_in_uv
}

case ${1:-all} in
engine) engine ;;
images) images ;;
stop) stop ;;
all)
  engine
  images
  ;;
*)
  say "Usage: scripts/ci-docker.sh [engine|images|all|stop]"
  exit 2
  ;;
esac
