#!/usr/bin/env bash
# Puts Stable Audio Tools, and what its loader needs, into .tools/stable-audio-tools, so that tests read exports with the real
# trainer. It goes beside the environment, not into it: its own pins (Python 3.10, torch 2.7) are for training, not for reading.
#
#   UV=uv PYTHON=.venv/bin/python scripts/trainer.sh
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  stable-audio-tools==0.0.20
  alias-free-torch==0.0.6
  dill==0.4.1
  einops-exts==0.0.4
  pywavelets==1.9.0
  torchcodec==0.10.0 # for the torch of uv.lock
  webdataset==0.2.100
)
python=${PYTHON:-${UV_PROJECT_ENVIRONMENT:-.venv}/bin/python}
uv=${UV:-$(command -v uv || echo .tools/bin/uv)}
target=.tools/stable-audio-tools
wanted="${packages[*]}"

# torchcodec looks for FFmpeg's libraries under their usual names. PyAV brings them along, under names of its own.
link_ffmpeg() {
  [ "$(uname -s)" = Linux ] || return 0 # elsewhere a system's FFmpeg is needed: brew install ffmpeg
  local libraries library name version
  libraries=$("$python" -c 'import av, pathlib; print(pathlib.Path(av.__file__).parent.parent / "av.libs")')
  rm -rf "$target/ffmpeg"
  mkdir -p "$target/ffmpeg"
  for library in "$libraries"/lib{av,sw}*-*.so.*; do
    name=$(basename "$library")
    version=${name#*.so.}
    ln -s "$(realpath "$library")" "$target/ffmpeg/${name%%-*}.so.${version%%.*}"
  done
}

if [ "$(cat "$target/.packages" 2>/dev/null)" != "$wanted" ]; then
  rm -rf "$target"
  if ! "$uv" pip install --quiet --no-config --python "$python" --target "$target" --no-deps --no-build "${packages[@]}"; then
    echo "Error: Stable Audio Tools could not be installed into $target." >&2
    echo "  Why: see the lines above. Most often the network cannot be reached." >&2
    echo "  Fix: run this again with a network; everything else works without it." >&2
    exit 1
  fi
  printf '%s' "$wanted" >"$target/.packages"
fi
link_ffmpeg
