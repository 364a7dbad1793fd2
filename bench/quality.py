#!/usr/bin/env python3
# What rounding costs: each model against itself with x in bf16, in q8, q6 and q4, as a Markdown table.
# usage: bench/quality.py [--bin DIR] [--ids FILE] MODEL...
#   DIR   where rwkv-convert and rwkv-score stand (build/bin)
#   FILE  token ids as text for all models; else the sibling `*.reference.json` or `tokens.json` of a model has them
# Columns: bits a weight of the whole file and of the packed matrices alone; mean KL divergence from the source's
# predictions in nats; how often the likeliest token is the same; perplexity.
import argparse
import json
import os
import subprocess
import sys
import tempfile

# What rwkv-convert is given for each.
FORMS = {"bf16_bf16": ["--dtype", "bf16", "--activations", "bf16"],
         "q8": ["--dtype", "q8"], "q6": ["--dtype", "q6"], "q4": ["--dtype", "q4"]}


def find_numbers(value):
    """The longest list of whole numbers in a JSON value."""
    if isinstance(value, list) and value and all(isinstance(v, int) for v in value):
        return value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return max((find_numbers(part) for part in parts), key=len, default=[])


def ids_of(model, ids_file):
    if ids_file:
        with open(ids_file) as f:
            return f.read()
    folder, name = os.path.split(model)
    for path in [os.path.join(folder, name.rsplit(".", 1)[0] + ".reference.json"), os.path.join(folder, "tokens.json")]:
        if os.path.exists(path):
            with open(path) as f:
                return " ".join(map(str, find_numbers(json.load(f))))
    sys.exit(f"quality.py: {model}: no ids beside it, give --ids")


def run(arguments, text=""):
    return subprocess.run(arguments, input=text, capture_output=True, text=True, check=True).stdout


def score(tools, model, ids, *options):
    return json.loads(run([f"{tools}/rwkv-score", "-q", "-m", model, "--json", *options], ids))


def bits(tools, model):
    """Bits a weight: of the file, of the matrices that are packed."""
    facts = json.loads(run([f"{tools}/rwkv-inspect", "--json", "--tensors", model]))
    packed = [t for t in facts["tensors"] if t["dtype"] in FORMS]
    weights = sum(t["shape"][0] * t["shape"][1] for t in packed)
    return [os.path.getsize(model) * 8 / facts["parameters"], sum(t["bytes"] for t in packed) * 8 / max(1, weights)]


def row(*cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def measure(tools, model, ids, folder):
    logits = os.path.join(folder, "logits.npy")
    name = os.path.join(os.path.basename(os.path.dirname(model)), os.path.basename(model))
    source = os.path.join(folder, "source.safetensors")
    run([f"{tools}/rwkv-convert", "-q", model, source])
    base = score(tools, source, ids, "--logits", logits)
    row(name, "source", f"{bits(tools, source)[0]:.2f}", "", "", "", f"{base['perplexity']:.4f}")
    for dtype, form in FORMS.items():
        converted = os.path.join(folder, f"{dtype}.safetensors")
        run([f"{tools}/rwkv-convert", "-q", *form, model, converted])
        result = score(tools, converted, ids, "--against", logits)
        against = result["against"]
        whole, packed = bits(tools, converted)
        row("", dtype, f"{whole:.2f}", f"{packed:.2f}", f"{against['mean_kl']:.6f}",
            f"{100 * against['top1_agreement']:.2f} %", f"{result['perplexity']:.4f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default="build/bin")
    parser.add_argument("--ids")
    parser.add_argument("models", nargs="+")
    options = parser.parse_args()
    row("model", "weights", "bits, file", "bits, packed", "mean KL", "same top 1", "perplexity")
    row(*["---"] * 7)
    for model in options.models:
        with tempfile.TemporaryDirectory() as folder:
            measure(options.bin, model, ids_of(model, options.ids), folder)


if __name__ == "__main__":
    main()
