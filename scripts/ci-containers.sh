#!/usr/bin/env bash
# The container tests as a part of `make ci`: they run where an engine answers or can be started, and where there is none, or
# too little room, that is said loudly and is no failure. What is left of their images is removed; what speeds up the next
# build is kept.
#   usage: scripts/ci-containers.sh       variables: PYTHON (of the environment), CONTAINER_KINDS (cpu,cuda,dev,rocm,cluster)
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-.venv/bin/python}
# Gigabytes that an image with torch from PyPI takes while it is built: two copies of 7, uv's cache of as much, and some air.
SPACE=30

skip() { # why
  printf '\n**********\nTHE CONTAINER TESTS WERE NOT RUN: %s\n**********\n\n' "$1" >&2
  exit 0
}

clean() {
  docker image ls --quiet sda-container-tests | sort -u | xargs --no-run-if-empty docker image rm --force >/dev/null || true
  scripts/ci-docker.sh stop
}

# An engine that somebody uses every day is welcome; to put one on a machine unasked, one must be its root.
if ! docker version >/dev/null 2>&1 && [ "$(id -u)" -ne 0 ]; then
  skip "no container engine answers, and only root can start one (make test-containers tries sudo)."
fi
place=$(docker info --format '{{.DockerRootDir}}' 2>/dev/null) || place=/opt
[ -d "$place" ] || place=/
free=$(df -Pk "$place" | awk 'NR == 2 { print int($4 / 1000000) }')
[ "$free" -ge "$SPACE" ] || skip "only $free GB of disk are free at $place, $SPACE are needed."

status=0
scripts/ci-docker.sh || status=$?
case $status in
0) ;;
3) skip "no container engine can be had here (see above)." ;;
*) exit "$status" ;;
esac
trap clean EXIT
CONTAINER_TESTS=1 "$PYTHON" -m pytest -q tests/containers
