# Multiple choices: each is scored as its context and choice alone would be, to the bit, whatever is scored with it.
export RWKV_MODEL=$DEMO/rwkv7-shakespeare.pth RWKV_VOCAB=$DEMO/vocab.txt
cat > questions <<'END'
{"id": 1, "context": "To be, or not to", "choices": [" be", " see", " the king of France"], "answer": 0}
{"id": "white space", "context": "ROMEO:\n", "choices": ["I am", "What is it?"], "answer": 1}
{"id": {"a": ["over the border", null]}, "context": "My lord, the", "choices": ["re is", " king", "ir king"], "answer": 1}
{"id": "greedy", "context": "ROMEO: ", "choices": ["1 am", "I am"], "answer": 1}
{"context": "O, he\u2019s a \u2003", "choices": ["friend", "Freund \u00fc"], "answer": 0}
{"id": "ids", "context": [84, 12, 700], "choices": [[5], [6, 7, 8], [84, 12, 700]], "answer": 2}
{"id": "both", "context": "JULIET:", "choices": ["\nO", [11, 80]]}
{"id": "nothing in front", "choices": ["O", "zounds"]}
END
rwkv-score --jsonl < questions 2> summary > answers
cat summary
sed -E 's/([0-9]\.[0-9]{6})[0-9]*/\1/g' answers

cat > check.py <<'END'
import json, subprocess
def run(tool, given, *options):
    return subprocess.run([tool, *options], input=given, stdout=subprocess.PIPE, check=True).stdout
def encode(piece):
    return piece if isinstance(piece, list) else [int(i) for i in run("rwkv-tokenize", piece.encode()).split()]
def tokens(context, choice):
    if isinstance(context, str) and isinstance(choice, str):
        whole, n = encode(context + choice), len(encode(context.rstrip()))
    else:
        whole, n = encode(context) + encode(choice), len(encode(context))
    return ([0] + whole, 1) if n == 0 else (whole, n)
for question, answer in zip(map(json.loads, open("questions")), map(json.loads, open("answers"))):
    for choice, found in zip(question["choices"], answer["choices"], strict=True):
        ids, n = tokens(question.get("context", ""), choice)
        lines = run("rwkv-score", " ".join(map(str, ids)).encode(), "--per-token", "--jsonl", "-q").splitlines()
        alone = [json.loads(line)["logprob"] for line in lines][n - 1:]
        assert found["tokens"] == len(alone) and found["logprob"] == sum(alone), (question, choice, found, alone)
        assert found["logprob_per_token"] == found["logprob"] / len(alone)
        if isinstance(choice, str):
            assert found["bytes"] == len(choice.encode())
            assert found["logprob_per_byte"] == found["logprob"] / found["bytes"]
        greedy = run("rwkv-generate", " ".join(map(str, ids[:n])).encode(), "-n", str(len(alone)), "--greedy", "--ignore-eos")
        assert found["greedy"] == ([int(i) for i in greedy.split()] == ids[n:]), (question, choice)
    for key, figure in ("best", "logprob"), ("best_per_token", "logprob_per_token"), ("best_per_byte", "logprob_per_byte"):
        if all(figure in choice for choice in answer["choices"]):
            figures = [choice[figure] for choice in answer["choices"]]
            assert answer[key] == figures.index(max(figures))
        else:
            assert key not in answer
END
python3 check.py

for options in '-b 1' '-b 2 -t 2' '-b 1000000000000'; do rwkv-score --jsonl -q $options < questions | cmp - answers; done
tac questions | rwkv-score --jsonl -q | tac | cmp - answers

# What is in front of every context.
rwkv-tokenize <<< 'Enter ROMEO and JULIET.' > front
rwkv-generate -n 0 --state-out front.state < front
jq -c --slurpfile front <(rwkv-tokenize --ids json <<< 'Enter ROMEO and JULIET.') \
  '.context = $front[0] + .context' <<< '{"context": [84, 12, 700], "choices": [[5], [6, 7, 8]]}' |
  rwkv-score --jsonl -q | jq .choices > joined
echo '{"context": [84, 12, 700], "choices": [[5], [6, 7, 8]]}' |
  rwkv-score --jsonl -q --state-in front.state | jq .choices | cmp - joined
echo '{"choices": [[5], [6, 7]]}' | rwkv-score --jsonl -q --bos 84 | jq .choices > with_bos
echo '{"context": [84], "choices": [[5], [6, 7]]}' | rwkv-score --jsonl -q | jq .choices | cmp - with_bos

# --json is the sum instead of the answers.
grep -v '"ids"' questions | rwkv-score --jsonl --json | sed -E 's/([0-9]\.[0-9]{6})[0-9]*/\1/g'
