"""How an answer is written, token by token, and what a guide lets it be; for serve.py.

A guide is a regular expression made of literals, `[^<]+` for free text and `(a|b)` for a choice.
Literals are written as they are, the model fills in free text up to the next `<`, and takes the
alternative that it finds likelier (or, above temperature 0, by their odds). Free text that
max_tokens would cut ends with its last whole sentence.
"""

import re

import torch

FREE_TEXT = "[^<]+"
SPECIAL = set("()|[]{}*+?.^$\\")
ESCAPES = {"n": "\n", "t": "\t"}


class Refused(Exception):
    """A request that cannot be answered: status 400."""


class Free:
    """A place for free text."""


def parse_guide(pattern):
    """A guide as a list of str (literal), Free and tuples of alternatives, each again such a list."""

    def sequence(at, nested):
        parts, literal = [], ""
        while at < len(pattern) and not (nested and pattern[at] in "|)"):
            char = pattern[at]
            if pattern.startswith(FREE_TEXT, at) or char == "(":
                if literal:
                    parts.append(literal)
                    literal = ""
                if char == "(":
                    choice, at = alternatives(at + 1)
                    parts.append(choice)
                else:
                    parts.append(Free())
                    at += len(FREE_TEXT)
            elif char == "\\" and at + 1 < len(pattern):
                following = pattern[at + 1]
                if following.isalnum() and following not in ESCAPES:
                    raise Refused(f"guided_regex: \\{following} is not supported")
                literal += ESCAPES.get(following, following)
                at += 2
            elif char in SPECIAL:
                raise Refused(f"guided_regex: {char!r} at {at} is not supported")
            else:
                literal += char
                at += 1
        if literal:
            parts.append(literal)
        return parts, at

    def alternatives(at):
        if pattern.startswith("?:", at):
            at += 2
        found = []
        while True:
            parts, at = sequence(at, True)
            found.append(parts)
            if at >= len(pattern):
                raise Refused("guided_regex: a group is not closed")
            at += 1
            if pattern[at - 1] == ")":
                return tuple(found), at

    return sequence(0, False)[0]


def head_of(parts):
    head = ""
    for part in parts:
        if not isinstance(part, str):
            break
        head += part
    return head


def longest(part):
    """The most that a part's literals can add."""
    if isinstance(part, str):
        return part
    if isinstance(part, tuple):
        return max(("".join(map(longest, each)) for each in part), key=len)
    return ""


class Vocabulary:
    """What writers need to know of a model's tokens."""

    def __init__(self, tokenizer, model):
        self.tokenizer = tokenizer
        configured = model.generation_config.eos_token_id
        ends = configured if isinstance(configured, list) else [configured]
        self.end_set = {end for end in [*ends, tokenizer.eos_token_id] if end is not None}
        self.ends = sorted(self.end_set)
        size = model.get_input_embeddings().num_embeddings
        vocabulary = tokenizer.get_vocab()
        self.tags = sorted(id for text, id in vocabulary.items() if "<" in text and id < size)
        self.tag_set = set(self.tags)

    def encode(self, text):
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def decode(self, tokens, **options):
        return self.tokenizer.decode(tokens, **options)


class Writer:
    """Writes one answer.

    `steps` is a generator: it yields (dropped, tokens), by which it asks that the last `dropped`
    tokens be forgotten and `tokens` be read, and is sent the scores of the token after them.
    """

    def __init__(self, vocabulary, prompt, options):
        self.vocabulary = vocabulary
        self.prompt = prompt
        self.options = options
        self.written = []
        self.ended = False
        self.random = torch.Generator(device="cpu").manual_seed(options["seed"])
        self.scores = None
        self.dropped = 0

    def steps(self, parts):
        """Writes what `parts` lets through, or, where it is None, free text to its end."""
        yield from self.read(self.prompt)
        if parts is None:
            self.ended = yield from self.free(self.options["max_tokens"], False)
        else:
            yield from self.follow(parts)
            self.ended = True

    @property
    def left(self):
        return self.options["max_tokens"] - len(self.written)

    def read(self, tokens):
        """Takes tokens in; afterwards `scores` are those of the next one."""
        dropped, self.dropped = self.dropped, 0
        self.scores = yield dropped, tokens

    def write(self, tokens):
        yield from self.read(tokens)
        self.written.extend(tokens)

    def peek(self, tokens):
        """Scores after some more tokens, which are not kept."""
        if not tokens:
            return self.scores
        dropped, self.dropped = self.dropped, len(tokens)
        return (yield dropped, tokens)

    def pick(self, scores):
        temperature = self.options["temperature"]
        if temperature <= 0:
            return int(scores.argmax())
        odds = torch.softmax(scores / temperature, -1).cpu()
        top_p = self.options["top_p"]
        if top_p < 1:
            ordered, places = odds.sort(descending=True)
            beyond = ordered.cumsum(-1) - ordered > top_p
            odds[places[beyond]] = 0
        return int(torch.multinomial(odds, 1, generator=self.random))

    def free(self, limit, stops_at_tag):
        """Writes free text of `limit` tokens at most; True where it came to its own end."""
        vocabulary, penalty = self.vocabulary, self.options["repetition_penalty"]
        own, before, tokens = set(), len(self.written), []
        while len(tokens) < limit:
            scores = self.scores.clone()
            if penalty != 1 and own:
                seen = torch.tensor(sorted(own), device=scores.device)
                scores[seen] = torch.where(
                    scores[seen] > 0, scores[seen] / penalty, scores[seen] * penalty
                )
            if stops_at_tag and not tokens:
                # At least one character stands in a place for free text.
                scores[vocabulary.ends] = -torch.inf
                scores[vocabulary.tags] = -torch.inf
            token = self.pick(scores)
            if token in vocabulary.end_set or (stops_at_tag and token in vocabulary.tag_set):
                return True
            own.add(token)
            tokens.append(token)
            yield from self.write([token])
        if stops_at_tag:
            yield from self.cut_after_sentence(before, tokens)
        return False

    def cut_after_sentence(self, before, tokens):
        for length in range(len(tokens), 0, -1):
            text = self.vocabulary.decode(tokens[:length])
            if not re.search(r"[^\W\d][\"')\]]*[.!?][\"')\]]*\s*$", text):
                continue
            if length < len(tokens):
                # The last kept token is read once more, for the scores after it.
                self.dropped += len(tokens) - length + 1
                del self.written[before + length - 1 :]
                yield from self.write([tokens[length - 1]])
            return

    def choose(self, alternatives):
        """The alternative whose text, up to its first free place, is likelier where they part."""
        heads = [self.vocabulary.encode(head_of(parts)) for parts in alternatives]
        open_, depth = list(range(len(heads))), 0
        while True:
            following = {}
            for place in open_:
                token = heads[place][depth] if depth < len(heads[place]) else None
                following.setdefault(token, []).append(place)
            if len(following) == 1 and None not in following:
                if len(open_) == 1:
                    return open_[0]
            elif None in following or len(open_) == 1:
                return (following.get(None) or open_)[0]
            tokens = sorted(following)
            if len(tokens) > 1:
                scores = yield from self.peek(heads[open_[0]][:depth])
                masked = torch.full_like(scores, -torch.inf)
                masked[tokens] = scores[tokens]
                open_ = following[self.pick(masked)]
            if len(open_) == 1:
                return open_[0]
            depth += 1

    def follow(self, parts):
        for place, part in enumerate(parts):
            if isinstance(part, str):
                tokens = self.vocabulary.encode(part)
                if tokens:
                    yield from self.write(tokens)
            elif isinstance(part, tuple):
                chosen = yield from self.choose(part)
                yield from self.follow(part[chosen])
            else:
                rest = self.vocabulary.encode("".join(map(longest, parts[place + 1 :])))
                yield from self.free(max(1, self.left - len(rest)), True)
