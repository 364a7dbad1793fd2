# --help is one screen of 80 x 40, and names every option that the manual describes; what is generated from it is well formed.
bin=$(dirname "$(command -v rwkv-generate)")
for tool in "$bin"/rwkv-*; do
  tool=$(basename "$tool")
  [ "$tool" != rwkv-make-model ] || continue
  "$tool" --help > help
  [ "$(wc -l < help)" -le 40 ] || echo "$tool --help has $(wc -l < help) lines"
  awk -v tool="$tool" 'length > 80 { print tool " --help is too wide: " $0 }' help
  head -n 1 help | grep -q "^usage: $tool " || echo "$tool --help begins without its usage"
  grep -A 1 '^examples:' help | grep -q "^  .*$tool" || echo "$tool --help has no example"
  grep -n ':$' help | cut -d: -f2 | sort | uniq -d

  "$tool" --generate man > page.1
  ! command -v groff > /dev/null || groff -man -Tutf8 -ww page.1 2>&1 > page.txt
  for heading in NAME SYNOPSIS OPTIONS EXAMPLES 'EXIT STATUS' ENVIRONMENT 'SEE ALSO'; do
    grep -q "^.SH $heading" page.1 || echo "$tool.1 lacks $heading"
  done
  sed -n 's/^\\fB.*\\-\\-\([^ ]*\)\\fR.*/\1/p' page.1 | tr -d '\\' | while read -r flag; do
    grep -q -- "--$flag\|-./--$flag" help || echo "$tool --help lacks --$flag"
  done

  "$tool" --generate bash > completion && bash -n completion || echo "$tool's completion is no bash"
  completed=$(source ./completion && complete -p "$tool" > /dev/null && COMP_WORDS=("$tool" --he) COMP_CWORD=1 && "_${tool//-/_}" && echo "${COMPREPLY[@]}")
  [ "$completed" = --help ] || echo "$tool --he is completed to '$completed'"
  for shell in zsh fish; do
    "$tool" --generate $shell > completion
    ! command -v $shell > /dev/null || $shell -n completion || echo "$tool's completion is no $shell"
    grep -q "help" completion || echo "$tool has no help in $shell"
  done
done

echo 'A slip of the finger gets the nearest name; the last of a repeated option wins; help is given whatever else is asked.'
expect 2 rwkv-generate --temperture 1
expect 2 rwkv-generate --preset chatty -m x
expect 2 rwkv-generate --generate mann
expect 2 rwkv-generate --top-k -3 -m x
echo '{"id": 1, "ids": [5], "top_k": -3}' | expect 1 rwkv-generate -m "$DEMO/rwkv4-shakespeare.pth" --jsonl
echo '{"id": 1, "ids": [5], "temperature": 1}' | expect 1 rwkv-generate -m "$DEMO/rwkv4-shakespeare.pth" --jsonl
echo '5 6 7' | rwkv-generate -m nosuch -n 100 --greedy --ignore-eos -n 4 -m "$DEMO/rwkv4-shakespeare.pth"
RWKV_TARGET=PDP11 rwkv-bench --help | head -n 1
