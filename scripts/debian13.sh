#!/usr/bin/env bash
# Builds and tests this tree as on a bare Debian 13: makes such a root in build-debian13/root by debootstrap, once, and runs `make demo` and
# `make test` in it, with the CMAKE_FLAGS of DEBIAN13_FLAGS. Needs to be root. Skips, and says so, where no root can be made. usage: scripts/debian13.sh
set -euo pipefail
cd "$(dirname "$0")/.."
base=$PWD/build-debian13
root=$base/root

skip() { echo "debian13: skipped: $1" >&2 && exit 0; }
[ "$(id -u)" = 0 ] || skip 'this needs to be root'
command -v debootstrap >/dev/null || skip 'debootstrap is not installed'

mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
if [ ! -e "$root/.complete" ]; then
  rm -rf "$root"
  mkdir -p "$root"
  debootstrap --variant=minbase trixie "$root" "$mirror" >"$base/debootstrap.log" 2>&1 ||
    skip "debootstrap failed: $(tail -n 1 "$base/debootstrap.log")"
  touch "$root/.complete"
fi

# The sources as git knows them, changes not committed included.
rm -rf "$root/src"
mkdir -p "$root/src" "$root/ccache"
git ls-files -z -co --exclude-standard | xargs -0 cp --parents -t "$root/src" --
cp /etc/resolv.conf "$root/etc/resolv.conf"

leave() { umount "$root/dev/pts" "$root/proc" 2>/dev/null || true; }
trap leave EXIT
mount -t proc proc "$root/proc" 2>/dev/null || skip 'no /proc can be mounted in the root'
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts" 2>/dev/null || skip 'no /dev/pts can be mounted in the root'
ln -sf pts/ptmx "$root/dev/ptmx"

# Warnings are counted, but are no errors: another g++ 14 may have others.
chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb CI="${CI:-}" CCACHE_DIR=/ccache CMAKE_FLAGS="${DEBIAN13_FLAGS:-}" \
  bash -euc 'apt-get install -y -q --no-install-recommends make ccache >/dev/null; cd /src; make demo; make test' 2>&1 | tee "$base/log"
echo "debian13: $(grep -c 'warning:' "$base/log" || true) warnings"
