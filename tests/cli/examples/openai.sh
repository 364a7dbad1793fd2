# rwkv-serve asked by the Python package openai.
needs python3
python3 -c 'import openai' 2>/dev/null || skip 'no Python package openai here'
serve
"$DEMO/../examples/serve/openai_client.py" "$URL/v1"
terminate $SERVER
