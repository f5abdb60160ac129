#!/bin/sh
# Puts a real llama-server, and llama.cpp's converter of models, into .tools/llama-server, for the tests of captions.
#
#   UV=uv scripts/llama-server.sh
#
# The server is the machine's own where the PATH has one. Elsewhere it comes from the newest Debian or Ubuntu, through apt and
# from the mirror that the machine uses; nothing is installed, it runs with its own C library. The converter comes with the
# source of llama-cpp-python, of which nothing else is kept.
set -eu
cd "$(dirname "$0")/.."

target=.tools/llama-server
package=llama.cpp-tools
source_version=0.3.36
source_hash=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
uv=${UV:-$(command -v uv || echo .tools/bin/uv)}

fail() {
  printf 'Error: %s\n  Why: %s\n  Fix: %s\n' "$1" "$2" "$3" >&2
  exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# apt with folders of its own: it knows no package of the machine, so that everything down to the C library is fetched.
use_own_apt() {
  mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
  : >"$work/status"
  cat >"$work/apt.conf" <<EOF
Dir::State "$work/state";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Debug::NoLocking "true";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
EOF
}

# The archives that this machine takes its packages from, as apt knows them.
archives() {
  # shellcheck disable=SC2016 # apt fills these in
  apt-get indextargets --format '$(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    sed -n 's/^main //p' | grep -v security | sort -u
}

keyring() {
  for file in "/usr/share/keyrings/$1-archive-keyring.gpg" "/usr/share/keyrings/$1-archive-keyring.pgp"; do
    if [ -r "$file" ]; then
      printf '[signed-by=%s] ' "$file"
      return
    fi
  done
}

fetch_server() {
  # shellcheck disable=SC1091 # what every such machine has
  system=$(. /etc/os-release 2>/dev/null && echo "${ID:-}")
  case $system in
    debian) suite=sid components=main ;;
    ubuntu) suite=devel components="main universe" ;;
    *) fail "llama-server cannot be put here by this script." \
      "It takes it from Debian's or Ubuntu's packages, and this is another system." \
      "install llama.cpp (Homebrew: brew install llama.cpp) and run this again." ;;
  esac
  echo "Putting llama-server into $target (20 MB from the archive of $system $suite)"
  use_own_apt
  for archive in $(archives); do
    echo "deb $(keyring "$system")$archive $suite $components" >"$work/sources.list"
    if APT_CONFIG="$work/apt.conf" apt-get -qq update >"$work/log" 2>&1 &&
      APT_CONFIG="$work/apt.conf" apt-get -qq --yes --download-only install "$package" >>"$work/log" 2>&1; then
      unpack_server
      return
    fi
  done
  cat "$work/log" >&2 2>/dev/null || true
  fail "llama-server could not be fetched." \
    "no archive that apt knows here gave the package $package of $suite; see the lines above. Most often the network is away." \
    "run this again with a network, or put a llama-server on the PATH."
}

# The loader of the unpacked system starts the program. The libraries for kinds of processors are looked for beside it.
unpack_server() {
  root=$work/root
  mkdir "$root"
  for file in "$work"/cache/archives/*.deb; do
    dpkg-deb --extract "$file" "$root"
  done
  libraries=$(cd "$root" && find usr/lib -mindepth 1 -maxdepth 1 -name '*-linux-gnu*')
  loader=$(cd "$root" && find "$libraries" -maxdepth 1 -name 'ld-linux*.so*' | head -n 1)
  for backend in "$root/$libraries"/ggml/backends*/*.so; do
    ln -s "${backend#"$root/$libraries"/}" "$root/$libraries/"
  done
  rm -rf "${root:?}/usr/share"
  cat >"$work/llama-server" <<EOF
#!/bin/sh
root=\$(dirname "\$(readlink -f "\$0")")/root
exec "\$root/$loader" --library-path "\$root/$libraries:\$root/$libraries/llama" "\$root/usr/bin/llama-server" "\$@"
EOF
  chmod 755 "$work/llama-server"
  "$work/llama-server" --version >/dev/null 2>"$work/log" || {
    cat "$work/log" >&2
    fail "the llama-server that was fetched does not run here." "see the lines above." "put a llama-server on the PATH."
  }
  rm -rf "$target/root"
  mkdir -p "$target"
  mv "$root" "$target/root"
  mv "$work/llama-server" "$target/llama-server"
}

fetch_converter() {
  echo "Putting llama.cpp's converter into $target (75 MB, of which 2 MB are kept)"
  echo "llama-cpp-python==$source_version --hash=sha256:$source_hash" >"$work/requirements"
  "$uv" tool run --quiet --no-config pip --quiet --disable-pip-version-check download --no-deps --no-binary llama-cpp-python \
    --dest "$work/source" --requirement "$work/requirements" >&2 ||
    fail "the source of llama-cpp-python could not be fetched." \
      "see the lines above. Most often the network is away." "run this again with a network."
  mkdir "$work/converter"
  tar -xzf "$work/source/llama_cpp_python-$source_version.tar.gz" -C "$work/converter" --strip-components=3 \
    "llama_cpp_python-$source_version/vendor/llama.cpp/convert_hf_to_gguf.py" \
    "llama_cpp_python-$source_version/vendor/llama.cpp/conversion" \
    "llama_cpp_python-$source_version/vendor/llama.cpp/gguf-py" \
    "llama_cpp_python-$source_version/vendor/llama.cpp/LICENSE"
  echo "$source_version" >"$work/converter/.version"
  rm -rf "$target/converter"
  mkdir -p "$target"
  mv "$work/converter" "$target/converter"
}

command -v llama-server >/dev/null || [ -x "$target/llama-server" ] || fetch_server
[ "$(cat "$target/converter/.version" 2>/dev/null)" = "$source_version" ] || fetch_converter
