# Clients of rwkv-serve: the same text by curl and by the package openai, and the figures of lm-evaluation-harness.
needs curl jq
serve
"$DEMO/../examples/serve/curl.sh" "$URL" | sed '/^read/s/[0-9][0-9]*/N/'
python3 -c 'import openai' 2>/dev/null || skip 'no Python package openai here'
"$DEMO/../examples/serve/openai_client.py" "$URL/v1"
terminate $SERVER
