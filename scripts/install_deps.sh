#!/usr/bin/env bash
# Installs what is missing of the packages the project needs (Debian, Ubuntu); does nothing, and needs no
# root, when all are there. usage: scripts/install_deps.sh [ci]   (ci: also what the linters and sanitizers need)
set -euo pipefail

# One requirement a line; `a|b` is met by either, and `a` is installed where it exists. docs/dependencies.md says why.
build_packages="g++ cmake ninja-build pkg-config|pkgconf libhwy-dev libgtest-dev libbenchmark-dev libutf8proc-dev libssl-dev python3 jq zlib1g-dev libpcre2-dev libedit-dev libeigen3-dev"
ci_packages="ccache clang-14|clang clang-tidy-14|clang-tidy clang-format-14|clang-format libclang-rt-14-dev|libclang-rt-dev gnuplot-nox parallel python3-numpy python3-pytest python3-jsonschema debootstrap curl"
# Boost 1.81 is the first that has what we use of Boost.JSON, and Debian 12's default is older.
boost_versions="1.81 1.83 1.88"

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
available() { [ -n "$(apt-cache show "$1" 2>/dev/null)" ]; }

# first TEST NAME... prints the first NAME that passes TEST.
first() {
  local test=$1 name
  shift
  for name in "$@"; do
    if "$test" "$name"; then
      echo "$name"
      return
    fi
  done
  return 1
}

boost_packages() {
  local version
  for version in $boost_versions ''; do
    if "$1" "libboost-json$version-dev"; then
      echo "libboost-json$version-dev libboost-program-options$version-dev libboost$version-dev"
      return
    fi
  done
}

requirements() {
  local boost
  boost=$(boost_packages installed)
  echo "$build_packages ${boost:-$(boost_packages available)}"
  [ "${1:-}" != ci ] || echo "$ci_packages"
}

# Prints the packages to install, one name for each requirement that is not met.
missing() {
  local requirement
  local -a names
  for requirement in $(requirements "$@"); do
    IFS='|' read -ra names <<<"$requirement"
    first installed "${names[@]}" >/dev/null || first available "${names[@]}" || echo "${names[0]}"
  done
}

if ! command -v apt-get >/dev/null; then
  echo "install_deps: not a Debian system: going on with what is here; docs/dependencies.md lists what is needed" >&2
  exit 0
fi
[ -n "$(missing "$@")" ] || [ -z "$(boost_packages installed)" ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install_deps: missing: $(missing "$@" | xargs). Going on without, as this needs root: apt-get install them" >&2
    exit 0
  fi
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -q || echo "install_deps: apt-get update failed; trying with the lists that are here" >&2
mapfile -t packages < <(missing "$@")
echo "install_deps: installing ${packages[*]}" >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-remove --no-install-recommends "${packages[@]}"
