"""Which recorded step lengthens which answers; for slots.py.

On a card a step is recorded as a CUDA graph: a small model spends more time on starting its
thousand kernels than on computing them. A recording serves one number of rows and one number of
columns, so both are rounded up, and a larger recording serves for a while before a smaller one is
made: to record takes as long as some dozens of steps.
"""

import sys
from dataclasses import dataclass

import torch

ROWS = [8, 32, 64, 128, 256, 384, 512, 768, 1024]
WIDE_GRAIN, FINE_GRAIN = 256, 32  # Columns are rounded up to these: with few sizes of steps, and else.
PATIENCE = 4  # So often is a larger recording taken before a smaller one is made.


@dataclass(frozen=True)
class Kind:
    """What a step does beside reading: each kind is recorded for itself."""

    sampled: bool  # Chance decides in some rows.
    narrowed: bool  # Some rows leave tokens out (top_k, top_p, min_p).
    whole: bool  # All tokens are looked at for that, not the likeliest alone.
    penalised: bool
    adapter: str | None


@dataclass(frozen=True)
class Shape:
    """rows: so many from the first on are computed; reach: they look at columns below it."""

    rows: int
    reach: int

    def holds(self, other):
        return self.rows >= other.rows and self.reach >= other.reach


class Sizes:
    """What sizes steps over some slots have."""

    def __init__(self, slots, columns, few):
        """few: whether steps are to have few different sizes, as recordings want them."""
        self.slots, self.columns, self.few = slots, columns, few

    def rows(self, count):
        """How many rows a step over so many answers has."""
        if not self.few:
            return count
        return min(self.slots, next((each for each in ROWS if each >= count), count))

    def reach(self, columns):
        grain = WIDE_GRAIN if self.few else FINE_GRAIN
        return min(self.columns, -(-columns // grain) * grain)

    def shape(self, count, columns):
        return Shape(self.rows(count), self.reach(columns))


class Recordings:
    """The recordings of one set of slots. `record` makes one of a step: a function that replays it."""

    def __init__(self, record, state):
        """record: None where steps are not recorded; state: the tensors that a step changes."""
        self.record, self.state = record, state
        self.made = {}  # By kind and shape.
        self.wanted = {}  # How often a shape was wanted that a larger recording served.

    def shape_for(self, kind, shape):
        """The shape to compute in: the wanted one, or a larger one that is recorded."""
        if self.record is None or (kind, shape) in self.made:
            return shape
        larger = [made for of, made in self.made if of == kind and made.holds(shape)]
        times = self.wanted[kind, shape] = self.wanted.get((kind, shape), 0) + 1
        if not larger or times > PATIENCE:
            return shape
        return min(larger, key=lambda made: made.rows * made.reach)

    def step_for(self, kind, shape, step):
        """A function that does the step: its recording, which is made when it is first wanted."""
        if self.record is None:
            return step
        if (kind, shape) not in self.made:
            held = [each.clone() for each in self.state]
            try:
                self.made[kind, shape] = self.record(step)
            except RuntimeError as error:  # Some models wait for the card within a step.
                print(f"steps are not recorded as CUDA graphs: {error}", file=sys.stderr)
                self.record = None
            # To record, steps were done that are none of the answers'.
            for each, value in zip(self.state, held):
                each.copy_(value)
        return self.made.get((kind, shape), step)


class CudaGraphs:
    """Records steps as CUDA graphs, which share their memory."""

    def __init__(self):
        self.pool = None

    def __call__(self, step):
        # The warm-up that recording asks for.
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            step()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self.pool):
            step()
        self.pool = self.pool or graph.pool()
        return graph.replay
