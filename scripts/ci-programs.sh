#!/usr/bin/env bash
# Programs that some tests try sda with, put on a Debian machine where they are missing: a browser (the report's pages) and fpcalc
# (fingerprints for AcoustID). sda itself needs no browser, and fpcalc only for AcoustID. Where something cannot be had, that is said, and the tests that need it are left out;
# with CI=true in the environment they fail instead, so that nobody takes a run without them for a whole one.
#   usage: scripts/ci-programs.sh
set -euo pipefail
cd "$(dirname "$0")/.."

export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1

has() { for name in "$@"; do if command -v "$name" >/dev/null; then return 0; fi; done; return 1; }

missing=()
has chromium chromium-browser google-chrome-stable google-chrome || [ -d "/Applications/Google Chrome.app" ] || missing+=(chromium)
has fpcalc || missing+=(libchromaprint-tools)
if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" -eq 0 ] && has apt-get; then
    echo "Installing for the tests: ${missing[*]}"
    { apt-get -q update && apt-get -qy install --no-install-recommends "${missing[@]}"; } >/dev/null 2>&1 ||
      echo "These could not be installed: ${missing[*]}. The tests that need them are left out." >&2
  else
    echo "For all tests, install: ${missing[*]} (these are the names of Debian's packages)." >&2
  fi
fi
