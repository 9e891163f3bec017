"""How r4ec's own server starts: its model, loaded into an engine; for serve.py.

Nothing heavy is imported before `ahead` has begun what can go on meanwhile.
"""

import ctypes
import os
import threading
from pathlib import Path


def ahead(model):
    """Begins, while Python imports: the card's context, and reading the weights from the disk."""
    threading.Thread(target=wake_card, daemon=True).start()
    for file in Path(model).glob("*.safetensors"):
        if hasattr(os, "posix_fadvise"):
            opened = os.open(file, os.O_RDONLY)
            os.posix_fadvise(opened, 0, 0, os.POSIX_FADV_WILLNEED)
            os.close(opened)


def wake_card():
    """Makes the first card's context, which torch finds then. It takes a second, without Python's lock."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return
    context = ctypes.c_void_p()
    if driver.cuInit(0) == 0:
        driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), 0)


def load_engine(arguments):
    """The engine of what the command names; see serve.py."""
    import torch

    from light import lightly

    card = torch.cuda.is_available()
    # Its attention plans anew for every size, which a recorded step cannot.
    torch.backends.cuda.enable_cudnn_sdp(False)

    def load():
        from transformers import AutoModelForCausalLM, AutoTokenizer

        from engine import Engine
        from steps import CudaGraphs

        of = {} if arguments.revision is None else {"revision": arguments.revision}
        try:
            given = AutoTokenizer.from_pretrained(arguments.adapter) if arguments.adapter else None
        except (OSError, ValueError):
            given = None
        tokenizer = given or AutoTokenizer.from_pretrained(arguments.model, **of)
        kind = torch.bfloat16 if card else torch.float32
        model = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=kind, **of)
        return Engine, CudaGraphs, model.to("cuda" if card else "cpu").eval(), tokenizer

    Engine, CudaGraphs, model, tokenizer = lightly(load)
    own = getattr(model.config.get_text_config(), "max_position_embeddings", None) or 4096
    options = {
        "batch": arguments.batch or (256 if card else 8),
        "repetition_penalty": arguments.repetition_penalty,
        "max_context": arguments.max_context or own,
        "memory": arguments.memory,
        "burst": 8 if card else 1,
        "recorder": CudaGraphs if card else None,
        "warm": card,
    }
    return Engine(model, tokenizer, options)
