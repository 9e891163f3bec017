"""LLaMA-Factory's batch prediction, whose answers are written down as each batch comes off the model.

Usage: python predict.py CONFIG.yaml PROMPTS.jsonl ANSWERS_FOLDER

CONFIG is LLaMA-Factory's (written as JSON), with PROMPTS as its one data set; each line of PROMPTS
carries a `key`. Under torchrun every process runs this program. Each appends lines {"key", "text",
"read", "written"}, the last two in tokens, to a file of its own in ANSWERS_FOLDER, batch by batch. LLaMA-Factory itself keeps all answers until
the end, compares them with the samples' outputs and writes them in the order in which they were
sampled; all that is left out.
"""

import json
import sys
from pathlib import Path

import torch
from llamafactory.train.sft import workflow
from llamafactory.train.tuner import run_exp

PLACE = "r4ec_place"


class PlacedCollator:
    """A data collator that lets each sample's place in the data set through to the batch."""

    def __init__(self, collator):
        self.collator = collator

    def __call__(self, samples):
        places = [sample.pop(PLACE) for sample in samples]
        batch = self.collator(samples)
        batch[PLACE] = torch.tensor(places)
        return batch


def without_padding(tokens, pad):
    """Tokens without the padding before and after them."""
    kept = [place for place, token in enumerate(tokens) if token != pad]
    return tokens[kept[0] : kept[-1] + 1] if kept else []


def writing_down(trainer_class, keys, folder, skip_special_tokens):
    """LLaMA-Factory's trainer, with predictions that go to a file of this process."""

    class WritingTrainer(trainer_class):
        def predict(self, test_dataset, *args, **kwargs):
            if len(test_dataset) != len(keys):
                made = f"{len(test_dataset)} samples of {len(keys)} prompts"
                raise ValueError(f"LLaMA-Factory made {made}: which are missing is not known")
            self.data_collator = PlacedCollator(self.data_collator)
            name = f"{self.args.process_index}.jsonl"
            with open(folder / name, "a", encoding="ascii") as self.answers:
                places = list(range(len(keys)))
                return super().predict(test_dataset.add_column(PLACE, places), *args, **kwargs)

        def prediction_step(self, model, inputs, *args, **kwargs):
            places = inputs.pop(PLACE)
            read = inputs["attention_mask"].sum(dim=1).tolist()
            _, tokens, _ = super().prediction_step(model, inputs, *args, **kwargs)
            self.write_down(places.tolist(), tokens.tolist(), read)
            # What is returned would be gathered from all processes and kept to the end.
            return None, None, None

        def write_down(self, places, rows, read):
            if len(places) != len(rows):
                raise ValueError(f"{len(rows)} answers to {len(places)} prompts")
            pad = self.processing_class.pad_token_id
            for place, row, prompt in list(zip(places, rows, read))[: self.own_rows(len(rows))]:
                answer = without_padding(row, pad)
                text = self.processing_class.decode(
                    answer, skip_special_tokens=skip_special_tokens
                )
                told = {"key": keys[place], "text": text, "read": prompt, "written": len(answer)}
                self.answers.write(json.dumps(told) + "\n")
            self.answers.flush()

        def own_rows(self, rows):
            """How many rows of a batch count: several processes fill up their last with the first samples."""
            state = self.accelerator.gradient_state
            if not state.end_of_dataloader or state.remainder <= 0:
                return rows
            return min(rows, max(0, state.remainder - self.args.process_index * rows))

        def save_predictions(self, *args, **kwargs):
            """They are written down."""

    return WritingTrainer


def main(config, prompts, folder):
    with open(prompts, encoding="utf-8") as lines:
        keys = [json.loads(line)["key"] for line in lines]
    skip_special_tokens = json.loads(config.read_text()).get("skip_special_tokens", True)
    workflow.CustomSeq2SeqTrainer = writing_down(
        workflow.CustomSeq2SeqTrainer, keys, folder, skip_special_tokens
    )
    # LLaMA-Factory reads its configuration from the command line.
    sys.argv[1:] = [str(config)]
    run_exp()


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
