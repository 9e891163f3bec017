"""Holds the parts of r4ec's own server that need no model: for engine.test.ts.

Usage: python parts.py CHAT_FOLDER

Prints a JSON object: for each thing that must hold, whether it does.
"""

import json
import sys

import torch

sys.path.insert(0, sys.argv[1])

from light import light, lightly  # noqa: E402

with light():
    from transformers import AutoModelForCausalLM  # noqa: E402, F401

HEAVY = {"torch._dynamo", "sklearn", "scipy", "pandas"}
said = {"importing transformers is light": not HEAVY & set(sys.modules)}

from asked import options_of  # noqa: E402
from sampling import draw, narrow, pick, uniform  # noqa: E402
from steps import PATIENCE, Kind, Recordings, Shape, Sizes  # noqa: E402
from transformers.generation import logits_process as theirs  # noqa: E402
from writing import Refused  # noqa: E402

torch.manual_seed(1)
ROWS, SIZE = 6, 5000
# From one likely token up to nearly equal ones.
scores = torch.randn(ROWS, SIZE) * torch.tensor([9.0, 4.0, 2.0, 1.0, 0.3, 3.0])[:, None]
scores[5, :700] = -torch.inf  # As where a guide bars tokens.


def full(value, kind=torch.float):
    return torch.full((ROWS,), value, dtype=kind)


def right(temperature, top_k, top_p, min_p):
    """The odds as transformers has them."""
    out = theirs.TemperatureLogitsWarper(temperature)(None, scores)
    for warper, value, usual in (
        (theirs.TopKLogitsWarper, top_k, 0),
        (theirs.TopPLogitsWarper, top_p, 1.0),
        (theirs.MinPLogitsWarper, min_p, 0.0),
    ):
        out = out if value == usual else warper(value)(None, out)
    return out.softmax(-1)


settings = [
    *((0.7, 0, 0.9, 0.0), (1.0, 0, 0.95, 0.0), (1.3, 40, 1.0, 0.0), (1.0, 40, 0.8, 0.0)),
    *((1.0, 0, 1.0, 0.02), (1.0, 3000, 0.9, 0.001), (0.5, 9000, 1.0, 0.0), (1.0, 0, 1.0, 0.0)),
]
missed_some, exact = False, True
for temperature, top_k, top_p, min_p in settings:
    want = right(temperature, top_k, top_p, min_p)
    odds = (scores / temperature).softmax(-1)
    asked = (full(top_k, torch.long), full(top_p), full(min_p))
    whole, none_missed = narrow(odds, *asked, None)
    quick, missed = narrow(odds, *asked, 256)
    missed_some |= bool(missed.any()) and not bool(missed.all())
    exact &= not bool(none_missed.any()) and torch.equal(quick[~missed], whole[~missed])
    whole = whole / whole.sum(-1, keepdim=True)
    exact &= torch.equal(whole > 0, want > 0) and torch.allclose(whole, want, atol=1e-6)
said["the odds are those of transformers' warpers"] = exact
said["the likeliest are too few for some rows, and those are told"] = missed_some

# A token's share of all aims is its share of the odds.
odds = torch.tensor([0.0, 0.4, 0.0, 0.1, 0.5, 0.0]).repeat(700)
odds[3000:] = 0
aims = torch.arange(100_000) / 100_000
picked = pick(odds.expand(len(aims), -1), aims)
share = torch.bincount(picked, minlength=len(odds)) / len(aims)
said["tokens are picked by their odds"] = torch.allclose(share, odds / odds.sum(), atol=2e-5)
said["a token without odds is never picked"] = bool((odds[picked] > 0).all())
ends = pick(odds.expand(2, -1), torch.tensor([0.0, 1.0]))  # 1 is more than ever comes.
said["the ends of the odds are kept"] = ends.tolist() == [1, 2998]

# Chi-square of 64 bins over seeds and draws; 63 degrees of freedom, 122 is beyond 1 in 100,000.
for name, (seed, drawn) in {
    "seeds": (torch.arange(64_000), torch.zeros(64_000, dtype=torch.long)),
    "draws": (torch.full((64_000,), 12345), torch.arange(64_000)),
}.items():
    bins = torch.bincount((uniform(seed, drawn) * 64).long(), minlength=64)
    said[f"chance is even over {name}"] = float(((bins - 1000.0) ** 2 / 1000).sum()) < 122

# Draws of one row, 40,000 of them, against the odds: chi-square of the tokens expected ten times.
many = 40_000
chance = {"temperature": torch.full((many,), 0.8), "seed": torch.full((many,), 7)}
chance |= {"top_k": torch.full((many,), 50), "top_p": torch.full((many,), 0.9), "min_p": torch.zeros(many)}
small = scores[3, :300]
tokens, _ = draw(small.expand(many, -1), chance, torch.arange(many), True)
again, _ = draw(small.expand(many, -1), chance, torch.arange(many), True)
scores = small[None]
want = right(0.8, 50, 0.9, 0.0)[0] * many
seen = torch.bincount(tokens, minlength=300).float()
often = want >= 10
chi = float(((seen - want)[often] ** 2 / want[often]).sum())
freedom = int(often.sum()) - 1
said["draws follow the odds"] = freedom > 20 and chi < freedom + 5 * (2 * freedom) ** 0.5
said["nothing else is drawn"] = bool((seen[want == 0] == 0).all())
said["the same seed draws the same"] = torch.equal(tokens, again)

# Which step is taken.
sizes = Sizes(300, 1000, True)
said["sizes are few"] = {sizes.rows(count) for count in range(1, 301)} == {8, 32, 64, 128, 256, 300}
said["columns are rounded up"] = [sizes.reach(each) for each in (1, 256, 257, 990)] == [256, 256, 512, 1000]
state = torch.tensor([5])
recorded = []


def record(step):
    recorded.append(1)
    step()
    return step


recordings = Recordings(record, [state])
kind = Kind(False, False, False, False, None)
other = Kind(True, False, False, False, None)
large, small, taller = Shape(256, 512), Shape(8, 256), Shape(8, 768)


def take(kind, shape):
    shape = recordings.shape_for(kind, shape)
    recordings.step_for(kind, shape, lambda: state.add_(1))()
    return shape


said["the first is recorded"] = take(kind, large) == large and len(recorded) == 1
said["to record changes nothing"] = state.item() == 6
said["a larger one serves"] = [take(kind, small) for _ in range(PATIENCE)] == [large] * PATIENCE
said["one that is too short does not"] = take(kind, taller) == taller
said["nor does one of another kind"] = take(other, small) == small
said["in the end a smaller one is recorded"] = take(kind, small) == small and len(recorded) == 4


def fails(step):
    step()
    raise RuntimeError("operation not permitted when stream is capturing")


recordings = Recordings(fails, [state])
before = state.item()
take(kind, small)
take(kind, small)
said["where none can be recorded, steps are done"] = state.item() == before + 2


def refused(**body):
    try:
        options_of({"messages": [], **body}, [1], 1.1)
        return ""
    except Refused as error:
        return str(error)


said["fields are checked"] = [
    refused(top_k=-1, top_p=None, n=1, stream=False, user="me", stop=None, max_completion_tokens=5),
    *(refused(top_p=1.5), refused(top_k=1.5), refused(seed="x"), refused(temperature=-1)),
    refused(stop=["."])[:21],
] == [
    "",
    "top_p must be a number from 0 to 1",
    "top_k must be a whole number of at least -1",
    "seed must be a whole number",
    "temperature must be a number of at least 0",
    "stop is not supported",
]
# A part of TorchDynamo that is not there in a light start, and whatever is asked for after one.
part = lightly(lambda: __import__("torch._dynamo.config", fromlist=["cache_size_limit"]))
said["what is missing in a light start is fetched"] = hasattr(part, "cache_size_limit")
compiled = torch.compile(lambda value: value + 1, backend="eager")(torch.ones(1))
said["what was left out is there afterwards"] = compiled.item() == 2 and hasattr(
    sys.modules["torch._dynamo"], "__file__"
)
print(json.dumps(said))
