#!/usr/bin/env python3
"""How the tools end when they are ended: signals, kill -9, limits, inputs that shrink, readers that stall.
usage: ends.py BIN DEMO [--kills N] [--table]. Each check prints a line when it fails."""
import argparse, collections, fcntl, os, pathlib, random, resource, select, signal, socket, subprocess, sys, tempfile, time

INT, TERM, HUP = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
SLOW = 40  # seconds within which all must have ended
failures = []
table = collections.OrderedDict()


def check(case, right, found=""):
    good, bad = table.get(case, (0, 0))
    table[case] = (good + bool(right), bad + (not right))
    if not right:
        failures.append(case)
        print(f"{case}: {found}")


class Run:
    """A tool in a folder of its own."""

    def __init__(self, options, *command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=None, prepare=None):
        self.folder = cwd
        self.process = subprocess.Popen([f"{options.bin}/{command[0]}", *command[1:]], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
                                        cwd=cwd, env={"PATH": os.environ["PATH"]}, preexec_fn=prepare)

    def end(self, *signals, pause=0.0):
        """Sends signals, waits, and returns (exit code, lines of stderr)."""
        for number in signals:
            time.sleep(pause)
            self.process.send_signal(number)
        try:
            _, err = self.process.communicate(timeout=SLOW)
            return self.process.returncode, err.decode(errors="replace").splitlines()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            return "hang", []


def left(folder, *wanted):
    return sorted(set(os.listdir(folder)) - set(wanted))


def wait_until(condition):
    deadline = time.monotonic() + SLOW
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def fills(pipe):
    """Waits until nothing more goes into a pipe: its writer is blocked."""
    def held():
        buffer = bytearray(4)
        fcntl.ioctl(pipe, 0x541B, buffer)  # FIONREAD
        return int.from_bytes(buffer, "little")
    seen = [-1, -2]
    while len(set(seen[-4:])) > 1 or seen[-1] == 0:
        seen.append(held())
        time.sleep(0.1)


def inputs_that_never_come(o, folder):
    """A model, vocabulary or prompt through a pipe that nobody writes to, opened by a writer or not."""
    scenes = {"inspect": ["rwkv-inspect", "F"], "convert": ["rwkv-convert", "F", "o"], "generate -m": ["rwkv-generate", "-m", "F"],
              "score -m": ["rwkv-score", "-m", "F"], "tokenize -v": ["rwkv-tokenize", "-v", "F"], "bench -m": ["rwkv-bench", "-m", "F"],
              "generate -v": ["rwkv-generate", "-m", o.m7, "-v", "F", "-p", "a"], "--state-in": ["rwkv-generate", "-m", o.m7, "--state-in", "F"],
              "chat --state": ["rwkv-chat", "-m", o.m7, "-v", o.vocab, "--state", "F"]}
    os.mkfifo(f"{folder}/F")
    for has_writer in (True, False):
        holder = os.open(f"{folder}/F", os.O_RDWR) if has_writer else None
        for name, command in scenes.items():
            for number in (INT, TERM, HUP):
                run = Run(o, *command, cwd=folder)
                time.sleep(0.15)
                code, lines = run.end(number)
                check(f"waiting input: {name}", code == -number and not lines and not left(folder, "F"), f"{code} {lines} {left(folder, 'F')}")
        if holder is not None:
            os.close(holder)


def readers_that_stall(o, folder):
    ids = b"1 2 3\n"
    scenes = {"generate": ["rwkv-generate", "-m", o.m7, "-n", "-1", "--ignore-eos", "--seed", "1", "--state-out", "s"],
              "convert -": ["rwkv-convert", "-q", o.m7, "-"], "tokenize": ["rwkv-tokenize", "-v", o.vocab],
              "score": ["rwkv-score", "-q", "-m", o.m4, "--per-token", "--logits", "l.npy"]}
    text, many = pathlib.Path(folder, "text"), pathlib.Path(folder, "many")
    text.write_bytes(b"To be, or not to be\n" * 50_000)
    many.write_bytes(b"1 2 3 4 5 6 7 8 9 10 " * 600 + b"\n")
    kept = ("text", "many", "ids", "s")
    pathlib.Path(folder, "ids").write_bytes(ids)
    for name, command in scenes.items():
        source = {"tokenize": text, "score": many}.get(name, pathlib.Path(folder, "ids"))
        for number in (INT, TERM):
            reader, writer = os.pipe()
            fcntl.fcntl(writer, 1031, 4096)  # F_SETPIPE_SZ
            with open(source, "rb") as stdin:
                run = Run(o, *command, stdin=stdin, stdout=writer, cwd=folder)
            fills(reader)
            code, lines = run.end(number)
            os.close(writer)
            check(f"stalled reader: {name}", code == -number and len(lines) <= 1 and not left(folder, *kept), f"{code} {lines} {left(folder, *kept)}")
            if name == "generate":
                out = os.read(reader, 1 << 20)
                state_goes_on(o, folder, out, ids)
            os.close(reader)


def state_goes_on(o, folder, out, ids):
    """What was written, and what the state goes on with, is what a run without a stop writes."""
    rest = subprocess.run([f"{o.bin}/rwkv-generate", "-m", o.m7, "-n", "20", "--ignore-eos", "--seed", "1", "--state-in", "s"], cwd=folder,
                          stdin=subprocess.DEVNULL, capture_output=True)
    both = out.split() + rest.stdout.split()
    whole = subprocess.run([f"{o.bin}/rwkv-generate", "-m", o.m7, "-n", str(len(both)), "--ignore-eos", "--seed", "1"], input=ids, capture_output=True)
    check("stalled reader: the state goes on with the next id", both == whole.stdout.split(), f"{len(out.split())} ids, {rest.stderr}")


def second_signals(o, folder):
    """A state that goes into a pipe which nobody reads waits for ever; the second signal ends that."""
    os.mkfifo(f"{folder}/S")
    holder = os.open(f"{folder}/S", os.O_RDWR)
    fcntl.fcntl(holder, 1031, 4096)
    reader, writer = os.pipe()
    os.write(writer, b"1 2 3 ")
    run = Run(o, "rwkv-generate", "-m", o.m7, "-n", "3", "--state-out", "S", stdin=reader, cwd=folder)
    time.sleep(0.3)
    code, lines = run.end(TERM, TERM, pause=0.8)
    check("second signal", code == -TERM and not lines, f"{code} {lines}")
    for end in (reader, writer, holder):
        os.close(end)


def deaths(o, folder):
    """Any signal, at random moments of a conversion: the target is as before or complete, and nothing else is there."""
    whole = pathlib.Path(folder, "whole")
    subprocess.run([f"{o.bin}/rwkv-convert", "-q", "--dtype", "q4", o.m7, str(whole)], check=True)
    complete, old = whole.read_bytes(), b"what stood here before"
    target = pathlib.Path(folder, "target")
    started = time.monotonic()
    Run(o, "rwkv-convert", "-q", "--dtype", "q4", o.m7, "target", cwd=folder).end()
    span = time.monotonic() - started
    for i in range(o.kills):
        number = (signal.SIGKILL, signal.SIGKILL, TERM, INT, HUP, signal.SIGQUIT, signal.SIGPIPE)[i % 7]
        target.write_bytes(old)
        run = Run(o, "rwkv-convert", "-q", "--dtype", "q4", o.m7, "target", cwd=folder, prepare=no_core)
        time.sleep(random.random() * span * 1.1)
        code, lines = run.end(number)
        content = target.read_bytes()
        check(f"conversion and {number.name}", code in (0, -number) and not lines and content in (old, complete) and not left(folder, "whole", "target"),
              f"{code} {lines} {len(content)} bytes, {left(folder, 'whole', 'target')}")


def no_core():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limited(which, value):
    def limit():
        no_core()
        resource.setrlimit(which, (value, value))
    return limit


def limits(o, folder):
    model, vocab = ["-m", o.m7], o.vocab
    pathlib.Path(folder, "ids").write_bytes(b"1 2 3\n" * 200)
    scenes = {"convert": ["rwkv-convert", "-q", o.m7, "o"], "generate": ["rwkv-generate", *model, "-n", "3", "--state-out", "o"],
              "score": ["rwkv-score", "-q", *model, "--logits", "o"], "tokenize": ["rwkv-tokenize", "-v", vocab, "ids"], "inspect": ["rwkv-inspect", o.m7]}
    kinds = {"file size 20 KB": (resource.RLIMIT_FSIZE, [20_000]), "stack": (resource.RLIMIT_STACK, [1 << 17])}
    if not o.sanitized:
        kinds["open files"] = resource.RLIMIT_NOFILE, [3, 4, 5, 6]
        kinds["memory"] = resource.RLIMIT_AS, [(12 << 20) + (i << 20) * 3 // 2 for i in range(24)]
        kinds["threads and memory"] = resource.RLIMIT_AS, [200 << 20, 600 << 20]
    for kind, (which, values) in kinds.items():
        for name, command in scenes.items():
            for value in values:
                # Where its libraries cannot be loaded, a program ends before it begins.
                if Run(o, command[0], "--version", cwd=folder, prepare=limited(which, value)).end()[0] not in (0, 1):
                    continue
                threads = ["-t", "64" if "threads" in kind else "2"] if name != "inspect" else []
                with open(f"{folder}/ids", "rb") as stdin:
                    code, lines = Run(o, *command, *threads, stdin=stdin, cwd=folder, prepare=limited(which, value)).end()
                right = code == 0 and not lines or code == 1 and len(lines) == 1 and lines[0].startswith(command[0] + ": ")
                check(f"limit on {kind}: {name}", right and not left(folder, "ids", *(["o"] if code == 0 else [])), f"{value}: {code} {lines} {left(folder, 'ids')}")
                pathlib.Path(folder, "o").unlink(missing_ok=True)


def shrinking_inputs(o, folder):
    """The line names tool and file; nothing is left."""
    model = pathlib.Path(folder, "model")
    scenes = {"convert -": ["rwkv-convert", "-q", "model", "-"], "generate": ["rwkv-generate", "-m", "model", "-n", "-1", "--ignore-eos"],
              "score": ["rwkv-score", "-q", "-m", "model", "--logits", "o"]}
    for name, command in scenes.items():
        subprocess.run([f"{o.bin}/rwkv-convert", "-q", o.m7, str(model)], check=True)
        reader, writer = os.pipe()
        if name == "convert -":  # is held up by its reader half-way
            run = Run(o, *command, stdout=writer, cwd=folder)
            os.close(writer)
            fills(reader)
            os.truncate(model, 4096)
            while os.read(reader, 1 << 16):
                pass
        else:
            os.write(writer, b"1 2 3 4 5 ")
            run = Run(o, *command, stdin=reader, cwd=folder)
            maps = pathlib.Path(f"/proc/{run.process.pid}/maps")
            wait_until(lambda: str(model.resolve()) in maps.read_text())
            time.sleep(0.5)
            os.truncate(model, 4096)
            os.write(writer, b"6 7 8 9 1 2 3\n")
            os.close(writer)
        os.close(reader)
        code, lines = run.end()
        right = code == 1 and len(lines) == 1 and lines[0] == f"{command[0]}: {model.resolve()}: became shorter while it was read"
        check(f"shrinking model: {name}", right and not left(folder, "model"), f"{code} {lines} {left(folder, 'model')}")


def odd_descriptors(o, folder):
    """Non-blocking pipes, sockets, closed descriptors."""
    text = b"To be, or not to be\n" * 20_000
    wanted = subprocess.run([f"{o.bin}/rwkv-tokenize", "-v", o.vocab], input=text, capture_output=True).stdout
    ours, theirs = socket.socketpair()
    back, out = os.pipe()
    os.set_blocking(out, False)
    theirs.setblocking(False)
    run = Run(o, "rwkv-tokenize", "-v", o.vocab, stdin=theirs, stdout=out)
    theirs.close()
    os.close(out)
    got, sent = b"", 0
    ours.setblocking(False)
    while True:
        readable, writable, _ = select.select([back], [ours] if sent < len(text) else [], [], SLOW)
        if writable:
            sent += ours.send(text[sent:sent + 30_000])
            if sent == len(text):
                ours.shutdown(socket.SHUT_WR)
        part = os.read(back, 5000) if readable else b""
        got += part
        if readable and not part or not readable and not writable:
            break
    code, lines = run.end()
    check("non-blocking socket in, non-blocking pipe out", code == 0 and got == wanted and not lines, f"{code} {lines}")
    os.close(back)

    ours, theirs = socket.socketpair()
    run = Run(o, "rwkv-inspect", "-", stdin=theirs)
    theirs.close()
    ours.sendall(pathlib.Path(o.m7).read_bytes())
    ours.close()
    code, lines = run.end()
    check("a model through a socket", code == 0 and not lines, f"{code} {lines}")

    # What is closed is not taken by an output file.
    for fd in (0, 1):
        code, lines = Run(o, "rwkv-generate", "-m", o.m7, "-n", "2", "--state-out", "s", stdin=None, stdout=None, cwd=folder, prepare=lambda: os.close(fd)).end()
        check("closed descriptors", code == 1 and len(lines) == 1 and not left(folder, "s"), f"{code} {lines} {left(folder, 's')}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin", type=os.path.abspath)
    parser.add_argument("demo", type=os.path.abspath)
    parser.add_argument("--kills", type=int, default=42)
    parser.add_argument("--sanitized", action="store_true", help="the tools have sanitizers: no limits on memory and open files, which sanitizers exceed")
    parser.add_argument("--table", action="store_true")
    o = parser.parse_args()
    o.m4, o.m7, o.vocab = f"{o.demo}/rwkv4-shakespeare.pth", f"{o.demo}/rwkv7-shakespeare.pth", f"{o.demo}/vocab.txt"
    for part in (inputs_that_never_come, readers_that_stall, second_signals, deaths, limits, shrinking_inputs, odd_descriptors):
        with tempfile.TemporaryDirectory() as folder:
            part(o, folder)
    if o.table:
        print("| case | right | wrong |\n|---|---|---|")
        for case, (good, bad) in table.items():
            print(f"| {case} | {good} | {bad} |")
    print(f"{sum(good + bad for good, bad in table.values())} checks, {len(failures)} failed")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
