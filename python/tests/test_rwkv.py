import pathlib
import re
import subprocess
import threading

import numpy as np
import pytest

import rwkv_toolkit as rwkv

TEXT = "To be, or not to be, that is the question"


def test_encode_and_decode(tokenizer):
    ids = tokenizer.encode(TEXT)
    assert ids.dtype == np.uint32 and tokenizer.decode(ids) == TEXT
    assert b"".join(tokenizer.bytes_of(int(i)) for i in ids) == TEXT.encode()
    assert tokenizer.encode("").size == 0 and tokenizer.decode([]) == ""


def test_logits_are_the_same_bits_however_a_text_is_cut(model, tokenizer):
    ids = tokenizer.encode(TEXT)
    whole, cut, all_ = model.sequence(), model.sequence(), model.sequence()
    cut.read(ids[:3])
    cut.read(ids[3:5])
    rows = all_.eval_all(ids)
    assert rows.shape == (ids.size, model.n_vocab)
    np.testing.assert_array_equal(whole.eval(ids), cut.eval(ids[5:]))
    np.testing.assert_array_equal(whole.logits, rows[-1])
    assert len(whole) == len(cut) == ids.size


def test_logits_are_no_copy(model, tokenizer):
    sequence = model.sequence()
    view = sequence.eval(tokenizer.encode(TEXT))
    view[:] = -np.inf
    view[5] = 0
    assert sequence.sample() == 5 and sequence.pending == 5 and sequence.logits is None


def test_a_view_keeps_its_sequence_alive(model, tokenizer):
    view = model.sequence().eval(tokenizer.encode(TEXT))
    assert np.isfinite(view).all()


def test_state_is_no_copy_and_makes_the_sequence(model, tokenizer):
    one, other = model.sequence(), model.sequence()
    one.read(tokenizer.encode(TEXT))
    one.settle()
    assert one.pending is None
    for layer in range(model.n_layers):
        for part, shape in model.parts.items():
            assert one.state(layer, part).shape == shape
            other.state(layer, part)[...] = one.state(layer, part)
    np.testing.assert_array_equal(one.eval([9]), other.eval([9]))
    with pytest.raises(rwkv.RwkvError, match="no part 'x'"):
        one.state(0, "x")


def test_save_load_and_copy(model, tokenizer, tmp_path):
    sequence = model.sequence()
    sequence.read(tokenizer.encode(TEXT))
    sequence.save(tmp_path / "a.state")
    loaded, copy = model.load_sequence(tmp_path / "a.state"), sequence.copy()
    np.testing.assert_array_equal(loaded.eval(), copy.eval())
    assert sequence.logits is None


def test_generate_and_batch_agree(model, tokenizer):
    prompts = ["ROMEO:", "JULIET:", "", "KING"]
    texts = rwkv.batch(model, tokenizer, prompts, size=3, max_tokens=12, seed=7, stop=["\n\n"], top_p=0.9, frequency=0.2)
    for k, (prompt, text) in enumerate(zip(prompts, texts)):
        alone = "".join(rwkv.generate(model, tokenizer, prompt, max_tokens=12, seed=7 + k, stop=["\n\n"], top_p=0.9, frequency=0.2))
        assert alone == text
        assert "\n\n" not in text


def test_stop_ids_leave_the_sequence(model):
    sequence = model.sequence()
    sequence.eval([5, 6])
    forbidden = {i: float("-inf") for i in range(model.n_vocab) if i != 8}
    assert sequence.sample(rwkv.Sampling(bias=forbidden, stop_ids=[8], seed=1)) == 8
    assert len(sequence) == 2 and sequence.logits is not None


def test_score_is_what_the_logits_say(model, tokenizer):
    ids = tokenizer.encode(TEXT)
    scores = rwkv.score(model, ids)
    rows = model.sequence().eval_all(np.concatenate([[0], ids])).astype(np.float64)
    for i, id_ in enumerate(ids):
        expected = rows[i][id_] - rows[i].max() - np.log(np.exp(rows[i] - rows[i].max()).sum())
        assert abs(scores.log_prob[i] - expected) < 1e-6
        assert scores.likeliest[i] == rows[i].argmax()
    stem, branch = model.sequence(), model.sequence()
    stem.read(ids[:4])
    branch.read(ids[:6])
    both = model.score([stem, branch], [ids[4:], ids[6:]])
    np.testing.assert_array_equal(both[0].log_prob, scores_behind(model, ids, 4))
    np.testing.assert_array_equal(both[1].log_prob, scores_behind(model, ids, 6))


def scores_behind(model, ids, n):
    sequence = model.sequence()
    sequence.eval(ids[:n])
    return rwkv.score(model, ids[n:], sequence=sequence).log_prob


def test_threads_share_a_model(model, tokenizer):
    expected = "".join(rwkv.generate(model, tokenizer, "ROMEO:", max_tokens=20, seed=3))
    results = [""] * 4

    def run(i):
        results[i] = "".join(rwkv.generate(model, tokenizer, "ROMEO:", max_tokens=20, seed=3))

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(results))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * len(results)


def test_refusals(model, tokenizer, tmp_path):
    with pytest.raises(rwkv.RwkvError, match="no-such-file"):
        rwkv.Model(tmp_path / "no-such-file")
    sequence = model.sequence()
    for ids in ([model.n_vocab], np.array([4_000_000_000], np.uint32)):
        with pytest.raises(rwkv.RwkvError, match="the vocabulary has"):
            sequence.eval(ids)
    for ids in ([-1], [1.5], [1 << 40]):
        with pytest.raises(ValueError):
            sequence.eval(ids)
    with pytest.raises(rwkv.RwkvError, match="named twice"):
        model.eval([sequence, sequence])
    with pytest.raises(rwkv.RwkvError, match="not known"):
        sequence.sample()
    with pytest.raises(rwkv.RwkvError, match="temp"):
        sequence.eval()
        sequence.sample(rwkv.Sampling(temperature=-1))


def test_cancel(model):
    sequence = model.sequence()
    model.cancel()
    with pytest.raises(rwkv.RwkvError, match="cancelled"):
        sequence.eval([5])
    sequence.eval([5])


def test_sampling_has_the_defaults_of_the_library():
    header = pathlib.Path(__file__).resolve().parents[2] / "include" / "rwkv" / "rwkv.h"
    init = re.search(r"#define RWKV_SAMPLING_INIT[^{]*\{([^}]*)\}", header.read_text())[1]
    values = dict(zip([name for name, _ in rwkv.generation.lib.SamplingStruct._fields_], init.replace(" ", "").split(",")))
    ours = rwkv.Sampling(seed=0).struct
    for name in ("temperature", "top_k", "top_p", "min_p", "presence", "frequency", "penalty_decay", "penalize_all"):
        assert getattr(ours, name) == float(values[name]), name


def test_convert_for_rounded_activations(demo, tmp_path):
    source, target = demo / "rwkv7-shakespeare.pth", tmp_path / "bf16.safetensors"
    rwkv.convert(source, target, dtype="bf16", activations="bf16")
    assert b"bf16_bf16" in target.read_bytes()
    with pytest.raises(rwkv.RwkvError, match="wants dtype bf16"):
        rwkv.convert(source, target, activations="bf16")


def test_convert(demo, tmp_path):
    steps = []
    rwkv.convert(demo / "rwkv7-shakespeare.pth", tmp_path / "q8.safetensors", dtype="q8",
                 progress=lambda done, total: steps.append((done, total)))
    assert steps[-1][0] == steps[-1][1]
    assert rwkv.Model(tmp_path / "q8.safetensors").version.startswith("7")

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rwkv.convert(demo / "rwkv7-shakespeare.pth", tmp_path / "never", progress=stop)
    assert not (tmp_path / "never").exists()


def test_chat_prompt():
    assert rwkv.chat_prompt("world", [{"role": "user", "content": "Who?"}]) == "User: Who?\n\nAssistant:"


def test_the_tool_draws_the_same(demo, tokenizer, model):
    tool = demo.parent / "build" / "bin" / "rwkv-generate"
    if not tool.exists():
        pytest.skip("no build/bin/rwkv-generate")
    version7 = model.version.startswith("7")
    written = subprocess.run([tool, "-m", demo / ("rwkv7-shakespeare.pth" if version7 else "rwkv4-shakespeare.pth"), "-v",
                              demo / ("vocab.txt" if version7 else "tokenizer.json"), "-p", "ROMEO:", "-n", "30", "--seed", "5",
                              "--frequency", "0.3", "-q"], stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout
    text = "".join(rwkv.generate(model, tokenizer, "ROMEO:", max_tokens=30, seed=5, frequency=0.3))
    assert written.decode(errors="replace").rstrip("\n") == text.rstrip("\n")
