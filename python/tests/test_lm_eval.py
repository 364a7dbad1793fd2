import types

import numpy as np
import pytest

import rwkv_toolkit as rwkv

pytest.importorskip("lm_eval")
from rwkv_toolkit.lm_eval import RwkvLM  # noqa: E402


@pytest.fixture(scope="module")
def lm(demo):
    return RwkvLM(model=str(demo / "rwkv7-shakespeare.pth"), vocab=str(demo / "vocab.txt"), batch_size=3)


def requests(*arguments):
    return [types.SimpleNamespace(args=a) for a in arguments]


def test_loglikelihood(lm):
    pairs = [("To be, or not to", " be"), ("ROMEO", ":"), ("To be, or not to", " see the king"), ("", "King"), ("To ", "be")]
    results = lm.loglikelihood(requests(*pairs))
    for (context, continuation), (log_prob, greedy) in zip(pairs, results):
        stem, ids = lm._encode_pair(context, continuation)
        sequence = lm.model.sequence()
        sequence.read(stem)
        scores = rwkv.score(lm.model, ids, sequence=sequence)
        assert log_prob == scores.log_prob.sum() and greedy == bool((scores.likeliest == ids).all())


def test_rolling_is_the_sum_from_id_0(lm):
    (rolling,) = lm.loglikelihood_rolling(requests(("To be, or not to be",)))
    assert rolling == rwkv.score(lm.model, lm.tokenizer.encode("To be, or not to be")).log_prob.sum()


def test_generate_until(lm):
    long, short = lm.generate_until(requests(("ROMEO:", {"until": ["\n\n"], "max_gen_toks": 8}),
                                             ("ROMEO:", {"until": "\n", "max_gen_toks": 2})))
    prompt = np.concatenate([[0], lm.tokenizer.encode("ROMEO:")]).astype(np.uint32)
    assert long == "".join(rwkv.generate(lm.model, lm.tokenizer, prompt, max_tokens=8, temperature=0, stop=["\n\n"]))
    assert long.startswith(short) or "\n" in long


def test_the_harness_runs_its_own_kind_of_task(lm, tmp_path):
    evaluator = pytest.importorskip("lm_eval.evaluator")
    tasks = pytest.importorskip("lm_eval.tasks")
    pytest.importorskip("datasets")
    (tmp_path / "data.jsonl").write_text('{"q": "To be, or not to", "a": " be", "b": " see"}\n' * 3)
    (tmp_path / "own.yaml").write_text(f"""
task: own_choice
dataset_path: json
dataset_kwargs: {{data_files: {{test: {tmp_path}/data.jsonl}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{q}}}}"
doc_to_choice: ["{{{{a}}}}", "{{{{b}}}}"]
doc_to_target: 0
target_delimiter: ""
metric_list: [{{metric: acc}}]
""")
    manager = tasks.TaskManager(include_path=str(tmp_path), include_defaults=False)
    result = evaluator.simple_evaluate(model=lm, tasks=["own_choice"], task_manager=manager, bootstrap_iters=0)
    assert result["results"]["own_choice"]["acc,none"] in (0.0, 1.0)
