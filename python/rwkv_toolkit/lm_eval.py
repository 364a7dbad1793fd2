"""The lm-evaluation-harness on RWKV models, without a server: model type `rwkv_toolkit`.

    python -m rwkv_toolkit.lm_eval --model rwkv_toolkit --model_args model=FILE,vocab=FILE --tasks ...
"""
from __future__ import annotations

from typing import Any, Dict, Iterable, List, Tuple

import numpy as np
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model

from . import _library as lib
from .generation import END_OF_TEXT, Sampling, _Job, run_jobs
from .model import Model
from .text import Tokenizer, chat_prompt


@register_model("rwkv_toolkit")
class RwkvLM(LM):
    """Every text begins from id 0, as in RWKV's own evaluations; `bos=False`: only one whose context is empty."""

    def __init__(self, model: str, vocab: str, batch_size: int = 16, threads: int = 0, bos: bool = True,
                 template: str = "world", max_gen_toks: int = 256, **_: Any):
        super().__init__()
        self.model = Model(model, threads=int(threads))
        self.tokenizer = Tokenizer(vocab, self.model)
        self._batch_size = int(batch_size) if str(batch_size).isdigit() else 16
        self._bos, self._template, self._max_tokens = bos, template, int(max_gen_toks)

    def loglikelihood(self, requests, disable_tqdm: bool = False) -> List[Tuple[float, bool]]:
        pairs = [self._encode_pair(*request.args) for request in requests]
        results: Dict[int, Tuple[float, bool]] = {}
        # Those of one context are neighbours, so that it is read once.
        order = sorted(range(len(pairs)), key=lambda i: (len(pairs[i][0]), pairs[i][0].tobytes()))
        while order:
            part, order = order[: self._batch_size], order[self._batch_size:]
            stems = {pairs[i][0].tobytes(): pairs[i][0] for i in part}
            sequences = {key: self.model.sequence() for key in stems}
            self.model.eval(list(sequences.values()), list(stems.values()), want=lib.WANT_NOTHING)
            branches = [sequences[pairs[i][0].tobytes()].copy() for i in part]
            for i, scores in zip(part, self.model.score(branches, [pairs[i][1] for i in part])):
                results[i] = float(scores.log_prob.sum()), bool((scores.likeliest == pairs[i][1]).all())
        return self._cached("loglikelihood", requests, [results[i] for i in range(len(pairs))])

    def loglikelihood_rolling(self, requests, disable_tqdm: bool = False) -> List[float]:
        """An RWKV reads a text of any length: there are no windows."""
        sums = []
        for (text,) in (request.args for request in requests):
            ids = self.tokenizer.encode(text)
            sums.append(float(self.model.score([self.model.sequence()], [ids])[0].log_prob.sum()) if ids.size else 0.0)
        return self._cached("loglikelihood_rolling", requests, sums)

    def generate_until(self, requests, disable_tqdm: bool = False) -> List[str]:
        jobs = [self._job(*request.args, seed) for seed, request in enumerate(requests)]
        run_jobs(self.model, jobs, self._batch_size)
        return self._cached("generate_until", requests, [job.text for job in jobs])

    def apply_chat_template(self, chat_history: List[Dict[str, str]], add_generation_prompt: bool = True) -> str:
        if not add_generation_prompt:
            raise NotImplementedError("a chat whose last message is the assistant's")
        return chat_prompt(self._template, chat_history)

    @property
    def tokenizer_name(self) -> str:
        return self._template

    def _begun(self, ids: np.ndarray) -> np.ndarray:
        return np.concatenate([np.zeros(1 if self._bos or not ids.size else 0, np.uint32), ids])

    def _encode_pair(self, context: str, continuation: str) -> Tuple[np.ndarray, np.ndarray]:
        """Spaces at the end of a context belong to what follows: tokens begin with them."""
        bare = context.rstrip()
        whole, stem = self.tokenizer.encode(context + continuation), self.tokenizer.encode(bare)
        n_shared = min(len(stem), len(whole) - 1)
        if n_shared < 0:
            raise ValueError("nothing to score: context and continuation are empty")
        return self._begun(whole[:n_shared]), whole[n_shared:]

    def _job(self, context: str, options: Dict[str, Any], seed: int) -> _Job:
        until = options.get("until", [])
        stops = [until] if isinstance(until, str) else until
        sampled = options.get("do_sample", False)
        sampling = Sampling(temperature=options.get("temperature", 1.0) if sampled else 0.0, top_p=options.get("top_p", 1.0),
                            top_k=options.get("top_k", 0), seed=seed, stop_ids=(END_OF_TEXT,), tokenizer=self.tokenizer)
        prompt = self._begun(self.tokenizer.encode(context))
        return _Job(self.model, self.tokenizer, prompt, [stop for stop in stops if stop],
                    int(options.get("max_gen_toks", self._max_tokens)), sampling)

    def _cached(self, kind: str, requests: Iterable[Any], results: List[Any]) -> List[Any]:
        for request, result in zip(requests, results):
            self.cache_hook.add_partial(kind, request.args, result)
        return results


if __name__ == "__main__":
    from lm_eval.__main__ import cli_evaluate

    cli_evaluate()
