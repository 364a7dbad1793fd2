#!/usr/bin/env python3
"""Damages files of every kind that the tools read, and looks at how they answer. usage: mutated.py BIN SOURCE [--files N]
[--seed S]. A bad answer: a signal, more than 10 s, more than 1 GB, exit 0 with a word or another exit without one, more
than one line, or something left behind. A file that has a bad answer is kept in the folder bad-answers."""
import argparse, collections, os, pathlib, random, re, shutil, subprocess, sys, tempfile, threading

SECONDS, MOST_KB = 10, 1 << 20
MODEL = [["rwkv-inspect", "--stats", "F"], ["rwkv-convert", "-q", "F", "out"], ["rwkv-convert", "-q", "--dtype", "q8", "F", "out"],
         ["rwkv-generate", "-m", "F", "-n", "3"], ["rwkv-score", "-q", "-m", "F"]]
VOCABULARY = [["rwkv-inspect", "F"], ["rwkv-tokenize", "-v", "F"], ["rwkv-tokenize", "-v", "F", "-d"]]


def kinds(source, folder, tool):
    """name: (seed files, commands; F stands for the file, or is standard input when it is absent)"""
    corpus, demo = source / "tests/fuzz/corpus", source / "demo"
    m7 = str(source / "tests/golden/fixtures/v7/model-bf16.pth")
    for version in ("v4", "v5.2", "v6", "v7"):
        shutil.copy(source / f"tests/golden/fixtures/{version}/model-bf16.pth", folder / f"{version}.pth")
    for name, options in {"plain": [], "q8": ["--dtype", "q8"], "q4": ["--dtype", "q4"], "tiles": ["--layout", "tiles"]}.items():
        tool("rwkv-convert", "-q", *options, m7, str(folder / f"{name}.safetensors"))
    tool("rwkv-score", "-q", "-m", m7, "--logits", str(folder / "l.npy"), stdin=b"1 2 3\n")
    (folder / "ids").write_bytes(b"1 2 3 4 5 6 7 8 9 10\n1 2\n")
    vocab = str(demo / "vocab.txt")
    found = {
        "pth": (list(folder.glob("*.pth")), MODEL),
        "safetensors": (list(folder.glob("*.safetensors")) + list((corpus / "model").iterdir()), MODEL),
        "state": (list((corpus / "state").iterdir()), [["rwkv-inspect", "F"], ["rwkv-generate", "-m", m7, "--state-in", "F", "-n", "2"],
                                                     ["rwkv-score", "-m", m7, "--state-in", "F"]]),
        "npy": ([folder / "l.npy"], [["rwkv-score", "-q", "-m", m7, "--against", "F"]]),
        "vocabulary": ([demo / "vocab.txt", *(corpus / "world_vocab").iterdir()], VOCABULARY),
        "tokenizer.json": ([*(corpus / "hf_tokenizer").iterdir()], VOCABULARY),
        "ids": ([folder / "ids"], [["rwkv-generate", "-m", m7, "-n", "1"], ["rwkv-tokenize", "-v", vocab, "-d"], ["rwkv-score", "-m", m7]]),
        "requests": (list((corpus / "generate_request").iterdir()), [["rwkv-generate", "-m", m7, "-v", vocab, "-n", "2", "--jsonl", "-b", "4"]]),
        "score requests": (list((corpus / "score_request").iterdir()), [["rwkv-score", "-m", m7, "-v", vocab, "--jsonl"]]),
        "chat": ([folder / "chat"], [["rwkv-tokenize", "--template", "world"]]),
    }
    (folder / "chat").write_bytes(b'[{"role":"system","content":"S"},{"role":"user","content":"a\\n\\nb"}]')
    # Other containers have their seeds in the corpus of their fuzzer.
    for name in ("adapter", "bin", "gguf", "pth_legacy", "safetensors", "zip"):
        if (corpus / name).is_dir():
            found[f"{name} (seeds)"] = list((corpus / name).iterdir()), MODEL
    return found


def mutated(content, other, random):
    """One change, or some: bits, bytes, lengths, numbers, cuts, parts moved or taken from another file of the kind."""
    data = bytearray(content)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        size = len(data)
        # Headers lie at the beginning or at the end.
        at = random.choice((random.randrange(size + 1), random.randrange(size + 1), random.randrange(min(size, 2000) + 1), size - random.randrange(min(size, 2000) + 1)))
        n = random.choice((1, 2, 4, 8, random.randrange(1, 200)))
        what = random.randrange(9)
        if what == 0 and at < size:
            data[at] ^= 1 << random.randrange(8)
        elif what == 1:
            data[at:at + n] = bytes(random.randrange(256) for _ in range(n))
        elif what == 2:
            data[at:at + 8] = random.choice((0, 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1, size, size + 1)).to_bytes(8, "little")
        elif what == 3:
            del data[at:]
        elif what == 4:
            del data[at:at + n]
        elif what == 5:
            data[at:at] = data[at:at + n] * random.choice((1, 2, 50))
        elif what == 6:
            begin = random.randrange(len(other) + 1)
            data[at:at + n] = other[begin:begin + n]
        elif what == 7:
            numbers = [m.span() for m in re.finditer(rb"\d+", bytes(data[:20_000]))]
            if numbers:
                begin, end = random.choice(numbers)
                data[begin:end] = random.choice((b"0", b"-1", b"1", b"1e400", b"4294967296", b"18446744073709551615", b"99999999999999999999", b"64", b"30000"))
        else:
            data[at:at + n] = bytes(n)
    return bytes(data)


def answer(command, stdin, folder):
    """(exit code or signal or "hang", KB at most, lines of stderr)"""
    with open(folder / "err", "wb+") as err, open(os.devnull, "wb") as out, open(stdin, "rb") as source:
        process = subprocess.Popen(command, stdin=source, stdout=out, stderr=err, cwd=folder, env={"PATH": os.environ["PATH"]})
        hung = []
        timer = threading.Timer(SECONDS, lambda: (hung.append(1), process.kill()))
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        err.seek(0)
        return "hang" if hung else process.returncode, usage.ru_maxrss, err.read().decode(errors="replace").splitlines()


def trouble(command, code, kilobytes, lines, leftovers):
    if code not in (0, 1, 2):
        return f"ended by {code}: {lines[-3:]}"
    if kilobytes > MOST_KB:
        return f"{kilobytes} KB"
    if leftovers:
        return f"left behind: {leftovers}"
    warnings = [line for line in lines if ": warning: " in line]
    lines = [line for line in lines if line not in warnings]
    if "--jsonl" in command:  # answers carry their errors, stderr may sum up
        return None if len(lines) <= 1 else f"{len(lines)} lines: {lines[:3]}"
    if code != 0 and len(lines) != 1 or code == 0 and lines and "-m" not in command:
        return f"exit {code} and {len(lines)} lines: {lines[:3]}"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin", type=os.path.abspath)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    o = parser.parse_args()
    o.source = o.source.resolve()
    choose = random.Random(o.seed)
    counts, n_runs, n_bad, most = collections.defaultdict(collections.Counter), 0, 0, 0
    with tempfile.TemporaryDirectory() as seeds, tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        tool = lambda *command, stdin=b"": subprocess.run([f"{o.bin}/{command[0]}", *command[1:]], input=stdin, check=True, capture_output=True)
        all_kinds = kinds(o.source, pathlib.Path(seeds), tool)
        text = pathlib.Path(seeds) / "stdin"
        text.write_bytes(b"1 2 3\n")
        contents = {kind: [path.read_bytes() for path in sorted(files)] for kind, (files, _) in all_kinds.items()}
        for i in range(o.files):
            kind = list(all_kinds)[i % len(all_kinds)]
            content = mutated(choose.choice(contents[kind]), choose.choice(contents[kind]), choose)
            (folder / "F").write_bytes(content)
            for command in all_kinds[kind][1]:
                stdin = text if "F" in command else folder / "F"
                code, kilobytes, lines = answer([f"{o.bin}/{command[0]}", *command[1:]], stdin, folder)
                leftovers = sorted(set(os.listdir(folder)) - {"F", "err", "out"})
                bad = trouble(command, code, kilobytes, lines, leftovers)
                (folder / "out").unlink(missing_ok=True)
                n_runs, most = n_runs + 1, max(most, kilobytes)
                counts[kind]["read" if code == 0 else "refused"] += 1
                if bad:
                    n_bad += 1
                    kept = pathlib.Path("bad-answers") / f"{o.seed}-{i}"
                    kept.parent.mkdir(exist_ok=True)
                    kept.write_bytes(content)
                    print(f"{kind}, file {i} ({kept}): {' '.join(command)}: {bad}")
    print("| kind | read | refused |\n|---|---|---|")
    for kind, count in counts.items():
        print(f"| {kind} | {count['read']} | {count['refused']} |")
    print(f"{o.files} files, {n_runs} runs, {n_bad} bad answers, at most {most >> 10} MB")
    return n_bad > 0


if __name__ == "__main__":
    sys.exit(main())
