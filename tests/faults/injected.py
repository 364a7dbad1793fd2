#!/usr/bin/env python3
"""Injects faults into each tool's system calls, one at a time: the 1st, 2nd, 3rd ... call of each kind, until a
run gets through. usage: injected.py BIN LIBRARY DEMO [--most N] [--table]

What must hold: no signal, no hang; exit 0 only with the output that a run without faults has, and without a word; else
one line that begins with the tool's name. Targets are as before, or complete; nothing else is left in their folder.
Faults that are none (EINTR, EAGAIN, short reads and writes) change nothing. --most N: only the first N calls of a kind (12).
--table prints what each tool did with each fault.
"""
import argparse, collections, errno, os, pathlib, subprocess, sys, tempfile

TRANSIENT = {"open": ["EINTR"], "read": ["EINTR", "EAGAIN", "short"], "pread": ["EINTR", "short"], "write": ["EINTR", "EAGAIN", "short"], "fsync": ["EINTR"],
             "close": ["EINTR"]}
LASTING = {"open": ["EMFILE", "EIO"], "read": ["EIO"], "pread": ["EIO"], "write": ["ENOSPC", "EIO"], "fsync": ["EIO"], "close": ["EIO"], "link": ["EIO"],
           "rename": ["EIO"], "mmap": ["ENOMEM"], "malloc": ["ENOMEM"]}
OLD = b"what stood here before"


def scenes(demo):
    """name: (arguments, standard input, targets beside standard output, targets that stand there before)"""
    m4, m7, vocab = f"{demo}/rwkv4-shakespeare.pth", f"{demo}/rwkv7-shakespeare.pth", f"{demo}/vocab.txt"
    ids = b"1 2 3 4 5\n"
    request = b'{"ids":[1,2],"n":3,"state_out":"a.state"}\n{"ids":[3],"n":2}\n'
    choice = b'{"context":[1],"choices":[[2,3],[4]],"answer":0}\n{"ids":[1,2,3]}\n'
    return {
        "convert": (["rwkv-convert", "-q", "-t", "2", m4, "o.st", "--dtype", "q8"], b"", ["o.st"], ["o.st"]),
        "convert new": (["rwkv-convert", "-q", "-t", "2", m7, "o.st", "--dtype", "q4"], b"", ["o.st"], []),
        "convert -": (["rwkv-convert", "-q", "-t", "1", m4, "-"], b"", [], []),
        "inspect": (["rwkv-inspect", m7], b"", [], []),
        "tokenize": (["rwkv-tokenize", "-v", vocab, "-t", "2"], b"To be, or not to be" * 9, [], []),
        "tokenize -d": (["rwkv-tokenize", "-v", vocab, "-d"], ids, [], []),
        "generate": (["rwkv-generate", "-m", m7, "-t", "2", "-n", "4", "--temp", "0", "--state-out", "s"], ids, ["s"], ["s"]),
        "generate copy": (["rwkv-generate", "-m", m4, "-t", "1", "-n", "2", "--temp", "0", "--load", "copy"], ids, [], []),
        "generate --jsonl": (["rwkv-generate", "-m", m4, "-t", "1", "--temp", "0", "--jsonl"], request, ["a.state"], []),
        "score": (["rwkv-score", "-q", "-m", m4, "-t", "2", "--per-token", "--logits", "l.npy"], ids, ["l.npy"], ["l.npy"]),
        "score --jsonl": (["rwkv-score", "-q", "-m", m4, "-t", "1", "--jsonl"], choice, [], []),
    }


class Scene:
    def __init__(self, name, scene, options):
        self.name, self.options = name, options
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
            environment = {"PATH": os.environ["PATH"]}
            if fault:
                call, nth, what = fault
                number = "short" if what == "short" else getattr(errno, what)
                environment |= {"LD_PRELOAD": self.options.library, "RWKV_FAULT": f"{call} {nth} {number}", "RWKV_FAULT_MARK": str(mark)}
            command = [f"{self.options.bin}/{self.command[0]}", *self.command[1:]]
            try:
                done = subprocess.run(command, input=self.stdin, capture_output=True, cwd=cwd, env=environment, timeout=60)
                code, out, err = done.returncode, done.stdout, done.stderr
            except subprocess.TimeoutExpired as hung:
                code, out, err = "hang", b"", hung.stderr or b""
            files = {path.name: path.read_bytes() for path in cwd.iterdir()}
            return {"code": code, "out": out, "err": err, "files": files, "struck": mark.exists()}

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


def main():
    parser = argparse.ArgumentParser()
    for name in ("bin", "library", "demo"):
        parser.add_argument(name, type=os.path.abspath)
    parser.add_argument("--most", type=int, default=12)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    table, n_bad, n_runs = collections.defaultdict(collections.Counter), 0, 0
    for name, scene in scenes(options.demo).items():
        subject = Scene(name, scene, options)
        for faults, is_transient in ((TRANSIENT, True), (LASTING, False)):
            for call, whats in faults.items():
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
