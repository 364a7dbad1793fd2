# Files that are no checkpoint are refused in one line that says what they are; nothing is left behind.
: > empty.pth
printf '<!DOCTYPE html>\n<html><body>Not found</body></html>\n' > page.pth
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 338410000\n' 0 > pointer.pth
printf 'hello, world\n' > hello.pth
head -c 1000000 "$DEMO/rwkv4-shakespeare.pth" > half.pth
rwkv-convert -q "$DEMO/rwkv4-shakespeare.pth" whole.safetensors
head -c 1000000 whole.safetensors > half.safetensors
make_pth evil.pth --call 'touch it-ran'
mkdir folder

for file in nosuch.pth empty.pth folder page.pth pointer.pth hello.pth half.pth half.safetensors evil.pth; do
  expect 1 rwkv-convert $file out.safetensors
done
rm whole.safetensors
ls
