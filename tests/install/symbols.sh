# The library exports what its header declares and nothing else; so does the other.
. "$SOURCE/tests/install/helpers.sh"
exported() { nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort; }
declared=$(grep -o '\brwkv_[a-z_]*(' "$PREFIX/include/rwkv/rwkv.h" | tr -d '(' | sort -u)
same "$declared" "$(exported "$lib/librwkv.so")"
same "$(grep -o '\brwkv_[a-z_]*' "$SOURCE/compat/exports.map" | sort)" "$(exported "$lib/librwkv_compat.so")"
