"""Sends a server what no client should, and says how it answers. usage: rubbish.py HOST:PORT"""
import random
import socket
import sys
import time

host, port = sys.argv[1].rsplit(":", 1)


def ask(data, shut=False, wait=5):
    """The first line of the answer; 'closed' when there is none."""
    with socket.create_connection((host, int(port)), timeout=wait) as s:
        try:
            s.sendall(data)
            if shut:
                s.shutdown(socket.SHUT_WR)
            answer = b""
            while b"\r\n" not in answer:
                part = s.recv(4096)
                if not part:
                    break
                answer += part
        except (ConnectionError, socket.timeout) as error:
            return type(error).__name__
    return answer.split(b"\r\n")[0].decode() or "closed"


HEAD = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\n"
print("no HTTP:", ask(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"))
print("half a line:", ask(b"GET / HT", shut=True))
print("nothing:", ask(b"", shut=True))
print("a header without end:", ask(HEAD + b"X: " + b"a" * 100_000))
print("many headers:", ask(HEAD + b"A: b\r\n" * 10_000))
print("a wrong length:", ask(HEAD + b"Content-Length: -1\r\n\r\n"))
print("two lengths:", ask(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n"))
print("a body too long:", ask(HEAD + b"Content-Length: 99999999999\r\n\r\n"))
print("a chunk too long:", ask(HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"))
print("a broken chunk:", ask(HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n"))
print("half a body:", ask(HEAD + b"Content-Length: 100\r\n\r\n{", shut=True))
print("two at once:", ask(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2))
print("HTTP/1.0:", ask(b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n"))
print("no host:", ask(b"GET /health HTTP/1.1\r\n\r\n"))

begun = time.time()
print("a slow header:", ask(HEAD, wait=10), "after", round(time.time() - begun), "s")

random.seed(1)
for _ in range(300):
    n = random.randrange(1, 400)
    data = bytes(random.randrange(256) for _ in range(n))
    if random.random() < 0.7:
        body = bytes(random.choice(b'{}[]",:0123456789eE.-+truefalsn\\u\xff ptomx_') for _ in range(n))
        data = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    answer = ask(data, shut=True)
    assert answer in ("closed", "ConnectionResetError") or answer.split()[1] == "400", answer
print("300 random requests are refused")
