#!/usr/bin/env python3
"""tokenize.py TEXT VOCAB... [-t N,...] [--tool PATH] [--package-mb N]: MB/s of TEXT with which rwkv-tokenize encodes and decodes,
loading and writing included, and the package `tokenizers` on one thread, which gets the first N MB (10) in parts of 64 KB. The
best of three runs each; peak memory and the time to encode two letters too."""
import argparse, os, subprocess, sys, tempfile, time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
REPETITIONS = 3


def measure(command, stdin, stdout):
    """Seconds and peak bytes of the quickest run."""
    runs = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=open(stdin, "rb"), stdout=open(stdout, "wb"))
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        if status != 0:
            sys.exit(f"{command[0]} failed")
        runs.append((seconds, usage.ru_maxrss * 1024))
    return min(runs)


def best_seconds(function):
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def measure_tool(options, vocab, work):
    mb = os.path.getsize(options.text) / 1e6
    ids, text, hi = (os.path.join(work, name) for name in ("ids", "text", "hi"))
    with open(hi, "w") as f:
        f.write("hi")
    command = [options.tool, "-v", vocab, "--ids", "u32"]
    for threads in options.threads.split(","):
        encode, encode_bytes = measure(command + ["-t", threads], options.text, ids)
        decode, decode_bytes = measure(command + ["-d"], ids, text)
        print(f"rwkv-tokenize -t {threads}: encode {mb / encode:.0f} MB/s, {encode_bytes / 1e6:.0f} MB of memory; "
              f"decode {mb / decode:.0f} MB/s, {decode_bytes / 1e6:.0f} MB")
    print(f"rwkv-tokenize, two letters: {1e3 * measure(command, hi, ids)[0]:.1f} ms")


def measure_package(options, vocab):
    import tokenizers
    with open(options.text, "rb") as f:
        data = f.read(int(options.package_mb * 1e6))
    parts = [data[i:i + 65536].decode("utf-8", "ignore") for i in range(0, len(data), 65536)]
    start = time.perf_counter()
    tokenizer = tokenizers.Tokenizer.from_file(vocab)
    load = time.perf_counter() - start
    ids = [tokenizer.encode(part).ids for part in parts]
    encode = best_seconds(lambda: [tokenizer.encode(part) for part in parts])
    decode = best_seconds(lambda: [tokenizer.decode(some) for some in ids])
    mb = len(data) / 1e6
    print(f"tokenizers {tokenizers.__version__}: encode {mb / encode:.1f} MB/s; decode {mb / decode:.1f} MB/s; "
          f"loads in {1e3 * load:.0f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text")
    parser.add_argument("vocab", nargs="+")
    parser.add_argument("-t", "--threads", default="1")
    parser.add_argument("--tool", default="build/bin/rwkv-tokenize")
    parser.add_argument("--package-mb", type=float, default=10)
    options = parser.parse_args()
    for vocab in options.vocab:
        print(os.path.basename(vocab))
        with tempfile.TemporaryDirectory() as work:
            measure_tool(options, vocab, work)
        with open(vocab, "rb") as f:
            is_json = f.read(1) == b"{"
        if is_json:
            measure_package(options, vocab)


if __name__ == "__main__":
    main()
