"""Continuing and scoring texts."""
from __future__ import annotations

import ctypes
import dataclasses
import itertools
import random
from typing import Dict, Iterable, Iterator, List, Optional, Sequence as Many, Union

from . import _library as lib
from .model import Ids, Model, Scores, Sequence
from .text import Stream, Tokenizer

END_OF_TEXT = 0
Prompt = Union[str, bytes, Ids]


@dataclasses.dataclass
class Sampling:
    """How ids are drawn: the options of `rwkv-generate`, with its defaults. With a tokenizer padding is never drawn, and digits and
    spaces count nothing for `frequency`. `seed` None: a random one. When one of `stop_ids` is drawn, the sequence stays as it was."""

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 0.5
    min_p: float = 0.0
    presence: float = 0.0
    frequency: float = 0.0
    penalty_decay: float = 0.996
    seed: Optional[int] = None
    bias: Dict[int, float] = dataclasses.field(default_factory=dict)
    stop_ids: Many[int] = (END_OF_TEXT,)
    penalize_all: bool = False
    tokenizer: Optional[Tokenizer] = None

    def __post_init__(self):
        if self.seed is None:
            self.seed = random.getrandbits(64)
        plain = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)
                 if f.name not in ("bias", "stop_ids", "tokenizer")}
        n_bias, n_stop = len(self.bias), len(self.stop_ids)
        self.struct = lib.SamplingStruct(
            **plain, n_bias=n_bias, bias_ids=(ctypes.c_uint32 * n_bias)(*self.bias.keys()),
            bias=(ctypes.c_float * n_bias)(*self.bias.values()), n_stop_ids=n_stop,
            stop_ids=(ctypes.c_uint32 * n_stop)(*self.stop_ids),
            vocab=self.tokenizer._handle.pointer if self.tokenizer is not None else None)


def _ids(tokenizer: Tokenizer, prompt: Prompt) -> Ids:
    return tokenizer.encode(prompt) if isinstance(prompt, (str, bytes)) else prompt


def generate(model: Model, tokenizer: Tokenizer, prompt: Prompt = "", *, sequence: Optional[Sequence] = None,
             max_tokens: int = 256, stop: Iterable[str] = (), **sampling) -> Iterator[str]:
    """Yields the continuation of a prompt, behind `sequence` if there is one, piece by piece, as it is drawn; it ends in front of a
    stop text. Other arguments are those of Sampling. `sequence` stands after the last id drawn."""
    how = Sampling(tokenizer=tokenizer, **sampling)
    sequence = model.sequence() if sequence is None else sequence
    stream = Stream(tokenizer, stop)
    ids = _ids(tokenizer, prompt)
    for _ in range(max_tokens):
        sequence.eval(ids)
        ids = ()
        id_ = sequence.sample(how)
        if id_ in how.stop_ids:
            break
        text, stopped = stream.add(id_)
        if text:
            yield text
        if stopped:
            return
    text = stream.finish()
    if text:
        yield text


class _Job:
    """A prompt that is being continued."""

    def __init__(self, model, tokenizer, prompt, stop, max_tokens, sampling):
        self.sequence, self.ids, self.how = model.sequence(), _ids(tokenizer, prompt), sampling
        self.stream, self.n_left, self.text = Stream(tokenizer, stop), max_tokens, ""

    def draw(self) -> bool:
        """True when it has ended."""
        self.ids = ()
        id_ = self.sequence.sample(self.how)
        self.n_left -= 1
        if id_ not in self.how.stop_ids:
            text, stopped = self.stream.add(id_)
            self.text += text
            if stopped:
                return True
            if self.n_left > 0:
                return False
        self.text += self.stream.finish()
        return True


def batch(model: Model, tokenizer: Tokenizer, prompts: Iterable[Prompt], *, size: int = 16, max_tokens: int = 256,
          stop: Iterable[str] = (), seed: Optional[int] = None, **sampling) -> List[str]:
    """Continues many prompts, up to `size` of them in the same passes over the weights. The k-th, from 0, has the seed + k; its text is
    what generate() would give."""
    seed = random.getrandbits(63) if seed is None else seed
    stops = list(stop)
    jobs = [_Job(model, tokenizer, prompt, stops, max_tokens, Sampling(tokenizer=tokenizer, seed=seed + k, **sampling))
            for k, prompt in enumerate(prompts)]
    run_jobs(model, jobs, size)
    return [job.text for job in jobs]


def run_jobs(model: Model, jobs: Iterable[_Job], size: int) -> None:
    """Runs jobs to their ends; one that ends makes place for the next."""
    waiting = (job for job in jobs if job.n_left > 0)
    running = list(itertools.islice(waiting, size))
    while running:
        model.eval([job.sequence for job in running], [job.ids for job in running])
        running = [job for job in running if not job.draw()]
        running += itertools.islice(waiting, size - len(running))


def score(model: Model, ids: Ids, *, sequence: Optional[Sequence] = None) -> Scores:
    """The log-probability of each id behind those before it, and behind `sequence` if there is one, which reads them. Without one the
    text begins from id 0."""
    return model.score([model.sequence() if sequence is None else sequence], [ids])[0]
