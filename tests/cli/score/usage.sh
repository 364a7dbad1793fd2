# What the user may not say, and what --version says.
rwkv-score --version
rwkv-score --help | sed -n 1p
expect 2 rwkv-score < /dev/null
for wrong in --per --nonsense '-t 0' '--reset 0' '--bos 99999' '--ids words' operand; do
  echo '5 6' | expect 2 rwkv-score -m "$DEMO/rwkv4-shakespeare.pth" $wrong
done
