# Every ```sh block of README.md, in order, in one shell, as a user would paste them.
ln -s "$DEMO" demo
cp "$DEMO/../README.md" .
sed -n '/^```sh$/,/^```$/{/^```/!p}' README.md > examples
test "$(grep -c rwkv- examples)" -ge 10
. ./examples > output
