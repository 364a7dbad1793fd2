# Files that are no RWKV model are refused in one line.
: > empty.pth
printf '<!DOCTYPE html>\n<html><body>Not found</body></html>\n' > page.pth
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 338410000\n' 0 > pointer.pth
head -c 1000000 "$DEMO/rwkv4-shakespeare.pth" > half.pth
make_pth evil.pth --call 'touch it-ran'
make_pth no-head.pth --drop head.weight
make_pth no-key.pth --drop blocks.1.att.key.weight
make_pth no-emb.pth --drop emb.weight
make_pth wide-key.pth --reshape blocks.1.att.key.weight=8,16
make_pth small-head.pth --reshape head.weight=15,8
for file in nosuch.pth empty.pth . page.pth pointer.pth half.pth evil.pth no-head.pth no-key.pth no-emb.pth wide-key.pth small-head.pth \
  "$DEMO/vocab.txt"; do
  echo 1 | expect 1 rwkv-generate -m $file -n 1
done
ls
