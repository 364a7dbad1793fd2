import pathlib

import pytest

import rwkv_toolkit as rwkv

DEMO = pathlib.Path(__file__).resolve().parent.parent.parent / "demo"


@pytest.fixture(scope="session")
def demo():
    return DEMO


@pytest.fixture(scope="session", params=["rwkv4-shakespeare.pth", "rwkv7-shakespeare.pth"])
def model(request):
    return rwkv.Model(DEMO / request.param, threads=2)


@pytest.fixture(scope="session")
def tokenizer(model):
    vocabulary = "vocab.txt" if model.version.startswith("7") else "tokenizer.json"
    return rwkv.Tokenizer(DEMO / vocabulary, model)
