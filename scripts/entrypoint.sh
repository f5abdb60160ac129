#!/bin/sh
# Looks after the mounted folders, checks the environment, and hands over to a command: `sda run` unless another is named.
# Everything said here goes to stderr, so that stdout holds what the command itself prints.
set -eu

CONFIG=${SDA_CONFIG:-/data/config.toml}
DATASETS=${SDA_PATHS_DATASETS:-/data/datasets}
REPORTS=${SDA_PATHS_REPORTS:-/data/reports}
BENCHMARK=${SDA_BENCHMARK:-full}
USER_ID=$(id -u)
GROUP_ID=$(id -g)

say() { printf '%s\n' "$*" >&2; }

stop() { # what, why, fix
  printf 'Error: %s\n  Why: %s\n  Fix: %s\n' "$1" "$2" "$3" >&2
  exit 1
}

# The nearest folder above a path that is there.
existing() {
  place=$1
  while [ ! -e "$place" ]; do place=$(dirname "$place"); done
  printf '%s' "$place"
}

# Why a folder cannot be written, from the system's own words, and which setting mends it; does not return.
explain() { # folder, what the system said
  place=$(existing "$1")
  owner=$(stat -c %u "$place")
  group=$(stat -c %g "$place")
  case $2 in
  *"Read-only file system"*)
    mountpoint -q /data || stop "There is no place for what sda makes." \
      "Nothing is mounted at /data, and the container's own files are read-only." \
      "Mount a folder there: docker run --volume \"\$PWD/data:/data\" ..., or set SDA_DATA in .env for docker compose."
    stop "$1 cannot be written." "It is mounted read-only." \
      "Mount it for writing: take \"read_only: true\" from this volume in docker-compose.yml, or \":ro\" from --volume."
    ;;
  *"Permission denied"* | *"Operation not permitted"*)
    if [ "$owner" = "$USER_ID" ]; then
      stop "$1 cannot be written." "$place belongs to this container's user ($USER_ID), but the system forbids it all the same." \
        "On the host, allow writing: chmod -R u+rwX on that folder. With SELinux, append :z to the volume in docker-compose.yml (SDA_DATA names the folder)."
    elif [ "$owner" = 0 ]; then
      stop "$1 cannot be written." "$place belongs to root, and this container runs as user $USER_ID, group $GROUP_ID. Docker makes missing folders as root." \
        "On the host, make the folder yours: sudo chown -R $USER_ID:$GROUP_ID followed by its name. Where Docker or Podman runs without root, set SDA_UID=0 and SDA_GID=0 in .env instead."
    fi
    stop "$1 cannot be written." "$place belongs to user $owner, group $group, and this container runs as user $USER_ID, group $GROUP_ID." \
      "Set SDA_UID=$owner and SDA_GID=$group in .env beside docker-compose.yml (with docker run: --user $owner:$group)."
    ;;
  *"No space left"* | *"quota"*)
    stop "$1 cannot be written." "The disk is full." "Free some space, or set SDA_DATA in .env to a folder on another disk."
    ;;
  esac
  stop "$1 cannot be written." "$2" "Set SDA_DATA in .env (with docker run: --volume) to a folder that can be written."
}

# Makes a folder that is missing, and proves by doing it that files can be written there.
writable() {
  reason=$(LC_ALL=C mkdir -p "$1" 2>&1) || explain "$1" "$reason"
  probe=$1/.sda-probe-$$
  reason=$({ : >"$probe"; } 2>&1) || explain "$1" "$reason"
  rm -f "$probe"
}

readable() {
  if [ ! -e "$1" ]; then
    mkdir -p "$1" 2>/dev/null || stop "There is no folder for your recordings." "$1 does not exist and cannot be made." \
      "Mount your recordings there: set SDA_PATHS_DATASETS in .env (with docker run: --volume \"\$HOME/Music:/data/datasets:ro\")."
  fi
  [ -r "$1" ] && [ -x "$1" ] || stop "Your recordings in $1 cannot be read." \
    "The folder belongs to user $(stat -c %u "$1") with mode $(stat -c %a "$1"), and this container runs as user $USER_ID, group $GROUP_ID." \
    "On the host: chmod -R a+rX on that folder; or set SDA_UID=$(stat -c %u "$1") and SDA_GID=$(stat -c %g "$1") in .env."
}

# Runs a command so that Ctrl-C and `docker stop` reach it at once, and end this script with it.
attend() {
  "$@" &
  child=$!
  trap 'signalled=143; kill -TERM "$child" 2>/dev/null || :' TERM
  trap 'signalled=130; kill -TERM "$child" 2>/dev/null || :' INT
  signalled=0 ended=0
  wait "$child" || ended=$?
  while kill -0 "$child" 2>/dev/null; do wait "$child" || ended=$?; done
  trap - TERM INT
  [ "$signalled" -eq 0 ] || { rm -f "$REPORTS/doctor.json.new"; exit "$signalled"; }
  return "$ended"
}

folders() {
  mountpoint -q /data || say "Note: nothing is mounted at /data, so what sda makes goes with this container. Keep it with --volume \"\$PWD/data:/data\"."
  # A user namespace that maps few ids is that of a container without root: its root is an ordinary user outside.
  if [ "$USER_ID" -eq 0 ] && grep -q ' 4294967295$' /proc/self/uid_map; then
    say "Note: this container runs as root, and so do its files belong to root. Set SDA_UID and SDA_GID in .env to your own ids (id -u, id -g)."
  fi
  for folder in "$SDA_PATHS_LIBRARY" "$REPORTS" "$SDA_PATHS_CACHE" "$SDA_PATHS_MODELS" "$SDA_PATHS_GENERATED" "$(dirname "$CONFIG")"; do
    writable "$folder"
  done
  readable "$DATASETS"
}

# Said before the benchmark, which takes its time the first time.
recordings() {
  [ -n "$(find "$DATASETS" -mindepth 1 ! -name '.*' ! -path "$DATASETS/README.md" -print -quit 2>/dev/null)" ] ||
    say "There are no recordings yet: put them into ${HOST_DATASETS:-the folder mounted at $DATASETS}, then start again."
}

# The command names folders as they are in here; this is the last word before it speaks.
places() {
  if [ -n "${HOST_DATASETS:-}" ]; then
    say "On your computer, $DATASETS is ${HOST_DATASETS}, and /data is ${HOST_DATA:-./data}."
  fi
}

# First start: settings that name the folders beside them, so that they hold inside and outside of the container.
settings() {
  if [ ! -e "$CONFIG" ]; then
    for name in datasets models generated library reports cache; do
      SDA_CONFIG='' sda --quiet config set "paths.$name" "$name" --config "$CONFIG" >&2
    done
    say "Settings written: $CONFIG"
  fi
  export SDA_CONFIG="$CONFIG"
}

# Quiet where all is well. The report says everything in any case.
doctor() {
  report=$REPORTS/doctor.json
  verdict=0
  attend sda doctor --json >"$report.new" || verdict=$?
  mv -f "$report.new" "$report"
  if [ "$verdict" -eq 0 ] && ! grep -q '"status": "warn"' "$report"; then
    say "Environment checked, all is well: $report"
    return 0
  fi
  attend sda doctor >&2 || :
  return "$verdict"
}

# Its figures are shown the first time; later only what is out of the ordinary, and the report has the rest.
benchmark() {
  case $BENCHMARK in
  off) return 0 ;;
  quick) set -- --quick ;;
  *) set -- ;;
  esac
  verdict=0
  if [ -e "$REPORTS/benchmark.json" ]; then
    attend sda benchmark "$@" >/dev/null || verdict=$?
  else
    attend sda benchmark "$@" >&2 || verdict=$?
  fi
  [ "$verdict" -eq 0 ] || say "Note: the benchmark did not end well (see above); sda works without it. \`sda benchmark --force\` measures again."
}

# Not `command -v`, which also knows the shell's own words: export is a command of sda.
is_program() {
  case $1 in */*) return 0 ;; esac
  for place in $(printf '%s' "$PATH" | tr ':' ' '); do
    [ ! -x "$place/$1" ] || return 0
  done
  return 1
}

# A word that is not a program of this image is a command of sda: `run --dry-run` is `sda run --dry-run`.
[ $# -gt 0 ] || set -- run
is_program "$1" || set -- sda "$@"

case $BENCHMARK in full | quick | off) ;; *) stop "There is no benchmark named $BENCHMARK." "SDA_BENCHMARK may be full, quick or off." "Set SDA_BENCHMARK=full in .env, or leave it out." ;; esac
folders
[ "$*" != "sda run" ] || recordings
settings
if doctor; then
  benchmark
else
  say "Note: mend what is marked above (sda doctor shows it again); the benchmark is left out until then."
fi
places
exec "$@"
