#!/usr/bin/env bash
# Unpacks the libraries that the preset aarch64 links from Debian 12's arm64 packages into build-aarch64/root. Needs apt
# and the network, no root; the system's packages and lists of packages stay as they are.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$PWD/build-aarch64

packages=(libhwy1 libhwy-dev libutf8proc2 libutf8proc-dev libpcre2-8-0 libpcre2-dev zlib1g zlib1g-dev libeigen3-dev libssl3 libssl-dev libedit2 libedit-dev libbsd0 libmd0 libtinfo6 libgtest-dev libboost1.81-dev)
for part in container json program-options system; do
  packages+=("libboost-${part}1.81.0" "libboost-${part}1.81-dev")
done

mkdir -p "$build"/apt/lists/partial "$build"/apt/cache/archives/partial "$build"/packages "$build"/root
touch "$build"/apt/status
export APT_CONFIG=$build/apt/apt.conf
cat > "$APT_CONFIG" <<EOF
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
Dir::State "$build/apt";
Dir::State::status "$build/apt/status";
Dir::Cache "$build/apt/cache";
EOF
apt-get update -q
(cd "$build"/packages && apt-get download -q "${packages[@]}")
for package in "$build"/packages/*.deb; do
  dpkg -x "$package" "$build"/root
done
