# Who may ask.
needs curl jq
printf '# for the test\nan-invented-key-of-24-ch\n\nanother-invented-key-24ch\n' >keys
serve --api-key-file keys --host Chat.example --cors-origin https://page.example
key='Authorization: Bearer another-invented-key-24ch'
echo '== keys'
status /v1/models
status /v1/models -H 'Authorization: Bearer wrong'
status /v1/models -H 'Authorization: Bearer another-invented-key-24c'
status /v1/models -H 'Authorization: Bearer another-invented-key-24chX'
status /v1/models -H 'Authorization: another-invented-key-24ch'
status /v1/models -H "$key"
status /v1/models -H 'Authorization: Bearer an-invented-key-of-24-ch'
status /metrics
status /health
curl -s -o /dev/null -w '%{http_code}\n' "$URL/"
echo '== a body is not read before the key'
head -c 1000000 /dev/zero | curl -s -o body -w '%{http_code}\n' "$URL/v1/completions" -H 'Expect:' --data-binary @-
echo '== hosts'
for host in evil.example chat.example:80 chat.example.evil localhost:1 sub.localhost '[::1]:80' 10.0.0.1 127.0.0.1.evil.example ''; do
  printf '%s: ' "$host"
  status /health -H "Host: $host"
done
echo '== origins'
status /health -H 'Origin: https://evil.example'
status /health -H 'Origin: null'
status /health -H "Origin: $URL"
curl -s -o /dev/null -D - "$URL/health" -H 'Origin: https://page.example' | tr -d '\r' | grep -i '^HTTP\|^access-control-allow-origin\|^vary'
curl -s -o /dev/null -D - -X OPTIONS "$URL/v1/completions" -H 'Origin: https://page.example' | tr -d '\r' | grep -i '^HTTP\|^access-control' | sort
curl -s -o /dev/null -D - -X OPTIONS "$URL/v1/completions" -H 'Origin: https://evil.example' | tr -d '\r' | grep -ci '^access-control' || true
terminate $SERVER
echo '== a socket'
serve --listen unix:sock
echo "$URL"
curl -s --unix-socket sock http://any.name/health
expect 1 rwkv-serve -m "$DEMO/rwkv7-shakespeare.pth" -v "$DEMO/vocab.txt" --listen unix:sock
terminate $SERVER
ls sock 2>/dev/null || echo gone
