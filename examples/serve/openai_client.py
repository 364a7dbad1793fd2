#!/usr/bin/env python3
"""A chat, a stream, a scored text and several prompts at once, by the Python package openai.

usage: rwkv-serve -m MODEL -v VOCAB &  openai_client.py [BASE_URL [KEY]]     (pip install openai)
"""
import sys

from openai import OpenAI

base_url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080/v1"
client = OpenAI(base_url=base_url, api_key=sys.argv[2] if len(sys.argv) > 2 else "none")
model = client.models.list().data[0].id
print("model:", model)

messages = [{"role": "system", "content": "You are a king."}, {"role": "user", "content": "Who are you?"}]
answer = client.chat.completions.create(model=model, messages=messages, max_tokens=30, seed=1)
print("answer:", repr(answer.choices[0].message.content))

# The next turn: what was said is known, and is not read again. Keys that OpenAI has not go into extra_body.
messages.append({"role": "assistant", "content": answer.choices[0].message.content})
messages.append({"role": "user", "content": "What will you do?"})
stream = client.chat.completions.create(
    model=model, messages=messages, max_tokens=30, seed=1, stream=True, stream_options={"include_usage": True},
    extra_body={"top_k": 40, "penalty_decay": 0.99},
)
print("streamed:", end=" ")
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
    else:
        known = chunk.usage.prompt_tokens_details.cached_tokens
        print(f"\nknown of {chunk.usage.prompt_tokens} prompt tokens:", "most" if known > chunk.usage.prompt_tokens / 2 else known)

scored = client.completions.create(model=model, prompt="To be, or not to be", max_tokens=0, echo=True, logprobs=0)
log_probs = scored.choices[0].logprobs.token_logprobs[1:]
print("nats a token:", round(-sum(log_probs) / len(log_probs), 4))

several = client.completions.create(model=model, prompt=["ROMEO:", "JULIET:"], n=2, max_tokens=8, seed=1)
for choice in several.choices:
    print(choice.index, repr(choice.text))
