# rwkv-serve asked by curl.
needs curl jq
serve
"$DEMO/../examples/serve/curl.sh" "$URL" | sed '/^read/s/[0-9][0-9]*/N/'
terminate $SERVER
