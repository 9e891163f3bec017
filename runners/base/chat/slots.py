"""The model's memory of what it has read (keys and values), a slot for each answer that grows, and the
step that lengthens all of them by a token; for engine.py.

A slot is a row of one cache a layer, a column for each token. Which columns a query may look at
follows from the position of its token alone, so rows of all lengths share a step. What does not
count (the padding of short prompts, rows without an answer) is written to a last column that
nothing looks at. On a card a step is recorded once for each size as a CUDA graph: a small model
spends more time on starting its thousand kernels than on computing them.
"""

import sys

import torch
from transformers import AttentionInterface, Cache
from transformers.integrations.sdpa_attention import sdpa_attention_forward

KINDS = {"full_attention", "sliding_attention"}
SIZES = [8, 32, 64, 128, 256, 384, 512, 768, 1024]
FREE_SHARE = 0.7  # Of the memory that is free; the rest is for what a step computes.


def grouped_attention(module, query, key, value, attention_mask, scaling=None, **options):
    """Attention of single tokens whose heads share keys and values, as rows of one product: the keys
    are read once, where the usual way first copies them for every head."""
    rows, heads, width, size = query.shape
    if width > 1 or heads == key.shape[1]:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **options
        )
    together = query.reshape(rows, key.shape[1], heads // key.shape[1], size)
    out = torch.nn.functional.scaled_dot_product_attention(
        together, key, value, attn_mask=attention_mask, scale=scaling
    )
    return out.reshape(rows, 1, heads, size), None


AttentionInterface.register("r4ec_grouped", grouped_attention)


class Columns(Cache):
    """Keys and values of all slots. `place` says which rows and columns the next forward writes."""

    def __init__(self, model, slots, columns):
        super().__init__(layers=[])
        config = model.config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        shape = (slots, heads, columns + 1, size)
        make = lambda: torch.zeros(shape, dtype=model.dtype, device=model.device)  # noqa: E731
        self.stored = [(make(), make()) for _ in range(config.num_hidden_layers)]
        self.rows = self.positions = None
        self.reach = 0
        self.in_order = False

    def place(self, rows, positions, reach, in_order):
        """rows [n], positions [n, width]; queries look at columns below `reach`; in_order: rows are 0..n-1."""
        self.rows, self.positions, self.reach, self.in_order = rows, positions, reach, in_order

    def update(self, key_states, value_states, layer_idx, *args, **kwargs):
        read = []
        for stored, new in zip(self.stored[layer_idx], (key_states, value_states)):
            stored[self.rows[:, None], :, self.positions] = new.transpose(1, 2)
            rows = slice(len(self.rows)) if self.in_order else self.rows
            read.append(stored[rows, :, : self.reach])
        return tuple(read)

    def move(self, source, target):
        for pair in self.stored:
            for stored in pair:
                stored[target] = stored[source]


def bytes_a_column(model):
    config = model.config.get_text_config()
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return 2 * config.num_hidden_layers * heads * size * model.dtype.itemsize


class Slots:
    """Slots of one length for one model, and the steps over them."""

    def __init__(self, model, slots, columns, vocabulary, pads):
        """vocabulary: how many tokens have scores; pads: whether steps have few different sizes."""
        self.pads = pads
        if model.config._attn_implementation == "sdpa":
            model.set_attn_implementation("r4ec_grouped")
        self.model, self.count, self.columns = model, slots, columns
        self.cuda = model.device.type == "cuda"
        config = model.config.get_text_config()
        kinds = set(getattr(config, "layer_types", None) or [])
        self.window = getattr(config, "sliding_window", None)
        self.last = min(columns, getattr(config, "max_position_embeddings", None) or columns) - 1
        if not kinds:
            kinds = {"full_attention" if self.window is None else "sliding_attention"}
        if kinds - KINDS:
            raise SystemExit(f"ValueError: r4ec's own server runs no model with {sorted(kinds - KINDS)}")
        self.kinds = kinds
        self.cache = Columns(model, slots, columns)
        device = model.device
        self.all_rows = torch.arange(slots, device=device)
        self.all_columns = torch.arange(columns + 1, device=device)
        long = lambda value: torch.full((slots,), value, dtype=torch.long, device=device)  # noqa: E731
        real = lambda value: torch.full((slots,), value, dtype=torch.float, device=device)  # noqa: E731
        self.tokens, self.positions = long(0), long(columns)
        self.active, self.drawn, self.seed = long(0), long(0), long(0)
        self.temperature, self.top_p, self.penalty = real(0.0), real(1.0), real(1.0)
        self.seen = torch.zeros(slots, vocabulary, dtype=torch.bool, device=device)
        self.graphs = {}
        self.records = self.cuda
        self.pool = None

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
        reach = self.reach(max(begin + len(text) for text, begin in zip(texts, begins)))
        return self.forward(
            torch.tensor(rows, device=device), tokens.to(device), positions.to(device), reach
        )

    def reach(self, columns):
        grain = 256 if self.pads else 32
        return min(self.columns, -(-columns // grain) * grain)

    def start(self, row, token, position, options):
        """An answer begins in a row: its first token stands at a position, and is read by the next step."""
        self.tokens[row], self.positions[row], self.active[row] = token, position, 1
        self.temperature[row] = options["temperature"]
        self.top_p[row] = options["top_p"]
        self.penalty[row] = options["repetition_penalty"]
        self.seed[row] = options["seed"]
        self.drawn[row] = options["drawn"]
        self.seen[row] = False
        self.seen[row, token] = True

    def stop(self, row):
        self.active[row], self.positions[row] = 0, self.columns

    def move(self, source, target):
        """Moves an answer to another row."""
        self.cache.move(source, target)
        for values in (
            *(self.tokens, self.positions, self.active, self.drawn, self.seed),
            *(self.temperature, self.top_p, self.penalty, self.seen),
        ):
            values[target] = values[source].clone()
        self.stop(source)

    def write(self, count, steps, furthest, sampled, penalised, adapter):
        """Lengthens the answers of rows 0 to count - 1 by `steps` tokens: [steps, count] on the host."""
        rows = self.size_for(count)
        reach = self.reach(furthest + steps)
        out = torch.empty(steps, rows, dtype=torch.long, device=self.model.device)
        step = lambda: self.step(rows, reach, sampled, penalised)  # noqa: E731
        if self.records:
            step = self.recorded((rows, reach, sampled, penalised, adapter), step)
        for place in range(steps):
            step()
            out[place] = self.tokens[:rows]
        return out[:, :count].tolist()

    def step(self, rows, reach, sampled, penalised):
        positions = self.positions[:rows, None]
        scores = self.forward(self.all_rows[:rows], self.tokens[:rows, None], positions, reach, True)
        if penalised:
            factor = self.penalty[:rows, None]
            scores = torch.where(
                self.seen[:rows], torch.where(scores > 0, scores / factor, scores * factor), scores
            )
        token = self.choose(scores, self.all_rows[:rows], sampled)
        self.tokens[:rows] = token
        self.positions[:rows] += self.active[:rows]
        self.drawn[:rows] += 1
        if penalised:
            self.seen[:rows].scatter_(1, token[:, None], True)

    def choose(self, scores, rows, sampled):
        """A token a row: the likeliest, or, above temperature 0, one by its odds."""
        best = scores.argmax(-1)
        if not sampled:
            return best
        return torch.where(
            self.temperature[rows] > 0,
            draw(scores, self.temperature[rows], self.top_p[rows], self.seed[rows], self.drawn[rows]),
            best,
        )

    def recorded(self, key, step):
        """The step as a CUDA graph, recorded when it is first wanted."""
        graph = self.graphs.get(key)
        if graph is None:
            held = [each.clone() for each in self.state()]
            try:
                graph = record(step, self.pool)
                self.pool = self.pool or graph.pool()
                self.graphs[key] = graph
            except RuntimeError as error:  # Some models wait for the card within a step.
                print(f"steps are not recorded as CUDA graphs: {error}", file=sys.stderr)
                self.records = False
            # The steps above were none of the answers'.
            for each, value in zip(self.state(), held):
                each.copy_(value)
        return step if graph is None else graph.replay

    def size_for(self, count):
        """How many rows a step over so many answers has."""
        if not self.pads:
            return count
        return min(self.count, next((each for each in SIZES if each >= count), count))

    def state(self):
        return self.tokens, self.positions, self.drawn, self.seen


def record(step, pool):
    """A step as a CUDA graph, after the warm-up that recording asks for."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=pool):
        step()
    return graph


def draw(scores, temperature, top_p, seed, drawn):
    """A token a row by its odds, decided by the row's seed and by how many were drawn before."""
    odds, places = torch.softmax(scores / temperature.clamp(min=1e-6)[:, None], -1).sort(
        dim=-1, descending=True
    )
    sums = odds.cumsum(-1)
    odds = odds.masked_fill(sums - odds > top_p[:, None], 0)
    sums = odds.cumsum(-1)
    aim = uniform(seed, drawn)[:, None] * sums[:, -1:]
    # A token without odds is never the one at which the sum passes the aim.
    at = (sums <= aim).sum(-1).clamp(max=scores.shape[-1] - 1)
    last = (odds > 0).sum(-1) - 1
    return places.gather(-1, torch.minimum(at, last)[:, None])[:, 0]


def uniform(seed, drawn):
    """Numbers in [0, 1) out of two whole ones (the finaliser of MurmurHash3, Appleby 2011)."""
    mixed = (seed * 0x9E3779B1 + drawn * 0x85EBCA77 + 0x27D4EB2F) & 0xFFFFFFFF
    for factor, shift in ((0x85EBCA6B, 16), (0xC2B2AE35, 13)):
        mixed = ((mixed ^ (mixed >> shift)) * factor) & 0xFFFFFFFF
    mixed = mixed ^ (mixed >> 16)
    return (mixed >> 8).float() / 2**24
