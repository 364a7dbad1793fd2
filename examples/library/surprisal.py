#!/usr/bin/env python3
"""How surprising each token of a text is, as a picture (with matplotlib) or a table. usage: surprisal.py MODEL VOCAB FILE [PICTURE]"""
import sys

import numpy as np

import rwkv_toolkit as rwkv

# %% Load
model_path, vocab_path, text_path = sys.argv[1:4]
model = rwkv.Model(model_path)
tokenizer = rwkv.Tokenizer(vocab_path, model)

# %% Score: surprisal is the negative log-probability, in bits
with open(text_path, "rb") as file:
    ids = tokenizer.encode(file.read())
bits = -rwkv.score(model, ids).log_prob / np.log(2)

# %% Show
if len(sys.argv) < 5:
    for id_, surprisal in zip(ids, bits):
        print(f"{surprisal:8.3f}\t{tokenizer.bytes_of(int(id_))!r}")
    sys.exit()

import matplotlib  # noqa: E402

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

figure, axes = plt.subplots(figsize=(10, 3))
axes.plot(bits, linewidth=0.5, color="lightgray")
axes.plot(np.convolve(bits, np.ones(50) / 50, mode="same"))
axes.set(xlabel="token", ylabel="bits", title=f"{text_path}: {bits.mean():.2f} bits a token")
figure.tight_layout()
figure.savefig(sys.argv[4])
