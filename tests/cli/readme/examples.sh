# Every ```sh block of README.md, in order, in one shell, as a user would paste them. All that may be said on the way is
# what rwkv-convert sums up.
needs jq
ln -s "$DEMO" demo
ln -s "$DEMO/../examples" examples
cp "$DEMO/../README.md" .
sed -n '/^```sh$/,/^```$/{/^```/!p}' README.md > blocks
test "$(grep -c rwkv- blocks)" -ge 10
trap 'grep -vE "^rwkv-convert: [0-9]+ tensors, .* s$" words >&2 || :' EXIT
. ./blocks > output 2> words
