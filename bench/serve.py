#!/usr/bin/env python3
"""rwkv-serve under load: rates, latencies, and a soak.

usage: serve.py [--bin FOLDER] [-m MODEL -v VOCAB] [--requests 200] [--clients 32] [--turns 20] [--soak SECONDS]

Without --soak: mixed requests by some clients at once, and the same requests through rwkv-generate --jsonl -b 16; the time to the first token
of a long prompt, new and known; the prompt tokens that each turn of a chat reads. With it: clients that ask, vanish, stall and send rubbish
for so long; every whole answer must be the one that rwkv-generate gives, and memory must not grow.
"""
import argparse
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Server:
    def __init__(self, options, *more):
        self.log = tempfile.NamedTemporaryFile("w+")
        self.process = subprocess.Popen(
            [os.path.join(options.bin, "rwkv-serve"), "-m", options.model, "-v", options.vocab, "--listen", "127.0.0.1:0", *more],
            stderr=self.log)
        while "listening on" not in open(self.log.name).read():
            if self.process.poll() is not None:
                sys.exit(open(self.log.name).read())
            time.sleep(0.05)
        self.port = int(open(self.log.name).read().split(":")[-1])

    def post(self, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        connection.request("POST", path, json.dumps(body))
        answer = connection.getresponse()
        return connection, answer

    def ask(self, path, body):
        connection, answer = self.post(path, body)
        data = answer.read()
        connection.close()
        return answer.status, json.loads(data)

    def first_token(self, body):
        """Seconds to the first event of a stream."""
        begun = time.perf_counter()
        connection, answer = self.post("/v1/completions", dict(body, stream=True))
        answer.readline()
        seconds = time.perf_counter() - begun
        answer.read()
        connection.close()
        return seconds

    def resident_mb(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def metric(self, name):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
        return float(next(line for line in lines if line.startswith(name + " ")).split()[1])

    def stop(self):
        self.process.terminate()
        return self.process.wait()


def words(n, seed):
    rng = random.Random(seed)
    return " ".join(rng.choice(["king", "queen", "love", "sword", "night", "the", "and", "I", "thou", "shall"]) for _ in range(n))


def mixed(n):
    rng = random.Random(1)
    return [{"prompt": words(rng.randrange(2, 300), i), "max_tokens": rng.randrange(8, 120), "seed": i, "ignore_eos": True} for i in range(n)]


def run_clients(server, requests, n_clients):
    """Answers in the order of the requests, and the seconds that all took."""
    answers = [None] * len(requests)
    waiting = list(range(len(requests)))[::-1]
    lock = threading.Lock()

    def client():
        while True:
            with lock:
                if not waiting:
                    return
                i = waiting.pop()
            answers[i] = server.ask("/v1/completions", dict(requests[i], return_token_ids=True))

    begun = time.perf_counter()
    threads = [threading.Thread(target=client) for _ in range(n_clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers, time.perf_counter() - begun


def generate(options, requests):
    """The ids that rwkv-generate draws, and the seconds without its start."""
    command = [os.path.join(options.bin, "rwkv-generate"), "-m", options.model, "-v", options.vocab, "--jsonl", "-b", "16", "-q"]
    lines = "".join(json.dumps({"prompt": r["prompt"], "n": r["max_tokens"], "seed": r["seed"], "ignore_eos": True}) + "\n" for r in requests)
    begun = time.perf_counter()
    subprocess.run(command, input=json.dumps({"prompt": "a", "n": 1}) + "\n", capture_output=True, text=True, check=True)
    start = time.perf_counter() - begun
    begun = time.perf_counter()
    result = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line)["ids"] for line in result.stdout.splitlines()], time.perf_counter() - begun - start


def load(options):
    requests = mixed(options.requests)
    server = Server(options, "--cache-bytes", "0")
    answers, seconds = run_clients(server, requests, options.clients)
    wanted, alone = generate(options, requests)
    same = sum(answer[1]["choices"][0]["token_ids"] == ids for answer, ids in zip(answers, wanted))
    drawn = sum(map(len, wanted))
    print(f"{len(requests)} requests by {options.clients} clients: {drawn / seconds:.0f} tokens/s; rwkv-generate --jsonl -b 16: {drawn / alone:.0f}; "
          f"{same} answers the same")

    def latency(name, body_of, target):
        times = sorted(target.first_token(dict(body_of(i), max_tokens=4)) for i in range(40))
        print(f"first token of {name}: median {statistics.median(times) * 1e3:.1f} ms, 95th of 100 {times[37] * 1e3:.1f} ms")

    long = words(1000, 0)
    latency("a question behind 1000 words, no cache", lambda i: {"prompt": f"{long} {i}"}, server)
    server.stop()
    server = Server(options)
    latency("the same, with the cache", lambda i: {"prompt": f"{long} {i}"}, server)
    messages, read = [], []
    for i in range(options.turns):
        messages.append({"role": "user", "content": words(30, i)})
        _, answer = server.ask("/v1/chat/completions", {"messages": messages, "max_tokens": 60, "seed": i})
        messages.append({"role": "assistant", "content": answer["choices"][0]["message"]["content"]})
        usage = answer["usage"]
        read.append(f"{usage['prompt_tokens'] - usage['prompt_tokens_details']['cached_tokens']}/{usage['prompt_tokens']}")
    print("prompt tokens read of all, turn by turn:", " ".join(read))
    server.stop()


def soak(options):
    requests = mixed(40)
    wanted, _ = generate(options, requests)
    folder = tempfile.TemporaryDirectory()
    server = Server(options, "--cache", folder.name, "--cache-bytes", str(50 << 20), "-b", "8", "--queue", "32", "--idle", "5")
    end = time.time() + options.soak
    counts = {"whole": 0, "wrong": 0, "busy": 0, "vanished": 0, "rubbish": 0, "stalled": 0}
    lock = threading.Lock()

    def count(name):
        with lock:
            counts[name] += 1

    def ask(rng):
        i = rng.randrange(len(requests))
        status, answer = server.ask("/v1/completions", dict(requests[i], return_token_ids=True))
        if status == 429:
            count("busy")
            time.sleep(0.2)
        else:
            count("whole" if status == 200 and answer["choices"][0]["token_ids"] == wanted[i] else "wrong")

    def vanish(rng):
        body = {"prompt": words(rng.randrange(2, 600), rng.random()), "max_tokens": 2000, "stream": rng.random() < 0.5, "n": rng.randrange(1, 4)}
        data = json.dumps(body).encode()
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            s.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
            time.sleep(rng.random())
        count("vanished")

    def stall(rng):
        """Asks for a stream, and does not read it."""
        data = json.dumps({"prompt": "a", "max_tokens": 3000, "stream": True, "logprobs": 20}).encode()
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
            time.sleep(3 + rng.random())
        count("stalled")

    def rubbish(rng):
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            s.sendall(rng.randbytes(rng.randrange(1, 3000)))
        count("rubbish")

    def client(seed):
        rng = random.Random(seed)
        while time.time() < end:
            try:
                rng.choices([ask, vanish, rubbish, stall], [8, 2, 2, 0.3])[0](rng)
            except (ConnectionError, http.client.HTTPException) as error:
                print("no answer:", repr(error))
                count("wrong")

    threads = [threading.Thread(target=client, args=(i,)) for i in range(16)]
    for thread in threads:
        thread.start()
    memory = []
    while time.time() < end:
        time.sleep(min(15, max(1, options.soak / 10)))
        memory.append(server.resident_mb())
    for thread in threads:
        thread.join()
    time.sleep(1)
    running = server.metric("rwkv_sequences_running") + server.metric("rwkv_sequences_queued")
    code = server.stop()
    half = memory[len(memory) // 2]
    print(counts, f"sequences left: {running:.0f}, exit {code}, resident MB: {' '.join(f'{m:.0f}' for m in memory)}")
    if counts["wrong"] or running or code != -15 or memory[-1] > 1.25 * half + 20:
        sys.exit("the soak failed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(ROOT, "build/bin"))
    parser.add_argument("-m", "--model", default=os.path.join(ROOT, "demo/rwkv7-shakespeare.pth"))
    parser.add_argument("-v", "--vocab", default=os.path.join(ROOT, "demo/vocab.txt"))
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--soak", type=float)
    options = parser.parse_args()
    if options.soak:
        soak(options)
    else:
        load(options)


if __name__ == "__main__":
    main()
