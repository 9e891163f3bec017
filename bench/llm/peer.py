"""The tokens a second of transformers' own continuous batching for the prompts of measure.py; for index.ts.

Usage: python peer.py --model FOLDER [--prompts 200] [--max-tokens 90]

No guides and no penalty, which it does not know; answers end at their own end or at --max-tokens. The
cache has room for all prompts. Prints a JSON object a line, as measure.py does.
"""

import argparse
import json
import time

import torch
from measure import prompts
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig
from transformers.generation.configuration_utils import ContinuousBatchingConfig


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--max-tokens", type=int, default=90)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    kind = torch.bfloat16 if device == "cuda" else torch.float32
    model = AutoModelForCausalLM.from_pretrained(
        arguments.model, dtype=kind, attn_implementation="sdpa"
    ).to(device)
    settings = GenerationConfig(
        max_new_tokens=arguments.max_tokens,
        do_sample=False,
        eos_token_id=model.generation_config.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    for number in range(arguments.rounds):
        asked = [
            tokenizer.apply_chat_template(
                [{"role": "user", "content": text}], add_generation_prompt=True, return_dict=True
            )["input_ids"]
            for text, _ in prompts(arguments.prompts, number)
        ]
        longest = max(map(len, asked)) + arguments.max_tokens
        blocks = arguments.prompts * (longest // 32 + 2)
        begin = time.perf_counter()
        answers = model.generate_batch(
            inputs=asked,
            generation_config=settings,
            continuous_batching_config=ContinuousBatchingConfig(
                block_size=32, num_blocks=blocks, max_batch_tokens=4096 if device == "cuda" else 512
            ),
            progress_bar=False,
            warmup=False,
        )
        seconds = time.perf_counter() - begin
        written = sum(len(answer.generated_tokens) for answer in answers.values())
        said = {
            **{"way": "transformers' generate_batch, greedy", "round": number + 1},
            **{"prompts": len(answers), "concurrency": len(answers), "seconds": round(seconds, 2)},
            **{"tokens_read": sum(map(len, asked)), "tokens_written": written},
            "written_a_second": round(written / seconds, 1),
        }
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
