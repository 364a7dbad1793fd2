#!/usr/bin/env python3
"""Injects faults into each tool's system calls, one at a time: the 1st, 2nd, 3rd ... call of each kind, until a
run gets through. usage: injected.py BIN LIBRARY DEMO [--most N] [--table]

What must hold: no signal, no hang; exit 0 only with the output that a run without faults has, and without a word; else
one line that begins with the tool's name. Targets are as before, or complete; nothing else is left in their folder.
rwkv-serve is asked for a completion: it answers, refuses the request and goes on, or ends as above.
Faults that are none (EINTR, EAGAIN, short reads and writes) change nothing. --most N: only the first N calls of a kind (12).
--table prints what each tool did with each fault.
"""
import argparse, collections, errno, http.client, json, os, pathlib, signal, socket, subprocess, sys, tempfile, time

TRANSIENT = {"open": ["EINTR"], "read": ["EINTR", "EAGAIN", "short"], "pread": ["EINTR", "short"], "write": ["EINTR", "EAGAIN", "short"], "fsync": ["EINTR"],
             "close": ["EINTR"], "recv": ["EINTR", "short"], "send": ["EINTR", "EAGAIN", "short"], "accept": ["EINTR"]}
LASTING = {"open": ["EMFILE", "EIO"], "read": ["EIO"], "pread": ["EIO"], "write": ["ENOSPC", "EIO"], "fsync": ["EIO"], "close": ["EIO"], "link": ["EIO"],
           "rename": ["EIO"], "mmap": ["ENOMEM"], "malloc": ["ENOMEM"], "recv": ["ECONNRESET"], "send": ["EPIPE"], "accept": ["EMFILE", "ENFILE"]}
OLD = b"what stood here before"
NAMED = "convert named"  # on a file system without O_TMPFILE


def scenes(demo):
    """name: (arguments, standard input, targets beside standard output, targets that stand there before)"""
    m4, m7, vocab = f"{demo}/rwkv4-shakespeare.pth", f"{demo}/rwkv7-shakespeare.pth", f"{demo}/vocab.txt"
    ids = b"1 2 3 4 5\n"
    request = b'{"ids":[1,2],"n":3,"state_out":"a.state"}\n{"ids":[3],"n":2}\n'
    choice = b'{"context":[1],"choices":[[2,3],[4]],"answer":0}\n{"ids":[1,2,3]}\n'
    return {
        "convert": (["rwkv-convert", "-q", "-t", "2", m4, "o.st", "--dtype", "q8"], b"", ["o.st"], ["o.st"]),
        "convert new": (["rwkv-convert", "-q", "-t", "2", m7, "o.st", "--dtype", "q4"], b"", ["o.st"], []),
        NAMED: (["rwkv-convert", "-q", "-t", "2", m4, "o.st"], b"", ["o.st"], ["o.st"]),
        "convert -": (["rwkv-convert", "-q", "-t", "1", m4, "-"], b"", [], []),
        "inspect": (["rwkv-inspect", m7], b"", [], []),
        "tokenize": (["rwkv-tokenize", "-v", vocab, "-t", "2"], b"To be, or not to be" * 9, [], []),
        "tokenize -d": (["rwkv-tokenize", "-v", vocab, "-d"], ids, [], []),
        "generate": (["rwkv-generate", "-m", m7, "-t", "2", "-n", "4", "--temp", "0", "--state-out", "s"], ids, ["s"], ["s"]),
        "generate copy": (["rwkv-generate", "-m", m4, "-t", "1", "-n", "2", "--temp", "0", "--load", "copy"], ids, [], []),
        "generate --jsonl": (["rwkv-generate", "-m", m4, "-t", "1", "--temp", "0", "--jsonl"], request, ["a.state"], []),
        "chat": (["rwkv-chat", "-m", m7, "-v", vocab, "-t", "1", "-n", "3", "--temp", "0", "--state", "s"], b"Who?\n", ["s"], []),
        "score": (["rwkv-score", "-q", "-m", m4, "-t", "2", "--per-token", "--logits", "l.npy"], ids, ["l.npy"], ["l.npy"]),
        "score --jsonl": (["rwkv-score", "-q", "-m", m4, "-t", "1", "--jsonl"], choice, [], []),
        "serve": (["rwkv-serve", "-q", "-m", m7, "-v", vocab, "-t", "2", "--listen", "unix:socket"], b"", [], []),
    }


class Scene:
    def __init__(self, name, scene, options):
        self.options = options
        self.environment = {"PATH": os.environ["PATH"]}
        if name == NAMED:
            self.environment |= {"LD_PRELOAD": options.library, "RWKV_NO_TMPFILE": "1"}
        self.command, self.stdin, self.targets, self.old = scene
        self.wanted = self.run(None)
        if self.wanted["code"] != 0:
            sys.exit(f"{name}: fails without faults: {self.wanted}")

    def run(self, fault):
        """Runs in a folder of its own; fault: (call, nth, what) or None."""
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as elsewhere:
            cwd, mark = pathlib.Path(folder), pathlib.Path(elsewhere) / "mark"
            for target in self.old:
                (cwd / target).write_bytes(OLD)
            environment = dict(self.environment)
            if fault:
                call, nth, what = fault
                number = "short" if what == "short" else getattr(errno, what)
                environment |= {"LD_PRELOAD": self.options.library, "RWKV_FAULT": f"{call} {nth} {number}", "RWKV_FAULT_MARK": str(mark)}
            command = [f"{self.options.bin}/{self.command[0]}", *self.command[1:]]
            try:
                code, out, err = self.end_of(command, cwd, environment)
            except subprocess.TimeoutExpired as hung:
                code, out, err = "hang", b"", hung.stderr or b""
            files = {path.name: path.read_bytes() for path in cwd.iterdir()}
            return {"code": code, "out": out, "err": err, "files": files, "struck": mark.exists()}

    def end_of(self, command, cwd, environment):
        """(exit code, standard output, standard error)"""
        done = subprocess.run(command, input=self.stdin, capture_output=True, cwd=cwd, env=environment, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def trouble(self, result, is_transient):
        """What is wrong with a run, or None."""
        lines = result["err"].decode(errors="replace").splitlines()
        if not isinstance(result["code"], int) or result["code"] < 0:
            return f"ended by {result['code']}: {lines[:3]}"
        if set(result["files"]) - set(self.targets):
            return f"left behind: {sorted(result['files'])}"
        if result["code"] == 0:
            if lines != self.wanted["err"].decode().splitlines():
                return f"exit 0, but said {lines[:3]}"
            if result["out"] != self.wanted["out"] or result["files"] != self.wanted["files"]:
                return "exit 0 with other output"
            return None
        if is_transient:
            return f"a fault that is none ended it: {lines[:3]}"
        if result["code"] not in (1, 2):
            return f"exit {result['code']}"
        # Answers in JSON lines carry their own errors.
        if len(lines) != 1 and not ("--jsonl" in self.command and not lines) or lines and not lines[0].startswith(self.command[0] + ": "):
            return f"exit {result['code']} and not one line: {lines[:3]}"
        for target, content in result["files"].items():
            if content not in (OLD if target in self.old else None, self.wanted["files"][target]):
                return f"{target} is neither as before nor complete"
        if any(target not in result["files"] for target in self.old):
            return "a target is gone"
        return None


class Served(Scene):
    """A server, which is asked three times and ended by SIGTERM. Exit code 0 stands for this, 1 for one request that was refused."""

    def end_of(self, command, cwd, environment):
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, env=environment)
        try:
            while not (cwd / "socket").exists() and server.poll() is None:
                time.sleep(0.005)
            listens_by = time.monotonic() + 5
            answers = [self.ask(cwd, listens_by) for _ in range(3)]
            server.send_signal(signal.SIGTERM)
            out, err = server.communicate(timeout=20)
        finally:
            server.kill()
            (cwd / "socket").unlink(missing_ok=True)
        if server.returncode != -signal.SIGTERM:
            return server.returncode, out, err
        n_refused = answers.count(b"")
        if n_refused > 1 or len(set(answers) - {b""}) > 1:
            return "answers", out, repr(answers).encode()
        return (1, out, err or b"rwkv-serve: a request was refused") if n_refused else (0, answers[0], err)

    @staticmethod
    def ask(cwd, listens_by):
        """The text of a completion, or an empty one. The socket is there shortly before the server listens."""
        connection = http.client.HTTPConnection("localhost", timeout=20)
        try:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(20)
            while connection.sock.connect_ex(str(cwd / "socket")) == errno.ECONNREFUSED and time.monotonic() < listens_by:
                time.sleep(0.005)
            connection.request("POST", "/v1/completions", json.dumps({"prompt": "ROMEO:", "max_tokens": 3, "temperature": 0}))
            return json.load(connection.getresponse())["choices"][0]["text"].encode()
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            return b""
        finally:
            connection.close()


def main():
    parser = argparse.ArgumentParser()
    for name in ("bin", "library", "demo"):
        parser.add_argument(name, type=os.path.abspath)
    parser.add_argument("--most", type=int, default=12)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    table, n_bad, n_runs = collections.defaultdict(collections.Counter), 0, 0
    for name, scene in scenes(options.demo).items():
        subject = (Served if name == "serve" else Scene)(name, scene, options)
        for faults, is_transient in ((TRANSIENT, True), (LASTING, False)):
            for call, whats in faults.items():
                if name == "serve" and call == "write":  # an eventfd wakes its threads, and takes every write
                    continue
                for what in whats:
                    for nth in range(1, options.most + 1):
                        result = subject.run((call, nth, what))
                        if not result["struck"]:
                            break
                        n_runs += 1
                        trouble = subject.trouble(result, is_transient)
                        if trouble:
                            n_bad += 1
                            print(f"{name}: call {nth} of {call}, {what}: {trouble}")
                        table[f"{call} {what}"][name, "bad" if trouble else "ok" if result["code"] == 0 else "line"] += 1
    if options.table:
        names = list(scenes(options.demo))
        print("| fault | " + " | ".join(names) + " |\n|---" * 1 + "|" + "---|" * len(names))
        for fault, counts in table.items():
            cells = [" ".join(f"{counts[name, kind]} {kind}" for kind in ("ok", "line", "bad") if counts[name, kind]) for name in names]
            print(f"| {fault} | " + " | ".join(cells) + " |")
    print(f"{n_runs} faults, {n_bad} not answered as they should be")
    return n_bad > 0


if __name__ == "__main__":
    sys.exit(main())
