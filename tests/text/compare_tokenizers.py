#!/usr/bin/env python3
"""compare_tokenizers.py BIN TOKENIZER_JSON [SEED [N]]: N (20000) random strings rich in edge cases, encoded and decoded by
rwkv-tokenize and by the package `tokenizers` (from PyPI), must be the same. Characters that this Python's Unicode does not have
are left out, as the package's tables have another version; a rare difference in the order of newer marks remains."""
import random, subprocess, sys, unicodedata
import tokenizers

ATOMS = ["a", "b", "the ", "The", " ", "  ", "   ", "\n", "\r\n", "\t", "'s", "'", "'ll", "'S", "\u00e9", "e\u0301", "\u0301", "\u0327",
         "\u00f1", "\u4e2d", "\u6587\u5b57", "\uff0c", "\u3002", "\u3000", "\u00a0", "\u2003", "\u200b", "\u200d", "\U0001f469\u200d\U0001f469",
         "\U0001f3fd", "1", "23", "\u00b2", "\u00bd", "\u2167", "\u0661", "_", "==", "{}", "<|endoftext|>", "<|padding|>", "<|end",
         "\uac00", "\u1100", "\u1161", "\u11a8", "\u11a7", "\ufb01", "\u212b", "\u0344", "\u09be", "\u09c7", "\u0f73", "\u1e9b\u0323",
         "\u0130", "\x7f", "\x85", "\u2028", "\ufeff", "\ufffd", "\U0001d15e", "\U00020000", "\ufb1d", "http://", "def ", "    "]
RANGES = [(1, 0x7f), (0x80, 0x24f), (0x300, 0x36f), (0x370, 0xd7ff), (0xe000, 0xffff), (0x10000, 0x1ffff)]


def random_text(rng):
    text = ""
    for _ in range(rng.randint(0, 30)):
        kind = rng.random()
        text += (rng.choice(ATOMS) if kind < .75 else chr(rng.randint(*rng.choice(RANGES))) if kind < .9
                 else rng.choice(ATOMS) * rng.randint(2, 12))
    return "".join(c for c in text if unicodedata.category(c) != "Cn")


def run(binary, vocab, *options, stdin):
    return subprocess.run([binary, "-v", vocab, "-0", *options], input=stdin, stdout=subprocess.PIPE, check=True).stdout.decode()


def main():
    binary, vocab = sys.argv[1:3]
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    texts = [random_text(rng) for _ in range(int(sys.argv[4]) if len(sys.argv) > 4 else 20000)]
    lines = run(binary, vocab, stdin=b"".join(t.encode() + b"\0" for t in texts))
    ours = [[int(i) for i in line.split()] for line in lines.split("\n")[:-1]]
    back = run(binary, vocab, "-d", stdin=lines.encode()).split("\0")[:-1]
    theirs = tokenizers.Tokenizer.from_file(vocab)
    assert len(ours) == len(back) == len(texts)
    n_bad = 0
    for text, ids, decoded in zip(texts, ours, back):
        want = theirs.encode(text, add_special_tokens=False).ids
        if ids != want or decoded != theirs.decode(ids, skip_special_tokens=False):
            n_bad += 1
            print(ascii(text), ids, want)
    print(f"{len(texts) - n_bad} of {len(texts)} texts equal")
    return n_bad > 0


if __name__ == "__main__":
    sys.exit(main())
