#!/bin/sh
# Looks, before a container is started, whether it can be: engine, compose, folders, user ids, GPU. Whatever is missing is
# named with what to do about it. Makes the data folders and .env where there are none, and nothing else.
#   usage: scripts/preflight.sh [cpu|cuda|rocm]
set -eu
cd "$(dirname "$0")/.."

# The first engine whose builder understands every line of the Dockerfiles.
OLDEST_ENGINE=23
# Gigabytes that the image takes, and as much again while it is built.
SPACE_CPU=5 SPACE_CUDA=15 SPACE_ROCM=40

say() { printf '%s\n' "$*"; }

stop() { # what, why, fix
  printf 'Error: %s\n  Why: %s\n  Fix: %s\n' "$1" "$2" "$3" >&2
  exit 1
}

# A setting as docker compose will see it: the environment, then .env, then a default.
setting() { # name, default
  value=$(printenv "$1" || sed -n "s/^$1=//p" .env 2>/dev/null | tail -n 1)
  printf '%s' "${value:-$2}"
}

group_number() { # group, default
  number=$(getent group "$1" 2>/dev/null | cut -d: -f3)
  printf '%s' "${number:-$2}"
}

engine() {
  command -v docker >/dev/null || stop "There is no Docker on this computer." "No program named docker was found." \
    "Install Docker Engine (Linux) or Docker Desktop (macOS, Windows), then run this again. Without Docker: make setup."
  answer=$(docker version --format '{{.Server.Version}}' 2>&1) || case $answer in
  *"permission denied"*) stop "You may not use Docker." "Its socket belongs to the group docker, and you are not in it." \
    "Join it: sudo usermod -aG docker \"\$USER\", then log out and in again." ;;
  *) stop "Docker is installed but does not answer." "$(printf '%s' "$answer" | tail -n 1)" \
    "Start it: sudo systemctl start docker (Linux), or open Docker Desktop (macOS, Windows)." ;;
  esac
  [ "${answer%%.*}" -ge "$OLDEST_ENGINE" ] 2>/dev/null || stop "Docker $answer is too old." \
    "The images are built with features that came with version $OLDEST_ENGINE." "Update Docker."
  docker compose version >/dev/null 2>&1 || stop "Docker has no compose command." "The compose plugin is not installed." \
    "Install it: sudo apt install docker-compose-plugin (or docker-compose-v2 on Ubuntu)."
  docker buildx version >/dev/null 2>&1 || stop "Docker has no buildx command." "The buildx plugin builds the images." \
    "Install it: sudo apt install docker-buildx-plugin (or docker-buildx on Ubuntu)."
}

# Your own ids in .env, so that what sda makes is yours. A file that is there is left as it is.
ids() {
  [ ! -e .env ] || return 0
  {
    say "# Made by scripts/preflight.sh; .env.example explains every setting."
    say "SDA_UID=$(id -u)"
    say "SDA_GID=$(id -g)"
    [ "$1" != rocm ] || say "SDA_VIDEO_GID=$(group_number video 44)"
    [ "$1" != rocm ] || say "SDA_RENDER_GID=$(group_number render 109)"
  } >.env
  say "Settings of the containers written: .env"
}

folders() {
  data=$(setting SDA_DATA ./data)
  datasets=$(setting SDA_PATHS_DATASETS "$data/datasets")
  mkdir -p "$data" "$datasets" || stop "The folder $data cannot be made." "See the line above." \
    "Set SDA_DATA in .env to a folder that is yours."
  # Docker Desktop hands files over in its own way: there, user ids do not matter.
  if [ "$(uname -s)" = Linux ]; then
    user=$(setting SDA_UID 1000)
    owner=$(stat -c %u "$data")
    [ "$owner" = "$user" ] || [ "$user" = 0 ] || stop "The container could not write into $data." \
      "The folder belongs to user $owner, and the container would run as user $user (SDA_UID)." \
      "Set SDA_UID=$owner and SDA_GID=$(stat -c %g "$data") in .env, or: sudo chown -R $user $data"
  fi
  say "Recordings are read from $datasets; everything that sda makes goes into $data."
}

space() { # gigabytes
  root=$(docker info --format '{{.DockerRootDir}}')
  [ -d "$root" ] || return 0 # the engine runs in a virtual machine or elsewhere
  free=$(($(df -Pk "$root" | awk 'NR == 2 { print $4 }') / 1000000))
  [ "$free" -ge "$1" ] || say "Note: only $free GB are free where Docker keeps its images ($root); the build needs about $1 GB. Free some with: docker system prune"
}

nvidia() {
  [ "$(uname -s)" = Linux ] || stop "Docker has no NVIDIA GPUs on $(uname -s)." "Containers run in a virtual machine without them." \
    "On a Mac: make native-mac uses its GPU without a container; make up-cpu runs on the processor."
  [ -e /proc/driver/nvidia/version ] || [ -e /dev/dxg ] || stop "This computer has no NVIDIA driver at work." \
    "/proc/driver/nvidia is not there." \
    "Install the driver (Ubuntu: sudo ubuntu-drivers install; Debian: sudo apt install nvidia-driver) and restart, or use the processor: make up-cpu"
  docker info --format '{{json .}}' | grep -q -e '"nvidia"' -e 'nvidia.com/gpu' -e '"Docker Desktop"' || stop "Docker cannot hand the NVIDIA GPU to a container." \
    "The NVIDIA Container Toolkit is not installed, or Docker was not told of it. Docker itself would say: could not select device driver \"nvidia\" with capabilities: [[gpu]]." \
    "Install nvidia-container-toolkit, then: sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker. Or use the processor: make up-cpu"
}

amd() {
  [ -e /dev/kfd ] && [ -d /dev/dri ] || stop "This computer has no AMD GPU that can compute." \
    "/dev/kfd or /dev/dri is not there: the driver amdgpu is not loaded." \
    "Update the kernel, or install AMD's driver package amdgpu-dkms, and restart; or use the processor: make up-cpu"
  for group in video render; do
    name=SDA_$(printf '%s' "$group" | tr '[:lower:]' '[:upper:]')_GID
    number=$(group_number "$group" '')
    [ -z "$number" ] || [ "$number" = "$(setting "$name" "$([ "$group" = video ] && echo 44 || echo 109)")" ] ||
      stop "The container could not use the GPU." "The group $group has number $number here, and $name says otherwise." \
        "Set $name=$number in .env"
  done
}

kind=${1:-cpu}
case $kind in cpu | cuda | rocm) ;; *) stop "There is no kind named $kind." "There are cpu, cuda and rocm." "scripts/preflight.sh cuda" ;; esac
case $kind in cuda) nvidia_first=yes ;; *) nvidia_first=no ;; esac
engine
[ "$nvidia_first" = no ] || nvidia
ids "$kind"
folders
case $kind in
cpu) space "$SPACE_CPU" ;;
cuda) space "$SPACE_CUDA" ;;
rocm)
  amd
  space "$SPACE_ROCM"
  ;;
esac
say "Ready: docker compose up sda-$kind"
