# Every ```sh block of README.md, in order, in one shell, as a user would paste them. All that may be said on the way is
# what rwkv-convert sums up.
ln -s "$DEMO" demo
cp "$DEMO/../README.md" .
sed -n '/^```sh$/,/^```$/{/^```/!p}' README.md > examples
test "$(grep -c rwkv- examples)" -ge 10
trap 'grep -vE "^rwkv-convert: [0-9]+ tensors, .* s$" words >&2 || :' EXIT
. ./examples > output 2> words
