#!/usr/bin/env bash
# Fails when a page names a file, a page, a heading or a function that is not there, or quotes a line that the NumPy reference
# does not have. A name with a part in capitals (TYPE.cc, rwkvN.cc) stands for many. usage: check_docs.sh PROJECT
set -uo pipefail
cd "$1"
pages=$(ls ./*.md docs/*.md python/README.md examples/README.md bench/README.md)
folders='lib|tools|tests|include|bench|examples|scripts|cmake|demo|docs|python|compat|packaging'
broken=0

# complain PAGE NAME WHY
complain() {
  echo "${1#./}: $2: $3"
  broken=1
}

# The headings of a page, as links name them.
anchors() {
  sed -n 's/^##* //p' "$1" | tr 'A-Z ' 'a-z-' | sed 's/[^a-z0-9_-]//g'
}

for page in $pages; do
  names=$(grep -oE "\`($folders)/[^\` ]+\`" "$page" | tr -d '\`' | grep -vE '[A-Z]{2,}[./]|N\.|/x[_./]|_x\.|^bench/results/' | sort -u)
  for name in $names; do
    case $name in
      *[!A-Za-z0-9_./{},*-]*) continue ;;
    esac
    for file in $(eval "echo $name"); do
      [ -e "$file" ] || complain "$page" "$name" 'no such file'
    done
  done
  while IFS='#' read -r file anchor; do
    target=$page
    [ -z "$file" ] || target=$(dirname "$page")/$file
    [ -e "$target" ] || complain "$page" "$file" 'no such page'
    [ -z "$anchor" ] || anchors "$target" | grep -qx -- "$anchor" || complain "$page" "#$anchor" 'no such heading'
  done < <(grep -oE '\]\([^):]+\)' "$page" | sed 's/^](//; s/)$//' | sort -u)
  for function in $(grep -oE '`[A-Za-z0-9_:]+\(\)`|`[A-Z][A-Za-z0-9]*::[A-Za-z0-9_:]+`' "$page" | sed 's/.*:://' | tr -d '`()' | sort -u); do
    grep -rqw --include='*.cc' --include='*.h' --include='*.hpp' -- "$function" lib tools include tests compat ||
      complain "$page" "$function" 'no such function'
  done
done

while IFS= read -r line; do
  grep -qF -- "$line" tests/golden/rwkv_reference.py || complain docs/how-rwkv-works.md "$line" 'not in the reference'
done < <(sed -n '/^```python$/,/^```$/{/^```/!p}' docs/how-rwkv-works.md)
exit $broken
