#!/usr/bin/env python3
"""Draws texts at temperature 2 under constraints, and reads each with another parser.

usage: constrained_texts.py DEMO N [SEED]    N texts of each of 14 constraints with each demo model, seeds from SEED on;
rwkv-generate in PATH
"""
import json
import re
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    jsonschema = None

TEN_FIELDS = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "name": {"type": "string", "maxLength": 30},
        "age": {"type": "integer", "minimum": 0, "maximum": 130},
        "email": {"type": "string", "format": "email"},
        "born": {"type": "string", "format": "date"},
        "height": {"type": "number"},
        "alive": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 8}, "maxItems": 4},
        "kind": {"enum": ["king", "queen", "fool", None]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "required": ["id", "name", "age", "email", "born", "height", "alive", "tags", "kind", "note"],
    "additionalProperties": False,
}
SCHEMAS = [
    TEN_FIELDS,
    {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "null"}}, "additionalProperties": {"type": "boolean"}},
    {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": {"type": "boolean"}, "minItems": 1, "maxItems": 5},
    {"oneOf": [{"type": "object", "properties": {"k": {"const": "a"}, "x": {"type": "integer"}}, "required": ["k", "x"]},
               {"type": "object", "properties": {"k": {"const": "b"}, "y": {"type": "string", "pattern": "^[a-z]+-\\d{1,3}$"}}, "required": ["k", "y"]}]},
    {"$defs": {"tree": {"type": "object", "properties": {"v": {"type": "integer", "exclusiveMinimum": -50, "maximum": 7},
                                                        "l": {"$ref": "#/$defs/tree"}, "r": {"$ref": "#/$defs/tree"}},
                        "required": ["v"], "additionalProperties": False}}, "$ref": "#/$defs/tree"},
    {"allOf": [{"type": "object", "properties": {"at": {"type": "string", "format": "date-time"}}, "required": ["at"]},
               {"type": "object", "properties": {"n": {"type": ["integer", "null"]}}}]},
    {"type": "string", "minLength": 3, "maxLength": 6},
]
REGEXES = [r"(?:\d{1,3}\.){3}\d{1,3}", r"[A-Z][a-z]+(?: [A-Z][a-z]+){1,3}", r"[^\x00-\x7f]{2,5}", r"(a|ab)(c|bcd)*d?"]
GRAMMAR_LIST = 'root ::= "(" (root ("," root)*)? ")" | [0-9]{1,3}'


def check_list(text):
    tree = re.sub(r"\d{1,3}", "0", text)
    while "(0" in tree or "()" in tree:
        shorter = re.sub(r"\((?:0(?:,0)*)?\)", "0", tree)
        assert shorter != tree, text
        tree = shorter
    assert tree == "0", text


def check_schema(schema):
    def check(text):
        value = json.loads(text)
        if jsonschema:
            jsonschema.validate(value, schema, jsonschema.Draft202012Validator,
                                format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    return check


def check_regex(regex):
    def check(text):
        assert re.fullmatch(regex, text), (regex, text)
    return check


def cases():
    for schema in SCHEMAS:
        yield {"json_schema": schema}, check_schema(schema)
    for regex in REGEXES:
        yield {"regex": regex}, check_regex(regex)
    yield {"grammar": "json"}, json.loads
    yield {"json_schema": {"type": "object"}}, lambda text: json.loads(text).items()
    yield {"grammar": GRAMMAR_LIST}, check_list


def main():
    demo, n = sys.argv[1], int(sys.argv[2])
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    n_complete = n_cut = 0
    for model in "rwkv4-shakespeare.pth", "rwkv7-shakespeare.pth":
        requests, checks = [], []
        for keys, check in cases():
            for seed in range(first, first + n):
                # Random texts seldom end by themselves where nothing bounds them: id 0 is made likely.
                requests.append(json.dumps({"prompt": "KING:", "n": 600, "temp": 2, "top_p": 1, "seed": seed,
                                            "bias": {"0": 6}, **keys}))
                checks.append(check)
        done = subprocess.run(["rwkv-generate", "-m", f"{demo}/{model}", "-v", f"{demo}/vocab.txt", "--jsonl", "-b", "32", "-q"],
                              input="\n".join(requests).encode(), stdout=subprocess.PIPE, check=True)
        answers = done.stdout.decode().splitlines()
        assert len(answers) == len(requests)
        for line, check in zip(answers, checks):
            answer = json.loads(line)
            if answer["complete"]:
                check(answer["text"])
                n_complete += 1
            else:
                assert answer["stop"] == "length", answer
                n_cut += 1
    assert n_cut * 4 < n_complete, (n_cut, n_complete)
    print(f"{n_complete + n_cut} texts, each one of its language or cut by -n")
    print(f"{n_complete} complete, {n_cut} cut", file=sys.stderr)


main()
