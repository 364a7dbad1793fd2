"""terminal.py STDIO COMMAND...: runs a command whose stdout or stderr, as STDIO says, is a terminal, and copies it."""
import os
import pty
import subprocess
import sys

ours, theirs = pty.openpty()
process = subprocess.Popen(sys.argv[2:], **{sys.argv[1]: theirs})
os.close(theirs)
try:
    while block := os.read(ours, 1 << 16):
        sys.stdout.buffer.write(block)
except OSError:
    pass  # Linux: the other side has closed
sys.exit(process.wait())
