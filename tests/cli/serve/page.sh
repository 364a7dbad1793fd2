# The page, in a headless Chromium.
needs curl chromium python3
serve --preset chat
timeout 100 python3 "$CLI/serve/page.py" "$URL"
terminate $SERVER
