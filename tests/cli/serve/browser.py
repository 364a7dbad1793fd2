"""A headless Chromium, driven through its debugging port by the standard library alone."""
import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request

KEYS = {"Enter": 13, "Escape": 27, "ArrowUp": 38, "n": 78}


class Browser:
    def __init__(self, program="chromium"):
        self.folder = tempfile.mkdtemp(prefix="rwkv-page-")
        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--user-data-dir=" + self.folder, "--remote-debugging-port=0",
             "--remote-allow-origins=*", "--window-size=1100,800", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = self.wait(self._port, 60)
        pages = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json"))
        path = next(p for p in pages if p["type"] == "page")["webSocketDebuggerUrl"].split(port, 1)[1]
        self.socket = socket.create_connection(("127.0.0.1", int(port)))
        self.socket.sendall((f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.received, self.n_calls, self.events = b"", 0, []
        while b"\r\n\r\n" not in self.received:
            self.received += self.socket.recv(4096)
        self.received = self.received.split(b"\r\n\r\n", 1)[1]
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")

    def _port(self):
        try:
            with open(os.path.join(self.folder, "DevToolsActivePort"), encoding="ascii") as file:
                lines = file.read().split()
            return lines[0] if len(lines) > 1 else None
        except FileNotFoundError:
            return None

    def _take(self, n):
        while len(self.received) < n:
            self.received += self.socket.recv(1 << 16)
        taken, self.received = self.received[:n], self.received[n:]
        return taken

    def _message(self):
        data = b""
        while True:
            flags, size = self._take(2)
            size &= 127
            if size > 125:
                size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
            data += self._take(size)
            if flags & 128:
                return json.loads(data)

    def call(self, method, **params):
        self.n_calls += 1
        data = json.dumps({"id": self.n_calls, "method": method, "params": params}).encode()
        size = bytes([128 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
        self.socket.sendall(b"\x81" + size + b"\0\0\0\0" + data)
        while True:
            message = self._message()
            if message.get("id") == self.n_calls:
                return message["result"]
            self.events.append(message)

    def js(self, text):
        result = self.call("Runtime.evaluate", expression=text, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(json.dumps(result["exceptionDetails"])[:500])
        return result["result"].get("value")

    def key(self, key, modifiers=0):
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=KEYS[key], modifiers=modifiers, **text)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def wait(self, condition, seconds=30):
        """What the condition, JavaScript or a function, becomes when it holds."""
        end = time.time() + seconds
        while time.time() < end:
            value = condition() if callable(condition) else self.js(condition)
            if value:
                return value
            time.sleep(0.05)
        raise TimeoutError(str(condition))

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def problems(self):
        """What the page's scripts and its policy complained of."""
        self.js("1")
        found = []
        for event in self.events:
            params = event.get("params", {})
            if event["method"] == "Runtime.exceptionThrown":
                found.append(params["exceptionDetails"].get("text", ""))
            elif event["method"] == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(params["entry"]["text"])
        return found

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
