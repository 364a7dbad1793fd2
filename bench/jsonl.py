#!/usr/bin/env python3
"""Mixed requests to rwkv-generate --jsonl: their rate at several batch sizes, or a soak that watches memory.

usage: jsonl.py [--bin DIR] [--model FILE] [--requests N] [--batch 1,4,16] [--threads T] [--scale X]
       jsonl.py ... --soak SECONDS [--max-growth MB]

Requests are drawn with a fixed seed: prompts of 1 to 512 ids (times X), 1 to 128 new ids, half of them sampled,
some with penalties, biases, log-probabilities, states in and out, and some that are wrong. Every batch size must
give the same answers. A soak sends them for so long to one process, and fails when its resident memory at the end
exceeds that after its first tenth by more than --max-growth.
"""
import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time


def request(number, draw, n_vocab, scale, folder):
    ids = [draw.randrange(1, n_vocab) for _ in range(1 + int(draw.random() ** 2 * 511 * scale))]
    made = {"id": number, "ids": ids, "n": 1 + int(draw.random() ** 2 * 127 * scale), "ignore_eos": True, "seed": number}
    if draw.random() < 0.5:
        made["temp"] = 0
    else:
        made |= {"temp": 0.5 + draw.random(), "top_p": draw.random(), "top_k": draw.choice([0, 50])}
    if draw.random() < 0.2:
        made |= {"presence": 0.4, "frequency": 0.4, "bias": {str(draw.randrange(n_vocab)): -2.5}}
    if draw.random() < 0.1:
        made["logprobs"] = 5
    if draw.random() < 0.1:
        made["state_out"] = os.path.join(folder, f"{number % 8}.state")
    elif draw.random() < 0.1 and number > 8:
        made["state_in"] = os.path.join(folder, f"{draw.randrange(8)}.state")  # there or not
    if draw.random() < 0.05:
        made["ids"] = [n_vocab]
    return json.dumps(made)


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        fields = dict(line.split(":", 1) for line in status)
    return {key: int(fields[key].split()[0]) / 1024 for key in ("VmRSS", "RssAnon")}


def cpu_of_children_s():
    times = os.times()
    return times.children_user + times.children_system


def command(options, batch):
    run = [os.path.join(options.bin, "rwkv-generate"), "-m", options.model, "--jsonl", "-b", str(batch), "--seed", "1", "-q"]
    return run + (["-t", options.threads] if options.threads else [])


def measure(options, n_vocab):
    digests = set()
    print("| batch | seconds | CPU seconds | requests/s | prompt tokens/s | new tokens/s |\n|---|---|---|---|---|---|")
    for batch in options.batch.split(","):
        with tempfile.TemporaryDirectory() as folder:
            draw = random.Random(7)
            lines = "\n".join(request(i, draw, n_vocab, options.scale, folder) for i in range(options.requests)) + "\n"
            begin, cpu_begin = time.monotonic(), cpu_of_children_s()
            out = subprocess.run(command(options, batch), input=lines.encode(), stdout=subprocess.PIPE, check=False).stdout
            took, cpu = time.monotonic() - begin, cpu_of_children_s() - cpu_begin
            out = out.replace(folder.encode(), b"")
        answers = [json.loads(line) for line in out.splitlines()]
        assert [a["id"] for a in answers] == list(range(options.requests)), "an answer is missing"
        digests.add(hashlib.sha256(out).hexdigest())
        n_prompt, n_new = (sum(a.get(key, 0) for a in answers) for key in ("prompt_tokens", "tokens"))
        print(f"| {batch} | {took:.1f} | {cpu:.1f} | {options.requests / took:.2f} | {n_prompt / took:.1f} | {n_new / took:.1f} |", flush=True)
    assert len(digests) == 1, "batch sizes differ in their answers"


def soak(options, n_vocab):
    batch = options.batch.split(",")[-1]
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(
            command(options, batch), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        end = time.monotonic() + options.soak

        def feed():
            draw, number = random.Random(7), 0
            while time.monotonic() < end:
                process.stdin.write(request(number, draw, n_vocab, options.scale, folder).encode() + b"\n")
                number += 1
            process.stdin.close()

        feeder = threading.Thread(target=feed)
        feeder.start()
        samples, n_answers, n_errors, n_tokens = [], 0, 0, 0
        for line in process.stdout:
            answer = json.loads(line)
            assert answer["id"] == n_answers, "an answer is missing"
            n_answers += 1
            n_errors += "error" in answer
            n_tokens += answer.get("prompt_tokens", 0) + answer.get("tokens", 0)
            if process.poll() is None:
                try:
                    samples.append(resident_mb(process.pid))
                except (OSError, KeyError):
                    pass  # it has just ended
        feeder.join()
    begin = samples[len(samples) // 10:len(samples) // 5]
    growth = max(s["RssAnon"] for s in samples[-len(begin):]) - max(s["RssAnon"] for s in begin)
    print(f"{options.soak:.0f} s, {n_answers} answers, {n_errors} of them errors, {n_tokens} tokens, exit {process.returncode}")
    for name, some in (("after a tenth", begin), ("at the end", samples[-len(begin):])):
        print(f"resident {name}: at most {max(s['VmRSS'] for s in some):.1f} MB, "
              f"{max(s['RssAnon'] for s in some):.1f} of them anonymous")
    return growth <= options.max_growth and process.returncode in (0, 1)


def main():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--bin", default=os.path.join(here, "build/bin"))
    parser.add_argument("--model", default=os.path.join(here, "demo/rwkv7-shakespeare.pth"))
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--batch", default="1,4,16")
    parser.add_argument("--threads")
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--soak", type=float)
    parser.add_argument("--max-growth", type=float, default=16)
    options = parser.parse_args()
    inspect = [os.path.join(options.bin, "rwkv-inspect"), "--json", options.model]
    n_vocab = json.loads(subprocess.run(inspect, stdout=subprocess.PIPE, check=True).stdout)["vocab_size"]
    if options.soak:
        return 0 if soak(options, n_vocab) else 1
    return measure(options, n_vocab)


if __name__ == "__main__":
    sys.exit(main())
