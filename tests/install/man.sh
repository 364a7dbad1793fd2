# The manual: the page of the C interface names each function, the page of formats has each section, and man reads all without a warning.
. "$SOURCE/tests/install/helpers.sh"
pages=$PREFIX/share/man
[ -e "$pages/man3/rwkv.3" ] || { echo 'skipped: built without awk'; exit 77; }
for name in $(grep -o '\brwkv_[a-z_]*(' "$PREFIX/include/rwkv/rwkv.h" | sort -u); do grep -qF "$name" "$pages/man3/rwkv.3"; done
same "$(sed -n 's/^## //p' "$SOURCE/docs/formats.md" | tr a-z A-Z | tr -d '`')" \
     "$(sed -n 's/^\.SH //p' "$pages/man5/rwkv-formats.5" | sed '1,2d;$d; s/\\-/-/g')"
[ -n "$(type -p man)" ] || { echo 'skipped: no man'; exit 77; }
for page in "$pages"/man*/*; do same '' "$(LC_ALL=C.UTF-8 MANROFFSEQ='' man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 > /dev/null)"; done
