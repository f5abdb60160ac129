#!/usr/bin/env bash
# Opens the devcontainer with the devcontainers command line, as an editor would, and runs the fast tests in it.
#   usage: scripts/test-devcontainer.sh [TESTS...]       needs an engine, npm, and a user who is not root
#   variables: SDA_TORCH_GROUP as in .env.example; SSL_CERT_FILE is handed in where it is set
set -euo pipefail
cd "$(dirname "$0")/.."

CLI=@devcontainers/cli@0.89.0
label=sda.test=$$
options=(--workspace-folder "$PWD" --id-label "$label")

remove() {
  local container volumes
  for container in $(docker ps --all --quiet --filter "label=$label"); do
    volumes=$(docker inspect --format '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{end}}{{end}}' "$container")
    docker rm --force --volumes "$container" >/dev/null
    # shellcheck disable=SC2086 # several names
    docker volume rm --force $volumes >/dev/null
  done
}
trap remove EXIT

certificates=()
environment=()
if [ -s "${SSL_CERT_FILE:-}" ]; then
  # The certificates of a proxy that inspects TLS.
  certificates=(--mount "type=bind,source=$SSL_CERT_FILE,target=/tmp/ca-bundle.pem")
  environment=(--remote-env SSL_CERT_FILE=/tmp/ca-bundle.pem)
fi
devcontainer() { npx --yes "$CLI" "$@"; }

devcontainer up "${options[@]}" "${certificates[@]}" "${environment[@]}"
devcontainer exec "${options[@]}" "${environment[@]}" make test-fast ${1:+TESTS="$*"}
