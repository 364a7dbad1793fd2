#!/usr/bin/env bash
# Fails when a list of dtypes stands outside their table (lib/tensor/dtype.h): within four lines, three of them are named
# or two compared with. Where each dtype has code of its own, a table of that code, which a static_assert holds against the
# (ggml's types are a table of their own.)
# enum, says "In the order of the enum." above itself. usage: check_dtypes.sh PROJECT
set -euo pipefail
cd "$1"
find lib tools bench \( -name '*.cc' -o -name '*.h' \) ! -path lib/tensor/dtype.h ! -path lib/formats/ggml_types.cc ! -path lib/checkpoint/gguf_export.cc -print0 | sort -z | xargs -0 awk '
  # Remembers in seen[] at which line each type that pattern finds was met, and counts those within four lines.
  function recent(pattern, seen,    rest, name, n) {
    for (rest = $0; match(rest, pattern "DType::k[A-Z][A-Za-z0-9]*"); rest = substr(rest, RSTART + RLENGTH)) {
      name = substr(rest, RSTART, RLENGTH)
      seen[name] = FNR
    }
    n = 0
    for (name in seen) n += seen[name] > FNR - 4
    return n
  }
  FNR == 1 || /In the order of the enum\./ { split("", named); split("", compared); in_table = FNR > 1 }
  in_table { in_table = !/[})];/; next }
  /DType::/ && (recent("", named) > 2 || recent("(case |[!=]= )", compared) > 1) {
    print FILENAME ":" FNR ": " $0 "    <- dtypes are listed in lib/tensor/dtype.h"
    broken = 1
  }
  END { exit broken }'
