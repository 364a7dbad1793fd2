# On a terminal a line says how far it is, at most ten times a second; elsewhere, and with -q, nothing does.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth RWKV_VOCAB=$DEMO/tokenizer.json
for _ in 1 2 3; do cat "$DEMO/README.md"; done > text
jq -Rc '{text: .}' text > requests
cat > on_terminal.py <<'END'
import os, pty, subprocess, sys, time
master, slave = pty.openpty()
begin = time.monotonic()
tool = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=slave)
os.close(slave)
shown = b""
try:
    while part := os.read(master, 65536): shown += part
except OSError:
    pass
assert tool.wait() == 0
draws = [line for line in shown.split(b"\r") if b"/s" in line]
assert len(draws) <= 10 * (time.monotonic() - begin), shown
print(bool(draws), all(b"left" in line for line in draws))
END
python3 on_terminal.py rwkv-score -t 1 -f text
python3 on_terminal.py rwkv-score -t 1 --text < text
python3 on_terminal.py rwkv-score -t 1 --jsonl < requests
cat text | python3 on_terminal.py rwkv-score -t 1 --text
python3 on_terminal.py rwkv-score -t 1 -q -f text
rwkv-score -f text > /dev/null
