# What the user may not say, and what --version says.
rwkv-generate --version | sed "s/(.*)/(what made it)/"
rwkv-generate --help | sed -n 1p
model=$DEMO/rwkv4-shakespeare.pth
expect 2 rwkv-generate < /dev/null
for wrong in --gree '--temp hot' '--temp -1' '-n many' '-t 0' '--top-p 2' '--bias 5' '--bias 99999:1' '--stop-id 99999' '-p text' --text \
  '--load move' '--seed x' '--ids words' operand; do
  echo 5 | expect 2 rwkv-generate -m "$model" $wrong
done
RWKV_THREADS=none expect 2 rwkv-generate -m "$model" < /dev/null
RWKV_TARGET=PDP11 expect 2 rwkv-generate -m "$model" < /dev/null
