"""Holds the engine of r4ec's own server against transformers' generate: for engine.test.ts.

Usage: python engine.py MODEL ADAPTER CHAT_FOLDER

Prints a JSON object: for each way of asking, whether all answers are those of generate.
"""

import json
import sys

import torch

model_folder, adapter_folder, chat = sys.argv[1:]
sys.path.insert(0, chat)

from engine import Engine  # noqa: E402
from peft import PeftModel  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402

LENGTH = 24
torch.set_num_threads(1)
tokenizer = AutoTokenizer.from_pretrained(model_folder)


def load():
    return AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32).eval()


base = load()


def engine_of(burst):
    options = {"batch": 4, "repetition_penalty": 1.0, "max_context": 4096, "memory": 1.0}
    return Engine(load(), tokenizer, {**options, "burst": burst})


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
for name, own in {
    "guided": {"guided_regex": guide},
    "sampled": {"temperature": 1.0, "top_p": 0.9, "seed": 3, "repetition_penalty": 1.2},
    "guided and sampled": {"guided_regex": guide, "temperature": 0.7, "seed": 3},
}.items():
    alone = [ask(prompt, **own).result(timeout=300).written for prompt in prompts]
    together = answers([ask(prompt, **own) for prompt in reversed(prompts)])[::-1]
    said[f"{name}: alone as together"] = alone == together

# As on a card: many steps between two looks, steps of few sizes.
engine = engine_of(8)
said["in bursts"] = answers([ask(prompt) for prompt in prompts]) == want
again = [ask(prompt, **own).result(timeout=300).written for prompt in prompts]
said["in bursts, guided and sampled"] = again == alone
print(json.dumps(said))
