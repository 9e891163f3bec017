"""Answers that grow side by side, and the step that lengthens all of them by a token; for engine.py.

An answer has a slot: a row of the cache (columns.py) and of everything that a step reads and
changes. All of that lies on the card, and rows of all lengths share a step.
"""

import sys

import torch

from columns import Columns
from sampling import KINDS as CHANCE
from sampling import LIKELIEST, draw, narrows
from steps import Kind, Recordings, Sizes

ATTENTION = {"full_attention", "sliding_attention"}
WHOLE_FOR = 16  # So many bursts look at all tokens after one for which the likeliest were too few.


class Slots:
    """Slots of one length for one model, and the steps over them."""

    def __init__(self, model, slots, columns, vocabulary, few, record=None, likeliest=LIKELIEST):
        """vocabulary: how many tokens have scores; few: whether steps have few different sizes;
        record: what records steps (steps.py); likeliest: so many tokens are looked at for top_p."""
        if model.config._attn_implementation == "sdpa":
            model.set_attn_implementation("r4ec_grouped")
        self.model, self.count, self.columns = model, slots, columns
        self.sizes = Sizes(slots, columns, few)
        config = model.config.get_text_config()
        kinds = set(getattr(config, "layer_types", None) or [])
        self.window = getattr(config, "sliding_window", None)
        self.last = min(columns, getattr(config, "max_position_embeddings", None) or columns) - 1
        if not kinds:
            kinds = {"full_attention" if self.window is None else "sliding_attention"}
        if kinds - ATTENTION:
            unknown = sorted(kinds - ATTENTION)
            raise SystemExit(f"ValueError: r4ec's own server runs no model with {unknown}")
        self.kinds = kinds
        self.cache = Columns(model, slots, columns)
        device = model.device
        self.all_rows = torch.arange(slots, device=device)
        self.all_columns = torch.arange(columns + 1, device=device)
        each = lambda value, kind=torch.long: torch.full((slots,), value, dtype=kind, device=device)  # noqa: E731
        self.tokens, self.positions, self.active, self.drawn = each(0), each(columns), each(0), each(0)
        self.penalty = each(1.0, torch.float)
        self.chance = {name: each(value, kind) for name, (kind, value) in CHANCE.items()}
        self.seen = torch.zeros(slots, vocabulary, dtype=torch.bool, device=device)
        self.missed = each(False, torch.bool)  # Rows for which the likeliest tokens were too few.
        self.likeliest, self.whole_for = likeliest, 0
        state = [self.tokens, self.positions, self.drawn, self.seen, self.missed]
        self.state = state
        self.recordings = Recordings(record, state)

    def masks(self, positions, reach):
        """What queries at `positions` [n, width] look at, as the model takes it."""
        columns = self.all_columns[:reach]
        before = columns <= positions[:, None, :, None]
        made = {"full_attention": before}
        if "sliding_attention" in self.kinds:
            near = columns > positions[:, None, :, None] - self.window
            made["sliding_attention"] = before & near
        # As numbers to be added: else every layer would make them.
        made = {
            kind: torch.zeros_like(seen, dtype=self.model.dtype).masked_fill_(~seen, -torch.inf)
            for kind, seen in made.items()
        }
        return made if len(self.kinds) > 1 else made[next(iter(self.kinds))]

    def forward(self, rows, tokens, positions, reach, in_order=False):
        """Scores after the last of the tokens [n, width] of some rows."""
        self.cache.place(rows, positions, reach, in_order)
        out = self.model(
            input_ids=tokens,
            attention_mask=self.masks(positions, reach),
            # The last column is no place in a text.
            position_ids=positions.clamp(max=self.last),
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return out.logits[:, -1].float()

    def read(self, rows, texts, begins):
        """Reads texts, each into a row from a column on; gives the scores after each [n, vocabulary]."""
        device = self.model.device
        width = max(map(len, texts))
        tokens = torch.zeros(len(rows), width, dtype=torch.long)
        positions = torch.full((len(rows), width), self.columns, dtype=torch.long)
        for place, (text, begin) in enumerate(zip(texts, begins)):
            tokens[place, width - len(text) :] = torch.tensor(text)
            positions[place, width - len(text) :] = torch.arange(begin, begin + len(text))
        reach = self.sizes.reach(max(begin + len(text) for text, begin in zip(texts, begins)))
        return self.forward(
            torch.tensor(rows, device=device), tokens.to(device), positions.to(device), reach
        )

    def start(self, row, token, position, options):
        """An answer begins in a row: its first token stands at a position, and is read by the next step."""
        self.tokens[row], self.positions[row], self.active[row] = token, position, 1
        for name, values in self.chance.items():
            values[row] = options[name]
        self.penalty[row] = options["repetition_penalty"]
        self.drawn[row] = options["drawn"]
        self.seen[row] = False
        self.seen[row, token] = True

    def stop(self, row):
        self.active[row], self.positions[row] = 0, self.columns

    def move(self, source, target):
        """Moves an answer to another row."""
        self.cache.move(source, target)
        for values in (*self.state, self.active, self.penalty, *self.chance.values()):
            values[target] = values[source].clone()
        self.stop(source)

    def write(self, count, steps, furthest, options, adapter):
        """Lengthens the answers of rows 0 to count - 1 by `steps` tokens: [steps, count] on the host.

        options: those of the answers' requests.
        """
        sampled = any(each["temperature"] > 0 for each in options)
        narrowed = any(each["temperature"] > 0 and narrows(each) for each in options)
        penalised = any(each["repetition_penalty"] != 1 for each in options)
        kind = lambda whole: Kind(sampled, narrowed, whole, penalised, adapter)  # noqa: E731
        wanted = self.sizes.shape(count, furthest + steps)
        if not narrowed:
            return self.burst(kind(False), wanted, steps, count)[0]
        if self.whole_for == 0:
            held = [each.clone() for each in self.state]
            tokens, missed = self.burst(kind(False), wanted, steps, count)
            if not missed:
                return tokens
            # What was written is taken back; the cache's columns are written once more.
            for each, value in zip(self.state, held):
                each.copy_(value)
            self.whole_for = WHOLE_FOR
        self.whole_for -= 1
        return self.burst(kind(True), wanted, steps, count)[0]

    def burst(self, kind, wanted, steps, count):
        """Some steps, and one look at what they wrote: the tokens, and whether any row was missed."""
        shape = self.recordings.shape_for(kind, wanted)
        step = self.recordings.step_for(kind, shape, lambda: self.step(kind, shape))
        out = torch.empty(steps + 1, shape.rows, dtype=torch.long, device=self.model.device)
        for place in range(steps):
            step()
            out[place] = self.tokens[: shape.rows]
        out[steps] = self.missed[: shape.rows]
        *tokens, missed = out[:, :count].tolist()
        return tokens, any(missed)

    def step(self, kind, shape):
        rows = slice(shape.rows)
        positions = self.positions[rows, None]
        scores = self.forward(
            self.all_rows[rows], self.tokens[rows, None], positions, shape.reach, True
        )
        if kind.penalised:
            factor = self.penalty[rows, None]
            scores = torch.where(
                self.seen[rows], torch.where(scores > 0, scores / factor, scores * factor), scores
            )
        token = self.choose(scores, rows, kind)
        self.tokens[rows] = token
        self.positions[rows] += self.active[rows]
        self.drawn[rows] += 1
        if kind.penalised:
            self.seen[rows].scatter_(1, token[:, None], True)

    def choose(self, scores, rows, kind):
        """A token a row: the likeliest, or, above temperature 0, one by its odds."""
        best = scores.argmax(-1)
        if not kind.sampled:
            return best
        chance = {name: values[rows] for name, values in self.chance.items()}
        most = None if kind.whole else self.likeliest
        tokens, missed = draw(scores, chance, self.drawn[rows], kind.narrowed, most)
        drawing = chance["temperature"] > 0
        if kind.narrowed and not kind.whole:
            self.missed[rows] |= missed & drawing & (self.active[rows] > 0)
        return torch.where(drawing, tokens, best)


def warm_up(model, vocabulary):
    """Reads and writes a few tokens of nobody's: a card loads its programs when they are first used."""
    try:
        slots = Slots(model, 8, 256, vocabulary, True)
        slots.read([0], [[0] * 64], [0])
        options = {name: value for name, (_, value) in CHANCE.items()}
        options |= {"temperature": 1.0, "top_p": 0.9, "repetition_penalty": 1.1, "drawn": 0}
        slots.start(0, 0, 64, options)
        slots.write(1, 1, 65, [options], None)
    except Exception as error:  # The first request will say what is wrong.
        print(f"the first step failed: {error}", file=sys.stderr)
