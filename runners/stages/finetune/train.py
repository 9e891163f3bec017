"""LLaMA-Factory's training, which can be asked to stop: it then saves a checkpoint and ends.

Usage: python train.py CONFIG.yaml STARTED STOP

CONFIG is LLaMA-Factory's (written as JSON). The file STARTED is made when the first step begins:
before it there is nothing to save. Once a file STOP is there, training ends after the step that runs,
with a checkpoint of it. Under torchrun every process runs this program; all stop after the same step.
"""

import sys
from pathlib import Path

import torch
import torch.distributed as dist
from llamafactory.train.tuner import run_exp
from transformers import TrainerCallback


class StopOnRequest(TrainerCallback):
    """Ends training, with a checkpoint, after the step in which the stop file is seen."""

    def __init__(self, started, stop):
        self.started = started
        self.stop = stop
        self.stopping = False

    def on_train_begin(self, args, state, control, **kwargs):
        self.started.touch()

    def on_step_end(self, args, state, control, **kwargs):
        if self.seen_by_any(args.device):
            self.stopping = True
            control.should_save = True
            control.should_training_stop = True
        return control

    def seen_by_any(self, device):
        """Whether a process has seen the file: all must stop after the same step, or they wait for ever."""
        seen = self.stop.exists()
        if not (dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1):
            return seen
        flag = torch.tensor(int(seen), device=device)
        dist.all_reduce(flag, op=dist.ReduceOp.MAX)
        return bool(flag.item())

    def on_train_end(self, args, state, control, **kwargs):
        if not self.stopping:
            return
        if dist.is_available() and dist.is_initialized():
            # A process writes its own part of the checkpoint without waiting for the others.
            dist.barrier()
            dist.destroy_process_group()
        # What follows would write half-trained weights as if they were the result.
        sys.exit(0)


def main(config, started, stop):
    # LLaMA-Factory reads its configuration from the command line.
    sys.argv[1:] = [config]
    run_exp(callbacks=[StopOnRequest(Path(started), Path(stop))])


if __name__ == "__main__":
    main(*sys.argv[1:4])
