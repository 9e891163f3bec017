"""The model's memory of what it has read (keys and values), a slot for each answer that grows; for slots.py.

A slot is a row of one cache a layer, a column for each token. Which columns a query may look at
follows from the position of its token alone, so rows of all lengths share a step. What does not
count (the padding of short prompts, rows without an answer) is written to a last column that
nothing looks at.
"""

import torch
from transformers import AttentionInterface, Cache
from transformers.integrations.sdpa_attention import sdpa_attention_forward


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
