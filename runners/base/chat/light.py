"""A quick start: transformers without what it imports and this server never uses; for serve.py.

Half of the time that transformers takes to import goes into scikit-learn, SciPy and pandas (for
losses, and for a kind of generation) and into TorchDynamo (for torch.compile). While `light` is open
the first three look as if they were not installed, and functions are not marked for torch.compile.
Afterwards whoever asks for them gets them. Where transformers asks TorchDynamo for more than is
known here it gets that too, and starts as slowly as it would without this.
"""

import contextlib
import importlib
import sys
import types

import torch

ABSENT = ("sklearn", "scipy", "pandas")
DYNAMO = "torch._dynamo"
# What transformers' masks import of it; used in masks that are made by vmap alone.
PART, WANTED = f"{DYNAMO}._trace_wrapped_higher_order_op", "TransformGetItemToIndex"
# What marks functions for torch.compile.
MARKS = ("disable", "allow_in_graph")


def mark(fn=None, *_, **__):
    return (lambda each: each) if fn is None else fn


@contextlib.contextmanager
def light():
    """Imports within are light."""
    placed = {name: None for name in ABSENT if name not in sys.modules}
    stands_in = {}
    if DYNAMO not in sys.modules:
        for name in (DYNAMO, PART):
            stands_in[name] = types.ModuleType(name)
        stands_in[DYNAMO].__path__ = []
        stands_in[DYNAMO].__getattr__ = lambda name: getattr(the_real(), name)
        for name in MARKS:
            setattr(stands_in[DYNAMO], name, mark)
        setattr(stands_in[PART], WANTED, contextlib.nullcontext)

    def leave():
        for name, module in stands_in.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
        if vars(torch).get("_dynamo") is stands_in.get(DYNAMO, placed):
            del torch._dynamo

    def the_real():
        leave()
        return importlib.import_module(DYNAMO)

    sys.modules.update({**placed, **stands_in})
    try:
        yield
    finally:
        leave()
        for name in placed:
            if name in sys.modules and sys.modules[name] is None:
                del sys.modules[name]


def lightly(act):
    """What `act` gives, whose imports are light; where it lacks something then, it acts once more without that."""
    try:
        with light():
            return act()
    except ImportError:
        return act()
