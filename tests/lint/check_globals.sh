#!/usr/bin/env bash
# Fails when the built library holds a global that changes. Constants are named kLikeThis (clang-tidy holds that), and statics of
# functions are const (check_layers.sh); of what is left there is one, the pinned SIMD target. usage: check_globals.sh LIBRARY
set -euo pipefail
constants='(^|[ :])k[A-Z]|\)::\w+(\[abi:\w+\])?$'
others='HighwayDispatchTable|vtable for|typeinfo|guard variable|boost::|std::|DW\.ref|gcov|_\.[0-9]+|^ *C\.[0-9.]+$'
if nm -C "$1" | awk '$2 ~ /^[bBdD]$/ { $1 = $2 = ""; print }' | grep -vE "$constants|$others" | sort -u | grep .; then
  echo 'lib/ keeps no global that changes' >&2
  exit 1
fi
