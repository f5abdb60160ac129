#!/bin/sh
# Makes sda ready on this computer itself, without a container: environment, checks, benchmark.
#   usage: scripts/native.sh mac|linux        (make native-mac, make native-linux)
set -eu
cd "$(dirname "$0")/.."

# The first macOS whose Metal this torch computes with.
OLDEST_MACOS=14

stop() { # what, why, fix
  printf 'Error: %s\n  Why: %s\n  Fix: %s\n' "$1" "$2" "$3" >&2
  exit 1
}

mac() {
  [ "$(uname -s)" = Darwin ] || stop "This is $(uname -s)." "make native-mac is for macOS." "make native-linux"
  if [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || echo 0)" = 1 ]; then
    stop "This terminal runs under Rosetta." "Its programs are those for Intel, for which there is no torch any more." \
      "In the Finder, take the tick off \"Open using Rosetta\" in the terminal's information window, and open it again."
  fi
  [ "$(uname -m)" = arm64 ] || stop "This Mac has an Intel processor." "Torch is made for Apple silicon only." \
    "Use a Mac with an M1 or newer, or sda in a container on another computer (docs/containers.md)."
  version=$(sw_vers -productVersion)
  [ "${version%%.*}" -ge "$OLDEST_MACOS" ] || stop "macOS $version is too old." \
    "Torch uses the Mac's GPU from macOS $OLDEST_MACOS on." "Update macOS in System Settings, General, Software Update."
  # Operations that Metal lacks run on the processor instead of failing. (sda sets it for itself as well.)
  export PYTORCH_ENABLE_MPS_FALLBACK="${PYTORCH_ENABLE_MPS_FALLBACK:-1}"
}

linux() {
  [ "$(uname -s)" = Linux ] || stop "This is $(uname -s)." "make native-linux is for Linux." "make native-mac"
  case $(uname -m) in
  x86_64 | aarch64) ;;
  *) stop "This computer's processor is $(uname -m)." "Torch is made for x86-64 and 64-bit Arm." \
    "Use another computer; sda itself has no other need." ;;
  esac
}

case ${1:-} in
mac) mac ;;
linux) linux ;;
*) stop "It is not clear which system is meant." "There are mac and linux." "make native-mac or make native-linux" ;;
esac
"${MAKE:-make}" --no-print-directory setup
PATH=${UV_PROJECT_ENVIRONMENT:-.venv}/bin:$PATH
sda doctor
sda benchmark
printf '\nReady. Put recordings into data/datasets and run: make run\n'
