# Runs every ```sh block of README.md, in order, in one shell, as a user would paste them. Where a ```text block follows, the block
# prints just that; … stands for anything. stderr has nothing but the sums of rwkv-convert and the figures of rwkv-bench's.
needs jq curl
ln -s "$DEMO" demo
ln -s "$DEMO/../examples" examples
cp "$DEMO/../README.md" .

# Turns the page into a script, which writes what block N prints to printed.N, and into wanted.N where the page says what.
awk '
  /^```sh$/ { ++n; print "{"; in_sh = 1; next }
  /^```text$/ { in_text = 1; printf "" > ("wanted." n); next }
  /^```$/ && in_sh { print "} > printed." n }
  /^```/ { in_sh = in_text = 0 }
  in_sh { print }
  in_text { print > ("wanted." n) }' README.md > blocks
test "$(grep -c rwkv- blocks)" -ge 15
test "$(ls wanted.* | wc -l)" -ge 10

trap 'grep -vE "^rwkv-convert: [0-9]+ tensors, .* s$" words >&2 || :' EXIT
. ./blocks 2> words
for wanted in wanted.*; do
  printed=printed.${wanted#wanted.}
  pattern=$(sed 's/[][*?+@!()|\\]/\\&/g; s/…/*/g' "$wanted")
  # shellcheck disable=SC2053  # the right side is meant as a glob
  [[ $(cat "$printed") == $pattern ]] || diff -u --label "README.md, block ${wanted#*.}" --label printed "$wanted" "$printed" || :
done

# The ```python block, where Python has NumPy and can load the shared library: not the one of a sanitizer.
library=$(dirname "$(command -v rwkv-generate)")/../lib/librwkv.so
if [ -e "$library" ] && python3 -c 'import ctypes, sys, numpy; ctypes.CDLL(sys.argv[1])' "$library" 2> /dev/null; then
  sed -n '/^```python$/,/^```$/{/^```/!p}' README.md > block.py
  RWKV_LIBRARY=$library PYTHONPATH=$DEMO/../python PYTHONDONTWRITEBYTECODE=1 python3 block.py > spoken
  head -n 1 spoken | grep -q '^I will, sir'
fi
