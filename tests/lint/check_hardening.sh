#!/usr/bin/env bash
# Release builds of the tools are hardened. usage: check_hardening.sh READELF BIN
set -uo pipefail
failed=0
for tool in "$2"/rwkv-*; do
  facts=$("$1" -hldW --dyn-syms "$tool")
  # has WHAT PATTERN: the facts show it.
  has() {
    grep -Eq "$2" <<<"$facts" && return
    echo "$tool: no $1"
    failed=1
  }
  has 'position-independent code' 'Type: +DYN'
  has 'read-only relocations' 'GNU_RELRO'
  has 'binding at the start' 'FLAGS_1.* NOW'
  has 'stack protector' '__stack_chk_fail'
  has 'checked functions (FORTIFY)' '__[a-z]+_chk@'
done
exit $failed
