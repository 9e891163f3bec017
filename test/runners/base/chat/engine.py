"""Holds the engine of r4ec's own server against transformers' generate: for engine.test.ts.

Usage: python engine.py MODEL ADAPTER CHAT_FOLDER

Prints a JSON object: for each way of asking, whether all answers are those of generate.
"""

import json
import os
import sys

import torch

model_folder, adapter_folder, chat = sys.argv[1:]
sys.path.insert(0, chat)

import engine as engine_module  # noqa: E402
from engine import Engine  # noqa: E402
from peft import PeftModel  # noqa: E402
from slots import Slots  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402

LENGTH = 24
torch.set_num_threads(1)
tokenizer = AutoTokenizer.from_pretrained(model_folder)


def load():
    return AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32).eval()


base = load()


class Recorder:
    """Stands where CUDA graphs stand on a card: does a step once to record it, as they do, and the
    recording does always the same step. It also says how large the recorded steps are."""

    made = []

    def __call__(self, step):
        step()
        Recorder.made.append(1)
        return lambda: step()


def engine_of(burst, **own):
    options = {"batch": 4, "repetition_penalty": 1.0, "max_context": 4096, "memory": 1.0}
    return Engine(load(), tokenizer, {**options, "burst": burst, "recorder": None, "warm": False, **own})


engine = engine_of(1)
# Of many lengths, and more than are answered at once: they begin and end at different times.
prompts = ["What does the user like? " * (1 + 3 * each % 11) + str(each) for each in range(11)]
prompts.append("A long one. " * 200)


def chat_of(prompt):
    return [{"role": "user", "content": prompt}]


def ask(prompt, adapter=None, **own):
    body = {"messages": chat_of(prompt), "max_tokens": LENGTH, **own}
    return engine.submit(body, adapter)


def plain(model, prompt, **own):
    ids = tokenizer.apply_chat_template(
        chat_of(prompt), add_generation_prompt=True, return_dict=True, return_tensors="pt"
    )["input_ids"]
    out = model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=LENGTH, do_sample=False, **own
    )
    written = out[0, ids.shape[1] :].tolist()
    while written and written[-1] in engine.vocabulary.end_set:
        written.pop()
    return written


def answers(asked):
    return [future.result(timeout=300).written for future in asked]


want = [plain(base, prompt) for prompt in prompts]
said = {"greedy": answers([ask(prompt) for prompt in prompts]) == want}

engine.load("a", adapter_folder).result()
tuned = PeftModel.from_pretrained(base, adapter_folder).eval()
with_adapter = [plain(tuned, prompt) for prompt in prompts]
said["the adapter changes answers"] = with_adapter != want
said["with the adapter"] = answers([ask(prompt, "a") for prompt in prompts]) == with_adapter
mixed = answers([ask(prompt, "a" if place % 2 else None) for place, prompt in enumerate(prompts)])
said["with and without it by turns"] = mixed == [
    (with_adapter if place % 2 else want)[place] for place in range(len(prompts))
]
said["without it, afterwards"] = answers([ask(prompt) for prompt in prompts]) == want
engine.adapters.is_plain = lambda name: False
said["computed beside the weights"] = answers([ask(prompt, "a") for prompt in prompts]) == with_adapter

guide = r"<A>Likes [^<]+</A>\n<B>(yes|no|not at all), really</B>"
guided = {"guided_regex": guide, "max_tokens": 48}
ways = {
    "guided": guided,
    "sampled": {"temperature": 1.0, "top_p": 0.9, "seed": 3, "repetition_penalty": 1.2},
    "guided and sampled": {**guided, "temperature": 0.7, "top_p": 0.9, "seed": 3},
    "sampled of a few": {"temperature": 1.5, "top_k": 20, "min_p": 0.01, "seed": 3},
}


def alone(own):
    return [ask(prompt, **own).result(timeout=300).written for prompt in prompts]


def together(own):
    return answers([ask(prompt, **own) for prompt in reversed(prompts)])[::-1]


found = {}
for name, own in ways.items():
    found[name] = alone(own)
    said[f"{name}: alone as together"] = found[name] == together(own)
said["seeds differ"] = alone({**ways["sampled"], "seed": 4}) != found["sampled"]

# As on a card: many steps between two looks, steps of few sizes, recorded when they are first wanted.
engine = engine_of(8, recorder=Recorder, warm=True)
said["recorded"] = answers([ask(prompt) for prompt in prompts]) == want
said["steps were recorded"] = 0 < len(Recorder.made) < 8
engine.load("a", adapter_folder).result()
said["recorded, with the adapter"] = (
    answers([ask(prompt, "a") for prompt in prompts]) == with_adapter
)
for name, own in ways.items():
    said[f"recorded, {name}"] = together(own) == found[name]

# The likeliest tokens are too few at times: bursts are done once more with all.
done = []


class FewLikeliest(Slots):
    def __init__(self, *arguments, **own):
        super().__init__(*arguments, **own, likeliest=4)

    def burst(self, kind, *rest):
        done.append(kind.whole)
        return super().burst(kind, *rest)


engine_module.Slots = FewLikeliest
engine = engine_of(8, recorder=Recorder)
said["recorded, too few looked at"] = together(ways["guided and sampled"]) == found["guided and sampled"]
said["both ways were taken"] = set(done) == {True, False}
print(json.dumps(said), flush=True)
# The engines' threads never end, and Python's own end can abort in them.
os._exit(0)
