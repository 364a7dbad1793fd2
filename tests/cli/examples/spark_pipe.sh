# Spark's pipe gives what one process would.
needs jq java
python3 -c 'import pyspark' 2> /dev/null || skip 'no Python package pyspark here'
jq -Rc '{id: input_line_number, text: .}' "$DEMO/README.md" > corpus
rwkv-score -m "$DEMO/rwkv7-shakespeare.pth" -v "$DEMO/vocab.txt" --jsonl -q < corpus > alone
"$DEMO/../examples/spark_pipe.py" "$PWD/corpus" "$PWD/scores" > log 2>&1 || cat log
cat scores/part-* | cmp - alone
"$DEMO/../examples/spark_pipe.py" "$PWD/corpus" "$PWD/none" -b nonsense > log 2>&1 || grep -o 'spark_pipe.py: .*' log
