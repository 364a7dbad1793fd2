# Texts under a constraint, how they are cut and resumed, and what is refused.
export RWKV_MODEL=$DEMO/rwkv7-shakespeare.pth RWKV_VOCAB=$DEMO/vocab.txt
options='-n 60 --temp 2 --top-p 1 --seed 1'
cat > list.gbnf << 'END'
# names, with commas between them
root ::= name ("," " "? name){2}
name ::= [A-Z] [a-z]{2,6}
END
rwkv-generate -p 'KING: ' $options --grammar list.gbnf && echo
rwkv-generate -p 'KING: ' $options --regex '(My|Our) (lord|king), (I|we) [a-z]{3,6} (you|him)\.' && echo
echo '{"type":"object","properties":{"age":{"type":"integer","minimum":18,"maximum":120},"dead":{"type":"boolean"}},"required":["age","dead"]}' > schema.json
rwkv-generate -p 'KING: ' $options --json-schema schema.json | python3 -c 'import json, sys; print(*json.load(sys.stdin))'
rwkv-generate -p 'KING: ' $options -n 400 --grammar json | python3 -c 'import json, sys; json.load(sys.stdin)'

# What cuts the text is told.
rwkv-generate -p 'KING: ' $options --regex '[a-z]{30}' -n 5 --stats 2>&1 > /dev/null | grep stop
rwkv-generate -p 'KING: ' $options --regex '[a-z]{30}' --stats 2>&1 > /dev/null | grep stop
rwkv-generate --jsonl << 'END'
{"prompt":"A","json_schema":{"type":"array","items":{"enum":[1,22]},"minItems":2,"maxItems":3},"seed":2,"temp":2,"top_p":1}
{"prompt":"A","regex":"ab*c","stop":"b","seed":1,"temp":0}
{"prompt":"A","grammar":"root ::= \"yes\" | \"no\"","seed":2,"n":1}
{"ids":[65],"regex":"x","seed":2,"n":0}
END

# A run that is stopped and resumed goes on where the text stood; other ids begin it anew.
long="--regex [a-z]{20}[0-9]{5} --temp 2 --top-p 1 --seed 3"
rwkv-generate -p 'KING: ' $long > whole
rwkv-generate -p 'KING: ' $long -n 5 --state-out middle > parts
rwkv-generate -p '' $long --state-in middle >> parts
cmp whole parts
rwkv-generate -p 'A' --regex '0{3}' --state-in middle --seed 1 && echo
rwkv-generate -p 'KING: ' $long --draft lookup | cmp - whole
rwkv-generate -p 'KING: ' $long --draft self | cmp - whole

# Each of these is refused, and where.
refused() { printf '%b' "$1" > bad.gbnf; expect 1 rwkv-generate -p A --grammar bad.gbnf; }
refused 'root ::= "a'
refused 'root ::= name\n\nnamed ::= "a"\n'
refused 'root ::= item+\nitem ::= item "," | "x"\n'
refused 'root ::= [z-a]\n'
refused 'root ::= ("a"{1000}){1000}\n'
refused 'root ::= "a" root\n'
echo '{"properties":{"name":{"type":"string","contentEncoding":"base64"}}}' > bad.json
expect 1 rwkv-generate -p A --json-schema bad.json
expect 2 rwkv-generate -p A --regex 'a(?!b)'
expect 2 rwkv-generate -p A --regex 'a' --grammar json
expect 2 rwkv-generate -p A --regex 'a' --ignore-eos
expect 1 rwkv-generate -p A --grammar missing.gbnf
unset RWKV_VOCAB
echo 5 | expect 2 rwkv-generate --regex 'a'
expect 1 rwkv-generate --jsonl <<< '{"ids":[5],"regex":"a"}'
