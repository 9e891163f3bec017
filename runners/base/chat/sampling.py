"""How a token is drawn by its odds; for slots.py and engine.py.

Nothing here waits for the card, and nothing is sorted where it can be helped: of a vocabulary of
50,000 the likeliest thousand say nearly always where top_p ends. Where they do not, `narrow` says
so, and its caller draws once more with all of them.
"""

import torch

LIKELIEST = 1024  # So many tokens are looked at for top_k and top_p.
WIDTH = 256  # Tokens that are summed up as one in `pick`.

# Fields of a request that say how chance decides, with the values at which they change nothing.
KINDS = {
    **{"temperature": (torch.float, 0.0), "seed": (torch.long, 0)},
    **{"top_k": (torch.long, 0), "top_p": (torch.float, 1.0), "min_p": (torch.float, 0.0)},
}


def narrows(options):
    """Whether a request's fields leave tokens out."""
    return any(options[name] != KINDS[name][1] for name in ("top_k", "top_p", "min_p"))


def draw(scores, chance, drawn, narrowed, most=LIKELIEST):
    """A token a row by its odds, decided by the row's seed and by how many were drawn before; and
    the rows [n] for which `most` were too few (None: all tokens are sorted, so there are none).

    chance: a tensor [n] for each name in KINDS; narrowed: whether any row leaves tokens out.
    """
    odds = torch.softmax(scores / chance["temperature"].clamp(min=1e-6)[:, None], -1)
    missed = torch.zeros_like(drawn, dtype=torch.bool)
    if narrowed:
        odds, missed = narrow(odds, chance["top_k"], chance["top_p"], chance["min_p"], most)
    return pick(odds, uniform(chance["seed"], drawn)), missed


def draw_surely(scores, chance, drawn, narrowed):
    """As `draw`, for a caller that may wait for the card: `most` is never too few."""
    tokens, missed = draw(scores, chance, drawn, narrowed)
    if narrowed and bool(missed.any()):
        tokens, _ = draw(scores, chance, drawn, narrowed, None)
    return tokens


def narrow(odds, top_k, top_p, min_p, most=LIKELIEST):
    """Odds [n, vocabulary] without those that top_k (0: all), top_p (1: all) and min_p (0: all) leave
    out, in this order; and the rows whose end lies beyond the `most` likeliest.

    A token as likely as the last one that stays, stays too.
    """
    size = odds.shape[-1]
    count = size if most is None else min(most, size)
    high = odds.topk(count).values if count < size else odds.sort(descending=True).values
    places = torch.arange(count, device=odds.device)
    within = (places < top_k[:, None]) | (top_k == 0)[:, None]
    some = (top_k > 0) & (top_k < size)
    # What the share of top_p is a share of. Beyond `count` it is not known, and such rows are missed.
    total = torch.where(some, (high * within).sum(-1), 1.0)
    before = high.cumsum(-1) - high
    kept = within & ((before < (top_p * total)[:, None]) | (top_p >= 1)[:, None])
    last = (kept.sum(-1) - 1).clamp(min=0)
    least = high.gather(-1, last[:, None])[:, 0]
    least = torch.where(some | (top_p < 1), least, 0.0)
    missed = torch.zeros_like(some)
    if count < size:
        ends = before[:, -1] + high[:, -1] >= top_p
        missed = torch.where(some, top_k > count, (top_p < 1) & ~ends)
    least = torch.maximum(least, min_p * high[:, 0])
    return torch.where(odds >= least[:, None], odds, 0.0), missed


def pick(odds, aim):
    """A token a row: the one at which the sum of the odds passes `aim` [n], a share of their sum.

    Sums of 256 tokens first, then the tokens within one of them: less to add up one after another,
    and less lost to rounding. A token without odds is never picked.
    """
    rows, size = odds.shape
    if size % WIDTH:
        odds = torch.nn.functional.pad(odds, (0, -size % WIDTH))
    odds = odds.view(rows, -1, WIDTH)
    parts = odds.sum(-1)
    sums = parts.cumsum(-1)
    aim = aim * sums[:, -1]
    part = passes(parts, sums, aim)
    before = sums.gather(-1, part[:, None])[:, 0] - parts.gather(-1, part[:, None])[:, 0]
    within = odds.gather(1, part[:, None, None].expand(-1, 1, WIDTH))[:, 0]
    return part * WIDTH + passes(within, within.cumsum(-1), aim - before)


def passes(odds, sums, aim):
    """The first place that has odds and at which the sum is above the aim; else the last with odds."""
    places = torch.arange(odds.shape[-1], device=odds.device)
    beyond = odds.shape[-1]
    first = torch.where((odds > 0) & (sums > aim[:, None]), places, beyond).amin(-1)
    last = torch.where(odds > 0, places, 0).amax(-1)
    return torch.minimum(first, last)


def uniform(seed, drawn):
    """Numbers in [0, 1) out of two whole ones (the finaliser of MurmurHash3, Appleby 2011)."""
    mixed = (seed * 0x9E3779B1 + drawn * 0x85EBCA77 + 0x27D4EB2F) & 0xFFFFFFFF
    for factor, shift in ((0x85EBCA6B, 16), (0xC2B2AE35, 13)):
        mixed = ((mixed ^ (mixed >> shift)) * factor) & 0xFFFFFFFF
    mixed = mixed ^ (mixed >> 16)
    return (mixed >> 8).float() / 2**24
