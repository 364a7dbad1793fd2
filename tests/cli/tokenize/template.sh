# Chats become prompts, as text or, with -v, as ids.
printf '[{"role": "user", "content": "Who\\n\\nis it?"}]' > chat.json
rwkv-tokenize --template list
for name in world g1 g1-think g1-think-short g1-think-long g1-no-think; do
  rwkv-tokenize --template $name chat.json
  echo '#'
done
RWKV_VOCAB=nosuch.txt rwkv-tokenize --template world < chat.json
echo '#'
rwkv-tokenize -v $DEMO/vocab.txt --template g1-think chat.json | rwkv-tokenize -v $DEMO/vocab.txt -d
echo '#'
rwkv-tokenize -v $DEMO/vocab.txt --template world --count chat.json
echo '{"messages": []}' | expect 1 rwkv-tokenize --template world
echo '[{"role": "robot", "content": ""}]' | expect 1 rwkv-tokenize --template world
expect 2 rwkv-tokenize --template llama chat.json
expect 2 rwkv-tokenize --template world -d chat.json
expect 2 rwkv-tokenize --template world --count chat.json
