#!/usr/bin/env python3
"""compare_tokenizers.py TOOL VOCAB [SEED [N]]: N (20000) random texts rich in edge cases and N // 10 random id sequences must have
the ids and the bytes that independent tokenizers give them: for World a search for the longest token, for a tokenizer.json the
package `tokenizers` (from PyPI); and the references in ../shared/reference beside the checkout, where they are. Exits 77 when
there is nothing to compare with."""
import ast, pathlib, random, subprocess, sys, unicodedata

SHARED = pathlib.Path(__file__).resolve().parents[2] / "../shared/reference"
ATOMS = ["a", "b", "the ", "The", " ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", "'s", "'", "'ll", "'S", "\u2019s", "\u00e9", "e\u0301", "\u0301",
         "\u0327", "\u00f1", "\u4e2d", "\u6587\u5b57", "\uff0c", "\u3002", "\u3000", "\u00a0", "\u2003", "\u200b", "\u200d", "\U0001f469\u200d\U0001f469",
         "\U0001f3fd", "1", "23", "\u00b2", "\u00bd", "\u2167", "\u0661", "_", "==", "{}", "<|endoftext|>", "<|padding|>", "<|end",
         "\uac00", "\u1100", "\u1161", "\u11a8", "\u11a7", "\ufb01", "\u212b", "\u0344", "\u09be", "\u09c7", "\u0f73", "\u1e9b\u0323",
         "\u0130", "\x7f", "\x85", "\u2028", "\ufeff", "\ufffd", "\U0001d15e", "\U00020000", "\ufb1d", "http://", "def ", "    ", "\0"]
RANGES = [(1, 0x7f), (0x80, 0x24f), (0x300, 0x36f), (0x370, 0xd7ff), (0xe000, 0xffff), (0x10000, 0x1ffff)]


class World:
    takes_bytes = True

    def __init__(self, path):
        lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
        tokens = [(int(line[:line.index(" ")]), ast.literal_eval(line[line.index(" "):line.rindex(" ")].strip())) for line in lines]
        self.bytes = {i: t if isinstance(t, bytes) else t.encode() for i, t in tokens}
        self.ids = {t: i for i, t in self.bytes.items()}
        self.longest = max(map(len, self.ids))

    def encode(self, data):
        ids = []
        while data:
            n = next(n for n in range(min(self.longest, len(data)), 0, -1) if data[:n] in self.ids)
            ids.append(self.ids[data[:n]])
            data = data[n:]
        return ids

    def decode(self, ids):
        return b"".join(self.bytes[i] for i in ids)

    def pieces(self):
        return list(self.ids)


class Package:
    takes_bytes = False

    def __init__(self, path):
        import tokenizers
        self.tokenizer = tokenizers.Tokenizer.from_file(path)

    def encode(self, data):
        return self.tokenizer.encode(data.decode(), add_special_tokens=False).ids

    def decode(self, ids):
        return self.tokenizer.decode(ids, skip_special_tokens=False).encode()

    def pieces(self):
        texts = [self.tokenizer.decode([i], skip_special_tokens=False) for i in range(self.tokenizer.get_vocab_size())]
        return [t.encode() for t in texts if "\ufffd" not in t]


class Shared:
    def __init__(self, path, world):
        sys.path.insert(0, str(SHARED))
        self.world = world
        self.tokenizer = __import__("world_reference").World(path) if world else __import__("neox_reference").Neox(path)

    def encode(self, data):
        return self.tokenizer.encode(data if self.world else data.decode())

    def decode(self, ids):
        text = self.tokenizer.decode(ids)
        return text if self.world else text.encode()


def references(path):
    world = not pathlib.Path(path).read_bytes().lstrip().startswith(b"{")
    found = [World(path)] if world else []
    if not world:
        try:
            found.append(Package(path))
        except ImportError:
            print("skipped: no Python package tokenizers")
            sys.exit(77)
    return found + ([Shared(path, world)] if SHARED.is_dir() else [])


# The package's Unicode tables are of another version: characters that this Python does not know are left out, and marks that are
# not as old as Unicode 3.2, as they might be put in another order.
def known(c):
    new_mark = unicodedata.combining(c) and not unicodedata.ucd_3_2_0.combining(c)
    return "" if new_mark or unicodedata.category(c) == "Cn" else c


def random_part(rng, pieces, any_bytes):
    kind = rng.random()
    if kind < .4:
        return rng.choice(ATOMS).encode()
    if kind < .65:
        return rng.choice(pieces)
    if kind < .8:
        return known(chr(rng.randint(*rng.choice(RANGES)))).encode()
    if kind < .9 or not any_bytes:
        return rng.choice(ATOMS).encode() * rng.randint(2, 12)
    if kind < .95:
        piece = rng.choice(pieces)
        return piece[:rng.randint(0, len(piece))] + piece[rng.randint(0, len(piece)):]
    return rng.randbytes(rng.randint(1, 4))


def random_text(rng, pieces, any_bytes):
    return b"".join(random_part(rng, pieces, any_bytes) for _ in range(rng.randint(0, 30)))


def run(tool, vocab, *options, stdin):
    return subprocess.run([tool, "-v", vocab, *options], input=stdin, stdout=subprocess.PIPE, check=True).stdout


# Texts travel as records, which end in a NUL, or for texts that have one in a line break.
def encode_all(tool, vocab, texts):
    ids = [None] * len(texts)
    for option, end, places in (("-0", b"\0", [i for i, t in enumerate(texts) if b"\0" not in t]),
                                ("-l", b"\n", [i for i, t in enumerate(texts) if b"\0" in t])):
        lines = run(tool, vocab, option, stdin=b"".join(texts[i] + end for i in places)).split(b"\n")[:-1]
        assert len(lines) == len(places)
        for i, line in zip(places, lines):
            ids[i] = [int(word) for word in line.split()]
    return ids


def compare_encoding(tool, vocab, theirs, texts):
    n_bad = 0
    for text, ids in zip(texts, encode_all(tool, vocab, texts)):
        for other in theirs:
            want = other.encode(text)
            if ids != want:
                n_bad += 1
                print(type(other).__name__, text, ids, want)
    return n_bad


# What decodes may hold any byte: all sequences are compared as one stream.
def compare_decoding(tool, vocab, theirs, sequences):
    stream = run(tool, vocab, "-d", "-l", stdin=b"".join(b" ".join(b"%d" % i for i in ids) + b"\n" for ids in sequences))
    n_bad = 0
    for other in theirs:
        at = 0
        for ids in sequences:
            want = other.decode(ids) + b"\n"
            if not stream.startswith(want, at):
                n_bad += 1
                print(type(other).__name__, ids, stream[at:at + len(want)], want)
                break
            at += len(want)
        n_bad += at != len(stream)
    return n_bad


def main():
    tool, vocab = sys.argv[1:3]
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    n = int(sys.argv[4]) if len(sys.argv) > 4 else 20000
    theirs = references(vocab)
    pieces, any_bytes = theirs[0].pieces(), theirs[0].takes_bytes
    texts = [random_text(rng, pieces, any_bytes) for _ in range(n)]
    texts = [t.replace(b"\n", b"\t") if b"\0" in t else t for t in texts]
    ids = sorted({i for some in encode_all(tool, vocab, [p for p in pieces if b"\n" not in p]) for i in some})
    sequences = [rng.choices(ids, k=rng.randint(0, 20)) for _ in range(n // 10)]
    n_bad = compare_encoding(tool, vocab, theirs, texts) + compare_decoding(tool, vocab, theirs, sequences)
    names = ", ".join(type(other).__name__ for other in theirs)
    print(f"{len(texts)} texts and {len(sequences)} id sequences beside {names}: {n_bad} differences")
    return n_bad > 0


if __name__ == "__main__":
    sys.exit(main())
