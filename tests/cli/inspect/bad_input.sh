# What stands in the place of a model is named; the other files are told of all the same.
: > empty.pth
head -c 5000 /dev/zero > zeros.pth
printf '<!DOCTYPE html>\n<html><body>Not found</body></html>\n' > page.pth
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 338410000\n' 0 > pointer.pth
head -c 1000000 "$DEMO/rwkv4-shakespeare.pth" > half.pth
make_pth evil.pth --call 'touch it-ran'
for file in nosuch.pth empty.pth zeros.pth . page.pth pointer.pth half.pth evil.pth; do
  expect 1 rwkv-inspect $file
done
expect 1 rwkv-inspect nosuch.pth "$DEMO/vocab.txt"
expect 1 rwkv-inspect "$DEMO/vocab.txt" > /dev/full

# A checkpoint that is not RWKV, or a spoilt one, is listed, with the reason.
make_pth no-key.pth --drop blocks.1.att.key.weight
make_pth no-emb.pth --drop emb.weight
rwkv-inspect no-emb.pth no-key.pth
ls
